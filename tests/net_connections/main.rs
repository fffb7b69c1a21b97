//! The network room against real servers on the loopback interface.

#[cfg(test)]
mod closing;
#[cfg(test)]
mod compression;
#[cfg(test)]
mod cookies;
mod echo;
#[cfg(test)]
mod failing;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod heartbeat;
#[cfg(test)]
mod pressure;
#[cfg(test)]
mod refusals;
#[cfg(feature = "ring")]
#[cfg(test)]
mod tls;

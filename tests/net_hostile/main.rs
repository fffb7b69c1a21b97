//! Servers that misbehave on purpose: what the wire, the events, script and memory show of it.
#![cfg(feature = "net")]

#[cfg(feature = "ring")]
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod chaos;
#[cfg(test)]
mod cuts;
#[cfg(test)]
mod floods;
#[cfg(test)]
mod frames;
#[cfg(test)]
#[allow(
    dead_code,
    reason = "shared with net_connections, which uses more of it"
)]
#[path = "../net_connections/harness.rs"]
mod harness;
#[cfg(test)]
mod heads;
#[cfg(target_os = "linux")]
#[cfg(test)]
mod memory;
#[cfg(test)]
mod order;
#[cfg(test)]
mod random;
#[cfg(test)]
mod script;
#[cfg(feature = "ring")]
#[cfg(test)]
mod tls;
#[cfg(test)]
mod wire;

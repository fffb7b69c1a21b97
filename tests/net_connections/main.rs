//! The network room against real servers on the loopback interface.
#![cfg(feature = "net")]

#[cfg(test)]
mod closing;
#[cfg(test)]
mod compression;
#[cfg(test)]
mod cookies;
#[cfg(target_os = "linux")]
#[cfg(test)]
mod dead_address;
#[cfg(test)]
mod dialer;
mod echo;
#[cfg(test)]
mod failing;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod heartbeat;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod pressure;
#[cfg(test)]
mod proxies;
#[cfg(test)]
#[path = "../proxy_server/mod.rs"]
mod proxy_server;
#[cfg(target_os = "linux")]
#[cfg(test)]
mod racing;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod resolver;
#[cfg(feature = "ring")]
#[cfg(test)]
mod tls;
#[cfg(feature = "ring")]
#[cfg(test)]
mod tls_options;
#[cfg(unix)]
#[cfg(test)]
mod unix;

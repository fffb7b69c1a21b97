//! The network room against real servers on the loopback interface.

mod closing;
mod echo;
mod harness;
mod pressure;
mod refusals;
mod tls;

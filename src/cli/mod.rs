//! The host binary `boaws`: what its commands do, usable as a library by tests and examples.

pub mod serve;

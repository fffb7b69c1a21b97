//! What the binary is made of. Crates do not tell their versions and there is no build script, so they stand here; a test
//! compares them with `Cargo.lock`.

macro_rules! boa {
    () => {
        "0.22.0"
    };
}

macro_rules! rustls {
    () => {
        "0.23.46"
    };
}

#[cfg(feature = "aws-lc-rs")]
macro_rules! provider {
    () => {
        "aws-lc-rs 1.19.0"
    };
}

#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
macro_rules! provider {
    () => {
        "ring 0.17.14"
    };
}

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
macro_rules! provider {
    () => {
        "no TLS provider"
    };
}

macro_rules! tungstenite {
    () => {
        "0.30.0"
    };
}

/// This one.
pub(super) const BOAWS: &str = env!("CARGO_PKG_VERSION");

/// The engine.
pub(super) const BOA: &str = boa!();

/// TLS, and the crate that does its cryptography.
pub(super) const TLS: &str = concat!("rustls ", rustls!(), " with ", provider!());

/// For `--version`; `-V` has the first line.
pub(super) const LONG: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nBoa ",
    boa!(),
    "\nrustls ",
    rustls!(),
    " with ",
    provider!(),
    "\ntungstenite ",
    tungstenite!()
);

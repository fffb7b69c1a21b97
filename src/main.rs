//! `boaws`.
fn main() {}

//! How `boaws` is linked.
//!
//! A program that may be loaded anywhere has its addresses filled in when it starts: of `boaws` 44,000, nearly all of them in
//! the tables of the engine. As `DT_RELR` (<https://gabi.xinuos.com/elf/06-reloc.html>) they
//! take 11 KB of the file instead of 1 MiB, which need not be read then. The C library has to know the form: glibc does since 2.36.

use std::{env, process::Command};

/// The first glibc that loads programs with `DT_RELR`.
const GLIBC: (u32, u32) = (2, 36);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let linux = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    // Of another machine's C library nothing is known.
    let own = env::var("HOST").is_ok_and(|host| is("TARGET", &host));
    if linux && own && glibc().is_some_and(|version| version >= GLIBC) {
        // A linker that does not know it says so and goes on.
        println!("cargo::rustc-link-arg-bin=boaws=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of this machine's glibc, as `getconf` has it: "glibc 2.36".
fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf")
        .arg("GNU_LIBC_VERSION")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, rest) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    let minor = rest.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

//! How `boaws` is linked.
//!
//! A program is read from its file by the page, when it first comes there. Two things are therefore arranged, on Linux and
//! only where they can be had, the first in release builds; a program without them does the same, but starts slower and larger.
//!
//! * The functions that a start and the usual work go through (`benches/order.txt`) lie side by side, and not among the
//!   two thirds that are seldom needed: four MiB are mapped, and not eight.
//! * A program that may be loaded anywhere has its addresses filled in when it starts: of `boaws` 44,000, nearly all of them in
//!   the tables of the engine. As `DT_RELR` (<https://gabi.xinuos.com/elf/06-reloc.html>) they
//!   take 11 KB of the file instead of 1 MiB, which need not be read then. The C library has to know the form: glibc does since 2.36.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Functions' names, written by `benches/order.sh`.
const ORDER: &str = "benches/order.txt";

/// The first glibc that loads programs with `DT_RELR`.
const GLIBC: (u32, u32) = (2, 36);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={ORDER}");
    if !is("CARGO_CFG_TARGET_OS", "linux") {
        return;
    }
    // Of another machine's C library nothing is known.
    let own = env::var("HOST").is_ok_and(|host| is("TARGET", &host));
    if own && is("CARGO_CFG_TARGET_ENV", "gnu") && glibc().is_some_and(|version| version >= GLIBC) {
        // A linker that does not know it says so and goes on.
        println!("cargo::rustc-link-arg-bin=boaws=-Wl,-z,pack-relative-relocs");
    }
    if is("PROFILE", "release")
        && is("CARGO_FEATURE_CLI", "1")
        && let Some(argument) = order()
    {
        println!("cargo::rustc-link-arg-bin=boaws={argument}");
    }
}

fn is(name: &str, value: &str) -> bool {
    env::var(name).is_ok_and(|found| found == value)
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

/// The compiler's flags, as the user has given them.
fn flags() -> Vec<String> {
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let flags = flags.split('\x1f').filter(|flag| !flag.is_empty());
    flags.map(str::to_owned).collect()
}

/// What tells the linker the order, if it is one that can be told.
fn order() -> Option<String> {
    let out = PathBuf::from(env::var_os("OUT_DIR")?);
    let script = out.join("order.ld");
    let flags = flags();
    // Sections of other names are for what a profile says is hot, and what it or the source says is cold: the source means
    // "rarely", a profile "never".
    let kind = if flags.iter().any(|flag| flag.contains("profile-use")) {
        "hot"
    } else {
        "unlikely"
    };
    let sections = fs::read_to_string(ORDER)
        .ok()?
        .lines()
        .map(|name| format!("*(.text.{name} .text.{kind}.{name})\n"))
        .collect::<String>();
    // With INSERT it adds to what the linker does by itself (https://sourceware.org/binutils/docs/ld/Miscellaneous-Commands.html).
    let text = format!("SECTIONS {{ .text.first : {{\n{sections}}} }}\nINSERT BEFORE .text;\n");
    fs::write(&script, text).ok()?;
    let argument = format!("-Wl,-T,{}", script.to_str()?);
    links(&out, &argument, &flags).then_some(argument)
}

/// Whether a program is linked with this argument: some linkers (mold, gold) do not know such scripts, and would fail.
fn links(out: &Path, argument: &str, flags: &[String]) -> bool {
    let source = out.join("empty.rs");
    if fs::write(&source, "fn main() {}").is_err() {
        return false;
    }
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc
        .arg(source)
        .arg("-o")
        .arg(out.join("empty"))
        .args(["-C", &format!("link-arg={argument}")]);
    if let Ok(target) = env::var("TARGET") {
        rustc.args(["--target", &target]);
    }
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        rustc.args(["-C", &format!("linker={linker}")]);
    }
    rustc.args(flags);
    let status = rustc.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

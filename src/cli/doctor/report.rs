//! What was found, as text and as JSON.

use std::{env, fmt::Write as _};

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::{
    facts::{Facts, VERSIONS},
    milliseconds,
    probe::{Failure, Probe},
};
use crate::cli::{certificates::Summary, verbose::HINT};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const TITLE: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// How a step that worked is marked, and one that did not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    good: &'static str,
    bad: &'static str,
}

impl Marks {
    const UNICODE: Self = Self {
        good: "✓",
        bad: "✗",
    };
    const ASCII: Self = Self {
        good: "+",
        bad: "!",
    };

    /// ASCII where the locale says that the terminal knows nothing else.
    pub(super) fn of_the_terminal() -> Self {
        Self::of(|name| env::var(name).ok())
    }

    fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        if cfg!(windows) {
            return Self::UNICODE;
        }
        let mut names = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter();
        let locale = names.find_map(|name| variable(name).filter(|value| !value.is_empty()));
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        match locale.contains("utf-8") || locale.contains("utf8") {
            true => Self::UNICODE,
            false => Self::ASCII,
        }
    }
}

/// What is known without a connection, without the last line's end.
pub(super) fn facts(facts: &Facts) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = match name.is_empty() {
            true => writeln!(text, "{TITLE}{value}{TITLE:#}"),
            false => writeln!(text, "  {name:<14} {value}"),
        };
    };
    line("", "This build");
    for (name, version) in VERSIONS {
        line(name, version);
    }
    line("TLS versions", &facts.tls_versions.join(", "));
    line("system", &facts.system);
    line("compression", &facts.compression);
    line("features", &facts.features.join(", "));
    if let Some(files) = facts.open_files {
        line("open files", &format!("at most {files}"));
    }
    line("", "\nTrusted certificates");
    for roots in &facts.roots {
        let count = match roots.count {
            Some(count) => count.to_string(),
            None => roots.note.to_owned(),
        };
        line(&count, &roots.from);
    }
    line("", "\nProxies");
    for proxy in &facts.proxies {
        let used = proxy.proxy.as_deref().unwrap_or("none");
        line(proxy.what, &format!("{used} ({})", proxy.why));
    }
    text.trim_end().to_owned()
}

/// How a connection went, without the last line's end.
pub(super) fn probe(probe: &Probe, marks: Marks) -> String {
    let mut text = String::new();
    for warning in &probe.warnings {
        let _ = writeln!(text, "  {BAD}warning: {warning}{BAD:#}");
    }
    for step in &probe.steps {
        let (style, mark) = match step.done {
            true => (GOOD, marks.good),
            false => (BAD, marks.bad),
        };
        let (name, took) = (step.name, milliseconds(step.took));
        let _ = writeln!(
            text,
            "  {style}{mark}{style:#} {name:<8} {took:>8.1} ms  {}",
            step.text
        );
        for line in &step.lines {
            let _ = writeln!(text, "{:26}{DIM}{line}{DIM:#}", "");
        }
    }
    match &probe.failure {
        None => text.push_str("The connection works."),
        Some(failure) => failed(failure, &mut text),
    }
    text
}

fn failed(failure: &Failure, text: &mut String) {
    for (number, one) in failure.certificates.iter().enumerate() {
        let Summary {
            subject,
            issuer,
            first_day,
            last_day,
            ..
        } = one;
        let _ = writeln!(text, "  certificate {}: {subject}", number + 1);
        if !one.names.is_empty() {
            let _ = writeln!(text, "    for       {}", one.all_names());
        }
        let _ = writeln!(
            text,
            "    signed by {}",
            if one.self_signed { "itself" } else { issuer }
        );
        let _ = writeln!(text, "    valid     {first_day} to {last_day}");
    }
    let _ = write!(text, "The connection failed: {}", failure.cause);
    if let Some(hint) = &failure.hint {
        let _ = write!(text, "\n{HINT}hint:{HINT:#} {hint}");
    }
}

/// Everything, for programs.
pub(super) fn json(facts: &Facts, probe: Option<&Probe>) -> Value {
    let versions: serde_json::Map<_, _> = VERSIONS
        .iter()
        .map(|(name, version)| (name.to_lowercase(), json!(version)))
        .collect();
    let roots: Vec<_> = facts
        .roots
        .iter()
        .map(|roots| json!({ "from": roots.from, "certificates": roots.count }))
        .collect();
    let proxies: Vec<_> = facts
        .proxies
        .iter()
        .map(|proxy| json!({ "for": proxy.what, "proxy": proxy.proxy, "why": proxy.why }))
        .collect();
    json!({
        "versions": versions,
        "tls_versions": facts.tls_versions,
        "system": facts.system,
        "compression": facts.compression,
        "features": facts.features,
        "open_files": facts.open_files,
        "roots": roots,
        "proxies": proxies,
        "connection": probe.map(connection),
    })
}

fn connection(probe: &Probe) -> Value {
    let steps: Vec<_> = probe
        .steps
        .iter()
        .map(|step| {
            json!({
                "step": step.name,
                "ok": step.done,
                "ms": milliseconds(step.took),
                "text": step.text,
                "lines": step.lines,
            })
        })
        .collect();
    let failure = probe.failure.as_ref();
    let certificates = failure.map_or(&[][..], |failure| &failure.certificates);
    let certificates: Vec<_> = certificates
        .iter()
        .map(|one| {
            json!({
                "subject": one.subject,
                "issuer": one.issuer,
                "names": one.names,
                "first_day": one.first_day,
                "last_day": one.last_day,
                "self_signed": one.self_signed,
            })
        })
        .collect();
    json!({
        "url": probe.url,
        "ok": probe.works(),
        "steps": steps,
        "warnings": probe.warnings,
        "error": failure.map(|failure| &failure.cause),
        "hint": failure.and_then(|failure| failure.hint.as_ref()),
        "certificates": certificates,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_decides_about_the_marks() {
        let marks = |set: &[(&str, &str)]| {
            let variable = |name: &str| {
                let found = set.iter().find(|(variable, _)| *variable == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            Marks::of(variable).good
        };
        for (set, expected) in [
            (&[][..], "+"),
            (&[("LANG", "de_DE.UTF-8")], "✓"),
            (&[("LANG", "C.utf8")], "✓"),
            (&[("LANG", "C")], "+"),
            (&[("LC_ALL", "C"), ("LANG", "C.UTF-8")], "+"),
            (&[("LC_ALL", ""), ("LC_CTYPE", "C.UTF-8")], "✓"),
        ] {
            if !cfg!(windows) {
                assert_eq!(marks(set), expected, "{set:?}");
            }
        }
    }
}

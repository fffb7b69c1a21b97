//! The house rules that a machine can check: a room imports only rooms below it, Boa and the network stay on
//! their own sides, and no file grows past reading.
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::{fs, path::Path};

/// Rooms and the rooms they may import, from the ground up.
const ROOMS: [(&str, &[&str]); 13] = [
    ("protocol", &[]),
    ("net", &["protocol"]),
    ("event_loop", &[]),
    ("webidl", &["event_loop"]),
    ("dom", &["event_loop", "webidl"]),
    ("html", &["event_loop", "webidl", "dom"]),
    ("file", &["event_loop", "webidl", "dom"]),
    ("web", &["event_loop", "webidl"]),
    ("events", &["event_loop", "webidl", "dom", "html", "file"]),
    (
        "websocket",
        &[
            "protocol",
            "net",
            "event_loop",
            "webidl",
            "dom",
            "html",
            "file",
        ],
    ),
    (
        "extension",
        &[
            "protocol",
            "net",
            "event_loop",
            "webidl",
            "dom",
            "html",
            "file",
            "events",
            "websocket",
        ],
    ),
    ("testing", &["net", "event_loop"]),
    (
        "cli",
        &[
            "protocol",
            "net",
            "event_loop",
            "webidl",
            "dom",
            "html",
            "file",
            "web",
            "events",
            "websocket",
            "extension",
        ],
    ),
];

/// Macros with `#[macro_export]`, which stand at the crate's root, and the rooms they live in.
const EXPORTED_MACROS: [(&str, &str); 1] = [("event_handler_attribute", "dom")];

/// Rooms in which nothing of Boa may be named.
const WITHOUT_BOA: [&str; 2] = ["protocol", "net"];

/// Rooms in which nothing of the network may be named, and the crates that are the network.
const WITHOUT_NETWORK: [&str; 7] = [
    "event_loop",
    "webidl",
    "dom",
    "html",
    "file",
    "web",
    "events",
];
const NETWORK_CRATES: [&str; 5] = ["tungstenite", "rustls", "mio", "httparse", "webpki_roots"];

/// Lines a source file may have.
const MAX_LINES: usize = 550;

/// Replaces comments and the insides of literals by spaces, so that only code is left, on the lines it was on.
fn code_of(source: &str) -> String {
    let chars = source.chars().collect::<Vec<_>>();
    let mut code = String::with_capacity(source.len());
    let mut at = 0;
    let blank = |code: &mut String, from: usize, to: usize| {
        for &c in &chars[from..to.min(chars.len())] {
            code.push(if c == '\n' { '\n' } else { ' ' });
        }
    };
    while at < chars.len() {
        let rest = &chars[at..];
        let word_before = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
        let end = match rest {
            ['/', '/', ..] => at + rest.iter().position(|&c| c == '\n').unwrap_or(rest.len()),
            ['/', '*', ..] => {
                // They nest.
                let (mut depth, mut i) = (0_usize, at);
                loop {
                    match &chars[i.min(chars.len())..] {
                        ['/', '*', ..] => (depth, i) = (depth + 1, i + 2),
                        ['*', '/', ..] => (depth, i) = (depth - 1, i + 2),
                        [] => break,
                        _ => i += 1,
                    }
                    if depth == 0 {
                        break;
                    }
                }
                i
            }
            ['r', '"' | '#', ..] if !word_before && is_raw_string(&rest[1..]) => {
                end_of_raw_string(&chars, at + 1)
            }
            ['b', 'r', '"' | '#', ..] if !word_before && is_raw_string(&rest[2..]) => {
                end_of_raw_string(&chars, at + 2)
            }
            ['"', ..] => end_of_quoted(&chars, at, '"'),
            // A character, not a lifetime.
            ['\'', '\\', ..] | ['\'', _, '\'', ..] => end_of_quoted(&chars, at, '\''),
            [c, ..] => {
                code.push(*c);
                at += 1;
                continue;
            }
            [] => break,
        };
        blank(&mut code, at, end);
        at = end.min(chars.len());
    }
    code
}

fn is_raw_string(after_r: &[char]) -> bool {
    after_r.iter().find(|&&c| c != '#') == Some(&'"')
}

fn end_of_raw_string(chars: &[char], hashes_at: usize) -> usize {
    let hashes = chars[hashes_at..].iter().take_while(|&&c| c == '#').count();
    let mut at = hashes_at + hashes + 1;
    while at < chars.len() {
        at += 1;
        if chars[at - 1] == '"' && chars[at..].iter().take_while(|&&c| c == '#').count() >= hashes {
            return at + hashes;
        }
    }
    at
}

fn end_of_quoted(chars: &[char], start: usize, quote: char) -> usize {
    let mut at = start + 1;
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// An identifier, or one other character.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Token<'a> {
    Word(&'a str),
    Path,
    Mark(char),
}

/// The tokens of code, each with its line.
fn tokens(code: &str) -> Vec<(usize, Token<'_>)> {
    let mut tokens = Vec::new();
    for (line, text) in code.lines().enumerate() {
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if first.is_alphanumeric() || first == '_' {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            let (token, after) = rest.split_at(length);
            tokens.push((
                line + 1,
                match token {
                    "::" => Token::Path,
                    _ if first.is_alphanumeric() || first == '_' => Token::Word(token),
                    _ => Token::Mark(first),
                },
            ));
            rest = after.trim_start();
        }
    }
    tokens
}

/// The names that stand right after a `…::` at `at`: one, or the heads of a `{group}`.
fn heads<'a>(tokens: &[(usize, Token<'a>)], at: usize) -> Vec<(usize, &'a str)> {
    match tokens.get(at) {
        Some(&(line, Token::Word(word))) => vec![(line, word)],
        Some(&(line, Token::Mark('*'))) => vec![(line, "*")],
        Some((_, Token::Mark('{'))) => {
            let mut found = Vec::new();
            let (mut depth, mut head) = (1_usize, true);
            for &(line, token) in &tokens[at + 1..] {
                match token {
                    Token::Mark('{') => depth += 1,
                    Token::Mark('}') => depth -= 1,
                    Token::Mark(',') if depth == 1 => head = true,
                    Token::Word(word) if depth == 1 && head => {
                        found.push((line, word));
                        head = false;
                    }
                    Token::Mark('*') if depth == 1 && head => found.push((line, "*")),
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
            found
        }
        _ => Vec::new(),
    }
}

/// What is wrong with one source file; `path` is relative to `src/`, with `/`.
fn violations(path: &str, source: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let lines = source.lines().count();
    if lines > MAX_LINES {
        wrong.push(format!("{path}: {lines} lines, more than {MAX_LINES}"));
    }
    let room = path
        .split('/')
        .next()
        .unwrap_or_default()
        .trim_end_matches(".rs");
    // The crate's root and the binary stand above all rooms.
    if matches!(room, "lib" | "main") {
        return wrong;
    }
    let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        wrong.push(format!("{path}: `{room}` is no room of the house"));
        return wrong;
    };
    let is_room = |name: &str| ROOMS.iter().any(|(room, _)| *room == name);

    let code = code_of(source);
    let tokens = tokens(&code);
    // How many `super`s lead from the file's own module to the crate's root.
    let depth = path.split('/').count() - usize::from(path.ends_with("/mod.rs"));
    for (at, &(line, token)) in tokens.iter().enumerate() {
        let Token::Word(word) = token else { continue };
        let is_path = matches!(tokens.get(at + 1), Some((_, Token::Path)));
        let after_path = at > 0 && tokens[at - 1].1 == Token::Path;
        if word == "crate" && is_path && !after_path {
            for (line, head) in heads(&tokens, at + 2) {
                let head = EXPORTED_MACROS
                    .iter()
                    .find(|(name, _)| *name == head)
                    .map_or(head, |(_, room)| room);
                // The topmost room may take the crate's public face.
                let public_face = room == "cli" && !is_room(head);
                if head == room || allowed.contains(&head) || public_face {
                    continue;
                }
                wrong.push(if is_room(head) {
                    format!("{path}:{line}: `{room}` may not import `{head}`")
                } else {
                    format!("{path}:{line}: `crate::{head}` is no room; name the room it lives in")
                });
            }
        }
        // `super::super::net` gets to the same place.
        if word == "super" && is_path && !after_path {
            let mut end = at;
            while tokens.get(end).map(|t| t.1) == Some(Token::Word("super"))
                && tokens.get(end + 1).map(|t| t.1) == Some(Token::Path)
            {
                end += 2;
            }
            if (end - at) / 2 >= depth {
                for (line, head) in heads(&tokens, end) {
                    if is_room(head) && head != room && !allowed.contains(&head) {
                        wrong.push(format!("{path}:{line}: `{room}` may not import `{head}`"));
                    }
                }
            }
        }
        if WITHOUT_BOA.contains(&room) && word.starts_with("boa_") {
            wrong.push(format!(
                "{path}:{line}: `{room}` knows nothing of Boa, but names `{word}`"
            ));
        }
        if WITHOUT_NETWORK.contains(&room) && NETWORK_CRATES.contains(&word) && is_path {
            wrong.push(format!(
                "{path}:{line}: `{room}` knows nothing of the network, but names `{word}`"
            ));
        }
    }
    wrong
}

/// Every Rust file under `directory`, as a path relative to `src/` and its text.
fn sources(directory: &Path, prefix: &str, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            sources(&entry.path(), &format!("{path}/"), found);
        } else if path.ends_with(".rs") {
            found.push((path, fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

#[test]
fn every_file_keeps_to_its_room() {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        "",
        &mut files,
    );
    assert!(files.len() > 10, "only {} files were read", files.len());
    let wrong = files
        .iter()
        .flat_map(|(path, source)| violations(path, source))
        .collect::<Vec<_>>();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn upward_and_sideways_imports_are_found() {
    for (path, source) in [
        ("protocol/mod.rs", "use crate::net::Error;"),
        ("net/mod.rs", "use crate::event_loop::EventLoop;"),
        ("event_loop/mod.rs", "use crate::webidl::Interface;"),
        ("event_loop/timers.rs", "use crate::webidl;"),
        ("webidl/mod.rs", "fn f() { crate::dom::dispatch() }"),
        ("web/crypto.rs", "use crate::dom;"),
        (
            "dom/event.rs",
            "use crate::{\n    event_loop::report_exception,\n    html::{self, a},\n};",
        ),
        ("html/mod.rs", "use crate::file::Blob;"),
        ("file/mod.rs", "use crate::html::MessageEvent;"),
        ("dom/mod.rs", "pub use crate::net::Network;"),
        ("file/blob.rs", "use crate::net;"),
        ("websocket/mod.rs", "use crate::extension::Options;"),
        ("extension.rs", "use crate::cli::run;"),
        ("websocket/a/b.rs", "use crate :: cli :: run;"),
        ("protocol/mod.rs", "use super::net;"),
        ("protocol/a.rs", "use super::super::{net::Error, protocol};"),
        (
            "protocol/a/b.rs",
            "type A = super::super::super::net::Error;",
        ),
        ("dom/mod.rs", "use crate::WebSocketExtension;"),
        ("dom/mod.rs", "use crate::*;"),
        ("webidl/mod.rs", "use crate::event_handler_attribute;"),
        ("html/mod.rs", "crate::unlisted_macro!()"),
        ("dom/mod.rs", "let c = '\"'; use crate::html; let d = '\"';"),
        ("dom/mod.rs", "fn f<'a>(a: &'a str) { crate::html::g(a) }"),
        ("dom/mod.rs", "/* a /* b */ */ use crate::html; // c"),
        (
            "dom/mod.rs",
            "let s = r#\"\"\"#; use crate::html; let t = \"\";",
        ),
        ("dom/mod.rs", "let s = \"\\\"\"; use crate::html;"),
        ("net/mod.rs", "use boa_engine::Context;"),
        ("protocol/mod.rs", "fn f() { boa_gc::force_collect() }"),
        ("dom/mod.rs", "use tungstenite::Bytes;"),
        ("event_loop/mod.rs", "use mio::Waker;"),
        ("misc/mod.rs", ""),
    ] {
        assert_eq!(
            violations(path, source).len(),
            1,
            "{path}: {source}: {:?}",
            violations(path, source)
        );
    }
    let long = "\n".repeat(MAX_LINES);
    assert!(violations("lib.rs", &long).is_empty());
    assert_eq!(violations("lib.rs", &(long + "\n")).len(), 1);
}

#[test]
fn what_is_allowed_is_let_through() {
    for (path, source) in [
        (
            "lib.rs",
            "pub use crate::extension::X; use boa_engine::Context; use mio::Poll;",
        ),
        ("main.rs", "fn main() { boa_websocket::cli::main() }"),
        (
            "net/mod.rs",
            "use crate::protocol::{Binary, Connection}; use mio::Poll;",
        ),
        (
            "net/thread/a.rs",
            "use crate::net::Error; use super::super::Options; use super::b;",
        ),
        (
            "dom/event.rs",
            "use crate::{event_loop::{self, x}, webidl::y, dom};",
        ),
        (
            "websocket/mod.rs",
            "use crate::{net::SocketId, protocol::Binary, html::m, file::b}; use boa_engine::X;",
        ),
        ("extension.rs", "use crate::websocket::WEB_SOCKET;"),
        ("cli/run.rs", "use crate::{EventLoop, extension::E};"),
        (
            "protocol/mod.rs",
            "//! Like [`crate::net`] and boa_engine.\n/* use crate::net; */ // crate::net",
        ),
        (
            "protocol/mod.rs",
            "const A: &str = \"use crate::net; boa_engine\"; const B: &str = r#\"crate::net \"boa_gc\" \"#;",
        ),
        (
            "protocol/mod.rs",
            "mod tests { use super::*; fn f() { super::net_like() } }",
        ),
        (
            "dom/mod.rs",
            "use crate::dom::event; let mio = 1; pub(crate) fn f() {} pub(in crate::dom) fn g() {}",
        ),
        (
            "websocket/mod.rs",
            "crate::event_handler_attribute!(\"onopen\")",
        ),
        (
            "html/mod.rs",
            "use crate::{event_handler_attribute, dom::x};",
        ),
    ] {
        assert_eq!(
            violations(path, source),
            Vec::<String>::new(),
            "{path}: {source}"
        );
    }
}

//! The calls of `importScripts()` that a worker's script begins with.
//!
//! They are made before the rest is compiled, because Boa does not let code see the global `const`s and `let`s of scripts that
//! are compiled after it. Nothing comes before them, so the order in which things happen is the script's own.

/// The URLs that such calls name, in order, and the length in bytes of all that is before the first other statement.
pub(super) fn leading_imports(script: &str) -> (Vec<&str>, usize) {
    let mut urls = Vec::new();
    let mut rest = script;
    loop {
        let next = skip_blanks(rest);
        let Some((found, after)) = call(next) else {
            return (urls, script.len() - rest.len());
        };
        urls.extend(found);
        rest = after;
    }
}

/// `importScripts("a", 'b');`: the strings, which hold no escapes, and what follows.
fn call(text: &str) -> Option<(Vec<&str>, &str)> {
    let mut urls = Vec::new();
    let mut rest = skip_blanks(skip_blanks(text.strip_prefix("importScripts")?).strip_prefix('(')?);
    loop {
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (url, after) = rest[1..].split_once(quote)?;
        if url.contains(['\\', '\n']) {
            return None;
        }
        urls.push(url);
        rest = skip_blanks(after);
        match rest.strip_prefix(',') {
            Some(more) => rest = skip_blanks(more),
            None => break,
        }
    }
    // Without its semicolon the statement could go on in the next line.
    let rest = skip_blanks(rest.strip_prefix(')')?).strip_prefix(';')?;
    Some((urls, rest))
}

/// White space and comments.
fn skip_blanks(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        text = if let Some(comment) = text.strip_prefix("//") {
            comment.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(comment) = text.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, after)| after)
        } else {
            return text;
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leading_calls_are_found_and_nothing_behind_them() {
        let script = "// a\nimportScripts('a.js', \"b.js\" ) ; /* b */\nimportScripts('c.js');\nlet d;\nimportScripts('e.js');";
        let (urls, length) = leading_imports(script);
        assert_eq!(urls, ["a.js", "b.js", "c.js"]);
        assert!(script[length..].trim_start().starts_with("let d;"));
    }

    #[test]
    fn what_is_no_plain_call_stays() {
        for script in [
            "",
            "let a; importScripts('a.js');",
            "importScripts(name);",
            "importScripts('a' + 'b');",
            "importScripts('a.js')\n.b;",
            "importScripts('\\x61');",
            "importScripts();",
            "importScriptsX('a');",
            "importScripts('a.js'",
            "/* importScripts('a.js');",
        ] {
            assert_eq!(leading_imports(script), (Vec::new(), 0), "{script}");
        }
    }
}

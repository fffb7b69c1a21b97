//! What was typed, made ready to be evaluated.

use boa_engine::{
    Source,
    ast::{
        self,
        function::FunctionBody,
        operations::{ContainsSymbol, contains, lexically_declared_names},
    },
    interner::{Interner, Sym},
    parser::{Error, Parser, lexer},
};

use super::{
    syntax,
    top_level_await::{self, Rewritten},
};

/// Deeper text is left to the engine: an editor need not know whether it goes on.
const MAX_DEPTH: usize = 1_000;

/// Something to evaluate.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Prepared {
    /// As a script. What cannot be parsed is one too: evaluating it says what is wrong.
    Script {
        text: String,
        /// The names that it declares with `let`, `const` and `class`.
        names: Vec<String>,
    },
    /// It awaits something.
    Awaiting(Rewritten),
}

/// Whether the text is the beginning of something, so that another line is wanted.
pub(super) fn is_unfinished(text: &str) -> bool {
    let scan = syntax::scan(text);
    if scan.open {
        return true;
    }
    if scan.depth > MAX_DEPTH {
        return false;
    }
    let interner = &mut Interner::default();
    let Err(error) = parse_script(text, interner) else {
        return false;
    };
    let error = match has_await(text) {
        true => match parse_async(text, interner) {
            Ok(_) => return false,
            Err(error) => error,
        },
        false => error,
    };
    matches!(error, Error::AbruptEnd) || is_lexed_to_the_end(&error, text)
}

/// The lexer tells a comment that is not closed with a kind of its own; those were seen above.
fn is_lexed_to_the_end(error: &Error, text: &str) -> bool {
    matches!(error, Error::Lex { err: lexer::Error::Syntax(why, _) } if why.contains("multiline comment"))
        && syntax::scan(text).open
}

/// Finds out how the text is to be evaluated.
pub(super) fn prepare(text: &str) -> Prepared {
    // What looks like a block is more likely meant as an object.
    let trimmed = text.trim();
    if trimmed.starts_with('{') && !trimmed.ends_with(';') {
        let object = format!("({trimmed}\n)");
        if let Some(prepared) = prepare_as(&object) {
            return prepared;
        }
    }
    prepare_as(text).unwrap_or_else(|| Prepared::Script {
        text: text.to_owned(),
        names: Vec::new(),
    })
}

/// Whether it begins with an import declaration.
pub(super) fn starts_with_import(text: &str) -> bool {
    let tokens = syntax::scan(text).tokens;
    let mut tokens = tokens
        .iter()
        .filter(|token| token.kind != syntax::Kind::Comment);
    tokens
        .next()
        .is_some_and(|first| first.is_word(text, "import"))
        && tokens
            .next()
            .is_some_and(|next| !next.is(text, "(") && !next.is(text, "."))
}

/// Nothing if it cannot be parsed.
fn prepare_as(text: &str) -> Option<Prepared> {
    let interner = &mut Interner::default();
    let script = parse_script(text, interner).ok();
    if has_await(text)
        && let Ok(body) = parse_async(text, interner)
        // `await (x)` is also a call of a function.
        && (script.is_none() || contains(&body, ContainsSymbol::AwaitExpression))
    {
        let rewritten = top_level_await::rewrite(text, &body, interner);
        return Some(Prepared::Awaiting(rewritten));
    }
    let names = lexically_declared_names(&script?);
    Some(Prepared::Script {
        text: text.to_owned(),
        names: texts(&names, interner),
    })
}

fn has_await(text: &str) -> bool {
    let tokens = syntax::scan(text).tokens;
    tokens.iter().any(|token| token.is_word(text, "await"))
}

fn parse_script(text: &str, interner: &mut Interner) -> Result<ast::Script, Error> {
    let (script, _) = Parser::new(Source::from_bytes(text)).parse_eval(false, interner)?;
    Ok(script)
}

/// Parses it as the body of an async function.
pub(super) fn parse_async(text: &str, interner: &mut Interner) -> Result<FunctionBody, Error> {
    Parser::new(Source::from_bytes(text)).parse_function_body(interner, false, true)
}

/// The names as text.
pub(super) fn texts(names: &[Sym], interner: &Interner) -> Vec<String> {
    let names = names.iter();
    names
        .map(|name| interner.resolve_expect(*name).to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unfinished() {
        for text in [
            "f(",
            "[1,",
            "({a:",
            "1 +",
            "`a",
            "`${",
            "/* a",
            "if (x)",
            "if (x) {",
            "x =>",
            "class A {",
            "let x =",
            "function f(a,",
            "() => {",
            "for (;;) {",
            "try {}",
            "a.",
            "'a\\",
            "x ? y :",
            "await f(",
            "for await (const x of",
            "const {a,",
            "await `",
            "do {",
        ] {
            assert!(is_unfinished(text), "{text}");
        }
        for text in [
            "",
            "1",
            "f()",
            "'a",
            "1 + + )",
            "let let",
            "x => x",
            "{}",
            "await 1",
            "a b",
            "}",
            "/a",
            "@",
            "// f(",
            "for await (const x of y) {}",
            "await 1; )",
            "'(",
            "await (x)",
        ] {
            assert!(!is_unfinished(text), "{text}");
        }
        assert!(!is_unfinished(&"(".repeat(MAX_DEPTH + 1)));
    }

    #[test]
    fn what_looks_like_a_block_is_an_object() {
        let script = |text: &str| match prepare(text) {
            Prepared::Script { text, .. } => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(script("{a: 1}"), "({a: 1}\n)");
        assert_eq!(script("{a: 1} // x"), "({a: 1} // x\n)");
        assert_eq!(script("{a: 1};"), "{a: 1};");
        assert_eq!(script("{ let a; a = 1 }"), "{ let a; a = 1 }");
        assert_eq!(script("{"), "{");
        assert!(matches!(prepare("{a: await 1}"), Prepared::Awaiting(_)));
    }

    #[test]
    fn await_that_awaits_is_told_from_one_that_does_not() {
        for text in [
            "await 1",
            "await (1)",
            "x = [await f()]",
            "for await (const a of b) a",
        ] {
            assert!(matches!(prepare(text), Prepared::Awaiting(_)), "{text}");
        }
        for text in [
            "async () => await 1",
            "'await 1'",
            "x.await",
            "await 1; )",
            "// await 1",
        ] {
            assert!(matches!(prepare(text), Prepared::Script { .. }), "{text}");
        }
    }

    #[test]
    fn import_declarations_are_seen() {
        assert!(starts_with_import("/* a */ import a from 'b'"));
        assert!(!starts_with_import("import('b')"));
        assert!(!starts_with_import("import.meta"));
        assert!(!starts_with_import("x; import a from 'b'"));
    }

    #[test]
    fn names_of_lexical_declarations_are_known() {
        let Prepared::Script { names, .. } =
            prepare("let a, {b, c: [d]} = e; class F {} var g; const h = 1")
        else {
            panic!();
        };
        assert_eq!(names, ["a", "b", "d", "F", "h"]);
    }
}

//! Top-level `await` outside of modules: the text is made the body of an async function, its declarations those of
//! the global scope.
//!
//! `let x = await f(), y; x + y` becomes the script `let x, y;` and the body
//! `void 0, x = await f(), y = void 0; return x + y`. A `const` can be assigned to once more, then. What is declared with `var` within
//! another statement, in the head of a `for` say, stays in the function.

use std::ops::Range;

use boa_engine::{
    ast::{
        Declaration, Statement, StatementListItem,
        declaration::{Binding, LexicalDeclaration, VariableList},
        function::FunctionBody,
        operations::bound_names,
    },
    interner::{Interner, Sym},
};

use super::{
    source::{parse_async, texts},
    syntax::{self, Kind, Token},
};

/// Tokens of the last expression, outside of brackets; the value of a longer one is not shown.
const MAX_TOKENS: usize = 200;

/// What is evaluated instead.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rewritten {
    /// A script, evaluated first; may be empty.
    pub(super) declarations: String,
    /// A script whose value is the promise of the result.
    pub(super) body: String,
    /// The names that it declares with `let` and `class`.
    pub(super) names: Vec<String>,
}

/// Rewrites `source`, of which `body` was parsed.
pub(super) fn rewrite(source: &str, body: &FunctionBody, interner: &Interner) -> Rewritten {
    let mut rewriting = Rewriting::new(source, interner);
    let hoisted = body
        .statements()
        .iter()
        .try_for_each(|item| rewriting.hoist(item));
    if hoisted.is_some() {
        let text = rewriting.text(None);
        // With places that were found otherwise than by the parser, its word is wanted in the end.
        if let Some((count, _)) = statements(&text) {
            let text = rewriting.with_value(body, count).unwrap_or(text);
            return rewriting.finish(&text);
        }
    }
    // Its declarations are lost, then; better than not to evaluate it.
    Rewriting::new(source, interner).finish(source)
}

/// How many statements there are, and whether the last one returns something.
fn statements(text: &str) -> Option<(usize, bool)> {
    let body = parse_async(text, &mut Interner::default()).ok()?;
    let returns = match body.statements().last() {
        Some(StatementListItem::Statement(statement)) => {
            matches!(**statement, Statement::Return(_))
        }
        _ => false,
    };
    Some((body.statements().len(), returns))
}

struct Rewriting<'a> {
    source: &'a str,
    interner: &'a Interner,
    /// Those outside of all brackets.
    tokens: Vec<Token>,
    /// The first token that is not behind the place of the last declaration.
    next: usize,
    /// Pieces of the source, in order, and what takes their place.
    edits: Vec<(Range<usize>, &'static str)>,
    /// Text to be put before a class or function: its name and what follows.
    named: Vec<(usize, String)>,
    lexical: Vec<String>,
    var: Vec<String>,
    functions: Vec<String>,
}

impl<'a> Rewriting<'a> {
    fn new(source: &'a str, interner: &'a Interner) -> Self {
        let mut tokens = syntax::scan(source).tokens;
        tokens.retain(|token| token.depth == 0 && token.kind != Kind::Comment);
        Self {
            source,
            interner,
            tokens,
            next: 0,
            edits: Vec::new(),
            named: Vec::new(),
            lexical: Vec::new(),
            var: Vec::new(),
            functions: Vec::new(),
        }
    }

    /// Moves a declaration to the global scope. Nothing if its place is not found.
    fn hoist(&mut self, item: &StatementListItem) -> Option<()> {
        match item {
            StatementListItem::Statement(statement) => {
                if let Statement::Var(declaration) = &**statement {
                    self.variables("var", &declaration.0)?;
                    self.var
                        .extend(texts(&bound_names(declaration), self.interner));
                }
            }
            StatementListItem::Declaration(declaration) => match &**declaration {
                Declaration::Lexical(lexical) => {
                    let keyword = match lexical {
                        LexicalDeclaration::Const(_) => "const",
                        LexicalDeclaration::Let(_) => "let",
                        _ => return None,
                    };
                    self.variables(keyword, lexical.variable_list())?;
                    self.lexical
                        .extend(texts(&bound_names(lexical), self.interner));
                }
                Declaration::ClassDeclaration(class) => {
                    let name = self.text_of(class.name().sym());
                    let place = self.class(&name)?;
                    self.named.push((place.start, format!("{name} = ")));
                    // An expression does not end with its brace.
                    self.named.push((place.end, ";".to_owned()));
                    self.lexical.push(name);
                }
                Declaration::FunctionDeclaration(function) => self.function(function.name().sym()),
                Declaration::GeneratorDeclaration(function) => self.function(function.name().sym()),
                Declaration::AsyncFunctionDeclaration(function) => {
                    self.function(function.name().sym())
                }
                Declaration::AsyncGeneratorDeclaration(function) => {
                    self.function(function.name().sym())
                }
            },
        }
        Some(())
    }

    fn text_of(&self, name: Sym) -> String {
        self.interner.resolve_expect(name).to_string()
    }

    /// Functions are there before anything else runs, in their own scope and in the global one.
    fn function(&mut self, name: Sym) {
        let name = self.text_of(name);
        self.functions.push(name);
    }

    /// The bytes of the next class, if it has that name.
    fn class(&mut self, name: &str) -> Option<Range<usize>> {
        let found = (self.next..self.tokens.len()).find(|&at| {
            let after = self.tokens.get(at + 1);
            self.tokens[at].is_word(self.source, "class")
                && !self.is_member(at)
                && after.is_some_and(|after| after.is_word(self.source, name))
        })?;
        let mut rest = self.tokens.get(found..)?.iter();
        // Its body: what is inherited from rarely has a brace of its own, outside of parentheses.
        let open = rest.position(|token| token.is(self.source, "{"))?;
        let close = rest.position(|token| token.is(self.source, "}"))?;
        self.next = found + open + 1 + close;
        Some(self.tokens.get(found)?.start..self.tokens.get(self.next)?.end)
    }

    /// Makes a declaration of variables an assignment.
    fn variables(&mut self, keyword: &str, list: &VariableList) -> Option<()> {
        let list = list.as_ref();
        let first = list.first()?;
        let found = (self.next..self.tokens.len()).find(|&at| {
            let Some(after) = self.tokens.get(at + 1) else {
                return false;
            };
            self.tokens[at].is_word(self.source, keyword)
                && !self.is_member(at)
                && match first.binding() {
                    Binding::Identifier(name) => {
                        after.is_word(self.source, &self.text_of(name.sym()))
                    }
                    Binding::Pattern(_) => after.is(self.source, "{") || after.is(self.source, "["),
                }
        })?;
        let token = self.tokens[found];
        // Also makes that a pattern does not stand first, where its brace would begin a block.
        self.edits.push((token.start..token.end, "void 0,"));
        let mut at = found + 1;
        for (number, variable) in list.iter().enumerate() {
            if number > 0 {
                at += self
                    .tokens
                    .get(at..)?
                    .iter()
                    .position(|token| token.is(self.source, ","))?
                    + 1;
            }
            if variable.init().is_none() {
                self.without_value(keyword, at)?;
            }
        }
        self.next = at;
        Some(())
    }

    /// A name that is declared and given no value.
    fn without_value(&mut self, keyword: &str, at: usize) -> Option<()> {
        let name = self.tokens.get(at)?;
        let goes_on = self
            .tokens
            .get(at + 1)
            .is_some_and(|next| next.is(self.source, ","));
        let ends = self
            .tokens
            .get(at + 1)
            .is_none_or(|next| next.is(self.source, ";"));
        // A statement that ended with its line must not go on with the next one.
        let text = match (keyword, goes_on || ends) {
            ("var", true) => return Some(()),
            ("var", false) => ";",
            (_, true) => " = void 0",
            (_, false) => " = void 0;",
        };
        self.edits.push((name.end..name.end, text));
        Some(())
    }

    /// `a.let`
    fn is_member(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.tokens.get(before));
        before.is_some_and(|before| before.is(self.source, ".") || before.is(self.source, "?."))
    }

    /// The text of so many statements, returning the value of the last one, if that is an expression.
    fn with_value(&self, body: &FunctionBody, count: usize) -> Option<String> {
        let Some(StatementListItem::Statement(last)) = body.statements().last() else {
            return None;
        };
        if !matches!(**last, Statement::Expression(_)) {
            return None;
        }
        // There is one place only where a `return` leaves everything else as it is.
        let places = self.tokens.iter().rev().take(MAX_TOKENS);
        let mut texts = places.map(|token| self.text(Some(token.start)));
        texts.find(|text| statements(text) == Some((count, true)))
    }

    /// The source with its edits, and with `return` at that place.
    fn text(&self, returns_at: Option<usize>) -> String {
        let mut edits: Vec<_> = self
            .edits
            .iter()
            .map(|(place, text)| (place.clone(), *text))
            .collect();
        edits.extend(
            self.named
                .iter()
                .map(|(at, text)| (*at..*at, text.as_str())),
        );
        edits.extend(returns_at.map(|at| (at..at, "return ")));
        edits.sort_by_key(|(place, _)| place.start);
        let mut text = String::with_capacity(self.source.len() + 64);
        let mut at = 0;
        for (place, new) in edits {
            text.push_str(self.source.get(at..place.start).unwrap_or_default());
            text.push_str(new);
            at = place.end;
        }
        text.push_str(self.source.get(at..).unwrap_or_default());
        text
    }

    fn finish(self, text: &str) -> Rewritten {
        let mut declarations = String::new();
        let vars: Vec<_> = [&self.var[..], &self.functions].concat();
        for (keyword, names) in [("let", &self.lexical), ("var", &vars)] {
            if !names.is_empty() {
                declarations.push_str(&format!("{keyword} {};", names.join(", ")));
            }
        }
        let functions = self.functions.iter();
        let functions: String = functions
            .map(|name| format!("this.{name} = {name};"))
            .collect();
        Rewritten {
            declarations,
            // The last line may be a comment.
            body: format!("(async () => {{{functions}{text}\n}})()"),
            names: self.lexical,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(source: &str) -> Rewritten {
        let interner = &mut Interner::default();
        let body = parse_async(source, interner).unwrap();
        rewrite(source, &body, interner)
    }

    #[track_caller]
    fn check(source: &str, declarations: &str, body: &str) {
        let rewritten = rewritten(source);
        assert_eq!(rewritten.declarations, declarations, "{source}");
        assert_eq!(
            rewritten.body,
            format!("(async () => {{{body}\n}})()"),
            "{source}"
        );
    }

    #[test]
    fn the_last_expression_is_the_value() {
        check("await 1", "", "return await 1");
        check(
            "await a; b.c(await d).e;",
            "",
            "await a; return b.c(await d).e;",
        );
        check("(await a)[0]", "", "return (await a)[0]");
        check("a = await b", "", "return a = await b");
        check(
            "\n  'ä𝒳', await b // c",
            "",
            "\n  return 'ä𝒳', await b // c",
        );
        check(
            "await a + 1 > 2 ? b : c",
            "",
            "return await a + 1 > 2 ? b : c",
        );
        check("`${await a}`", "", "return `${await a}`");
        check("!await a", "", "return !await a");
        check("x++, await a", "", "return x++, await a");
        check("f`${await a}`", "", "return f`${await a}`");
        check("new A(await b)", "", "return new A(await b)");
        check("a?.b(await c)", "", "return a?.b(await c)");
        check("if (await a) b", "", "if (await a) b");
    }

    #[test]
    fn declarations_move_out() {
        check(
            "let x = await f(), y; x + y",
            "let x, y;",
            "void 0, x = await f(), y = void 0; return x + y",
        );
        check(
            "const {a, b: [c = 1]} = await f()",
            "let a, c;",
            "void 0, {a, b: [c = 1]} = await f()",
        );
        check(
            "var v = await f(), w\n(g)",
            "var v, w;",
            "void 0, v = await f(), w;\nreturn (g)",
        );
        check(
            "let w\n(await g)",
            "let w;",
            "void 0, w = void 0;\nreturn (await g)",
        );
        check(
            "const f = (a, b) => a, g = [1, await 2]",
            "let f, g;",
            "void 0, f = (a, b) => a, g = [1, await 2]",
        );
        check(
            "await 1; let a = 1\nb, c",
            "let a;",
            "await 1; void 0, a = 1\nreturn b, c",
        );
        check(
            "x.let; let let1 = await 1",
            "let let1;",
            "x.let; void 0, let1 = await 1",
        );
    }

    #[test]
    fn functions_and_classes_move_out() {
        check(
            "class Ä extends B { m() { let a } }\nawait 1",
            "let Ä;",
            "Ä = class Ä extends B { m() { let a } };\nreturn await 1",
        );
        check(
            "await g(); function g() { let x }",
            "var g;",
            "this.g = g;await g(); function g() { let x }",
        );
    }

    #[test]
    fn what_is_inner_stays() {
        check(
            "for (let i = 0; i < await n; i++) { let j }",
            "",
            "for (let i = 0; i < await n; i++) { let j }",
        );
        check(
            "for await (const x of y) { class A {} }",
            "",
            "for await (const x of y) { class A {} }",
        );
    }
}

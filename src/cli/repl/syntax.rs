//! The words of JavaScript, of text that may be unfinished: for colours, for completion, and to find places in it.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An identifier, a private name or a keyword.
    Word,
    Number,
    String,
    /// A piece of a template, with the marks around it.
    Template,
    Regex,
    Comment,
    Punctuator,
}

/// A token and its place, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// How many brackets are open around it; brackets stand outside of themselves.
    pub(super) depth: usize,
}

impl Token {
    pub(super) fn text<'a>(&self, source: &'a str) -> &'a str {
        source.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether it is this punctuator.
    pub(super) fn is(&self, source: &str, punctuator: &str) -> bool {
        self.kind == Kind::Punctuator && self.text(source) == punctuator
    }

    /// Whether it is this word.
    pub(super) fn is_word(&self, source: &str, word: &str) -> bool {
        self.kind == Kind::Word && self.text(source) == word
    }
}

/// All tokens of a text.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) tokens: Vec<Token>,
    /// The last token goes on behind the end: a template, a block comment, a string whose line ends in a backslash.
    pub(super) open: bool,
    /// How deep brackets are nested.
    pub(super) depth: usize,
}

/// Words that stand where an operand cannot.
pub(super) const KEYWORDS: [&str; 42] = [
    "async",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "import",
    "in",
    "instanceof",
    "let",
    "new",
    "null",
    "of",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "undefined",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

/// After these a slash begins a regular expression.
const BEFORE_OPERAND: [&str; 16] = [
    "await",
    "case",
    "delete",
    "do",
    "else",
    "extends",
    "in",
    "instanceof",
    "new",
    "of",
    "return",
    "throw",
    "typeof",
    "void",
    "yield",
    "default",
];

/// Whether an identifier can go on with it.
pub(super) fn is_word_letter(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '$' | '_' | '\u{200c}' | '\u{200d}')
}

/// Finds the tokens.
pub(super) fn scan(source: &str) -> Scan {
    Scanner {
        source,
        at: 0,
        brackets: Vec::new(),
        scan: Scan::default(),
    }
    .run()
}

struct Scanner<'a> {
    source: &'a str,
    at: usize,
    /// The open ones; `$` for one within a template.
    brackets: Vec<char>,
    scan: Scan,
}

impl Scanner<'_> {
    fn run(mut self) -> Scan {
        while let Some(letter) = self.peek() {
            let start = self.at;
            let kind = match letter {
                _ if letter.is_whitespace() || letter == '\u{feff}' => {
                    self.bump();
                    continue;
                }
                '/' if self.rest().starts_with("//") => {
                    self.skip_while(|letter| letter != '\n');
                    Kind::Comment
                }
                '/' if self.rest().starts_with("/*") => {
                    self.block_comment();
                    Kind::Comment
                }
                '#' if start == 0 && self.rest().starts_with("#!") => {
                    self.skip_while(|letter| letter != '\n');
                    Kind::Comment
                }
                '/' if self.operand_comes() => {
                    self.regex();
                    Kind::Regex
                }
                '"' | '\'' => {
                    self.string(letter);
                    Kind::String
                }
                '`' => {
                    self.bump();
                    self.template(start);
                    continue;
                }
                '}' if self.brackets.last() == Some(&'$') => {
                    self.brackets.pop();
                    self.bump();
                    self.template(start);
                    continue;
                }
                _ if letter.is_ascii_digit() || self.is_fraction() => {
                    self.number();
                    Kind::Number
                }
                _ if is_word_letter(letter) || matches!(letter, '#' | '\\') => {
                    self.bump();
                    self.skip_while(|letter| is_word_letter(letter) || letter == '\\');
                    Kind::Word
                }
                _ => {
                    self.punctuator(letter);
                    continue;
                }
            };
            self.push(kind, start);
        }
        self.scan
    }

    fn rest(&self) -> &str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&wanted) {
            self.bump();
        }
    }

    fn push(&mut self, kind: Kind, start: usize) {
        self.scan.tokens.push(Token {
            kind,
            start,
            end: self.at,
            depth: self.brackets.len(),
        });
    }

    /// `.5`, but not `a.5`, which is wrong anyway, nor `...5`.
    fn is_fraction(&self) -> bool {
        let mut letters = self.rest().chars();
        letters.next() == Some('.') && letters.next().is_some_and(|next| next.is_ascii_digit())
    }

    /// Whether an operand comes next rather than an operator; known well enough for colours.
    fn operand_comes(&self) -> bool {
        let mut before = self.scan.tokens.iter().rev();
        let Some(token) = before.find(|token| token.kind != Kind::Comment) else {
            return true;
        };
        let text = token.text(self.source);
        match token.kind {
            Kind::Punctuator => !matches!(text, ")" | "]" | "}"),
            Kind::Word => BEFORE_OPERAND.contains(&text),
            Kind::Template => text.ends_with("${"),
            _ => false,
        }
    }

    fn block_comment(&mut self) {
        match self.rest().get(2..).and_then(|rest| rest.find("*/")) {
            Some(end) => self.at += end + 4,
            None => {
                self.at = self.source.len();
                self.scan.open = true;
            }
        }
    }

    fn string(&mut self, quote: char) {
        self.bump();
        while let Some(letter) = self.peek() {
            if letter == '\n' {
                return;
            }
            self.bump();
            if letter == quote {
                return;
            }
            if letter == '\\' {
                let escaped = self.bump();
                if escaped == Some('\r') && self.peek() == Some('\n') {
                    self.bump();
                }
                self.scan.open |= matches!(escaped, None | Some('\n')) && self.peek().is_none();
            }
        }
    }

    /// The rest of a template's piece that began at `start`.
    fn template(&mut self, start: usize) {
        while let Some(letter) = self.bump() {
            match letter {
                '`' => return self.push(Kind::Template, start),
                '\\' => drop(self.bump()),
                '$' if self.peek() == Some('{') => {
                    self.bump();
                    self.push(Kind::Template, start);
                    return self.open('$');
                }
                _ => {}
            }
        }
        self.push(Kind::Template, start);
        self.scan.open = true;
    }

    fn regex(&mut self) {
        self.bump();
        let mut class = false;
        while let Some(letter) = self.peek() {
            if letter == '\n' {
                return;
            }
            self.bump();
            match letter {
                '\\' => drop(self.bump()),
                '[' => class = true,
                ']' => class = false,
                '/' if !class => return self.skip_while(is_word_letter),
                _ => {}
            }
        }
    }

    fn number(&mut self) {
        let mut last = '0';
        let hexadecimal = self.rest().starts_with("0x") || self.rest().starts_with("0X");
        while let Some(letter) = self.peek() {
            let exponent = !hexadecimal && matches!(last, 'e' | 'E') && matches!(letter, '+' | '-');
            if !is_word_letter(letter) && letter != '.' && !exponent {
                return;
            }
            last = letter;
            self.bump();
        }
    }

    fn open(&mut self, bracket: char) {
        self.brackets.push(bracket);
        self.scan.depth = self.scan.depth.max(self.brackets.len());
    }

    fn punctuator(&mut self, letter: char) {
        let start = self.at;
        match letter {
            ')' | ']' | '}' => drop(self.brackets.pop()),
            _ => {}
        }
        let optional = self.rest().starts_with("?.")
            && !self
                .rest()
                .chars()
                .nth(2)
                .is_some_and(|next| next.is_ascii_digit());
        let long = if self.rest().starts_with("...") {
            3
        } else if optional || self.rest().starts_with("=>") {
            2
        } else {
            letter.len_utf8()
        };
        self.at += long;
        self.push(Kind::Punctuator, start);
        if matches!(letter, '(' | '[' | '{') {
            self.open(letter);
        }
    }
}

/// The text with escape sequences for colours.
pub(super) fn colored(source: &str) -> String {
    let mut text = String::with_capacity(source.len() * 2);
    let mut at = 0;
    for token in scan(source).tokens {
        text.push_str(source.get(at..token.start).unwrap_or_default());
        let word = token.text(source);
        match color(token.kind, word) {
            Some(code) => {
                // Each line by itself: whoever redraws one alone has its colour.
                for (number, line) in word.split('\n').enumerate() {
                    if number > 0 {
                        text.push('\n');
                    }
                    text.push_str(&format!("\x1b[{code}m{line}\x1b[0m"));
                }
            }
            None => text.push_str(word),
        }
        at = token.end;
    }
    text.push_str(source.get(at..).unwrap_or_default());
    text
}

/// The colours in which values are shown, as far as there are such values.
fn color(kind: Kind, word: &str) -> Option<&'static str> {
    match kind {
        Kind::String | Kind::Template => Some("32"),
        Kind::Number => Some("33"),
        Kind::Regex => Some("31"),
        Kind::Comment => Some("90"),
        Kind::Word => match word {
            "true" | "false" => Some("33"),
            "undefined" => Some("90"),
            "null" => Some("1"),
            _ if KEYWORDS.contains(&word) => Some("36"),
            _ => None,
        },
        Kind::Punctuator => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<(Kind, &str)> {
        let tokens = scan(source).tokens;
        tokens
            .iter()
            .map(|token| (token.kind, token.text(source)))
            .collect()
    }

    #[test]
    fn slashes_are_told_apart() {
        assert_eq!(words("a / b / c").len(), 5);
        assert_eq!(words("return /[/]a\\//g")[1], (Kind::Regex, "/[/]a\\//g"));
        assert_eq!(words("x = /a/")[2], (Kind::Regex, "/a/"));
        assert_eq!(words("f() / 2 // x")[4], (Kind::Number, "2"));
        assert_eq!(words("1 /* / */ / 2")[1].0, Kind::Comment);
    }

    #[test]
    fn templates_nest() {
        let source = "`a${ {b: `c${d}`} }e` + f";
        let tokens = scan(source).tokens;
        let of = |name| {
            tokens
                .iter()
                .find(|token| token.text(source) == name)
                .unwrap()
        };
        assert_eq!(of("f").depth, 0);
        assert_eq!(of("d").depth, 3);
        assert_eq!(of("}e`").depth, 0);
        assert!(!scan(source).open);
    }

    #[test]
    fn what_goes_on_is_open() {
        for open in ["`a", "`a${b}c", "/* a", "'a\\", "'a\\\n"] {
            assert!(scan(open).open, "{open}");
        }
        for whole in ["`a`", "'a", "a /* b */", "// a", "'a\\\nb'", "f({"] {
            assert!(!scan(whole).open, "{whole}");
        }
    }

    #[test]
    fn numbers_and_members() {
        assert_eq!(words("1e+5+0xe+1").len(), 5);
        assert_eq!(words("a?.b")[1], (Kind::Punctuator, "?."));
        assert_eq!(words("a?.5:1")[2], (Kind::Number, ".5"));
        assert_eq!(words("ä.ö")[2], (Kind::Word, "ö"));
    }

    #[test]
    fn colours_add_nothing_but_colours() {
        let source = "const a = `x\ny${1}` // ende";
        let text = colored(source);
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(plain, source);
        assert!(text.starts_with("\x1b[36mconst\x1b[0m a"));
    }
}

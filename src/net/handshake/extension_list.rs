//! The grammar of `Sec-WebSocket-Extensions`, <https://www.rfc-editor.org/rfc/rfc6455#section-9.1>.

use super::{Refusal, request::is_token_byte};

/// `extension-param` of RFC 6455, 9.1.
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) value: Option<String>,
}

/// What is left of a header's value.
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl Cursor<'_> {
    fn skip_whitespace(&mut self) {
        while let [b' ' | b'\t', rest @ ..] = self.0 {
            self.0 = rest;
        }
    }

    /// Takes the byte, with whitespace around it.
    fn take(&mut self, byte: u8) -> bool {
        self.skip_whitespace();
        match self.0 {
            [first, rest @ ..] if *first == byte => {
                self.0 = rest;
                self.skip_whitespace();
                true
            }
            _ => false,
        }
    }

    /// Goes to the next element of the list; false at its end.
    pub(super) fn skip_to_element(&mut self) -> bool {
        while self.take(b',') {}
        !self.0.is_empty()
    }

    pub(super) fn token(&mut self) -> Option<String> {
        self.skip_whitespace();
        let end = self.0.iter().position(|byte| !is_token_byte(*byte));
        let (token, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest;
        let token = std::str::from_utf8(token).ok()?;
        (!token.is_empty()).then(|| token.to_owned())
    }

    /// `quoted-string`, whose value has to be a token as well.
    fn quoted(&mut self) -> Option<String> {
        let mut value = String::new();
        loop {
            let (byte, rest) = match self.0 {
                [b'"', rest @ ..] => {
                    self.0 = rest;
                    return (!value.is_empty()).then_some(value);
                }
                [b'\\', byte, rest @ ..] | [byte, rest @ ..] => (*byte, rest),
                [] => return None,
            };
            if !is_token_byte(byte) {
                return None;
            }
            value.push(char::from(byte));
            self.0 = rest;
        }
    }

    /// The parameters of an extension, up to the next element of the list or its end.
    pub(super) fn parameters(&mut self) -> Result<Vec<Parameter>, Refusal> {
        let mut parameters = Vec::new();
        while self.take(b';') {
            let name = self.token().ok_or(Refusal::ExtensionSyntax)?;
            let value = if self.take(b'=') {
                let value = match self.0 {
                    [b'"', rest @ ..] => {
                        self.0 = rest;
                        self.quoted()
                    }
                    _ => self.token(),
                };
                Some(value.ok_or(Refusal::ExtensionSyntax)?)
            } else {
                None
            };
            parameters.push(Parameter { name, value });
        }
        self.skip_whitespace();
        match self.0 {
            [] | [b',', ..] => Ok(parameters),
            _ => Err(Refusal::ExtensionSyntax),
        }
    }
}

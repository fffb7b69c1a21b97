//! Putting text together from pieces that may end within a code point.

use super::error::Error;

/// Text whose bytes arrive in pieces, checked as they arrive, each byte once.
///
/// An error is found with the first byte that no valid text could have in its place
/// ([RFC 6455, section 8.1](https://www.rfc-editor.org/rfc/rfc6455#section-8.1)).
#[derive(Debug, Default)]
pub(super) struct Utf8 {
    /// What is whole.
    text: String,
    /// The first bytes of a code point of which more has to follow: at most three.
    begun: [u8; 4],
    begun_length: usize,
}

impl Utf8 {
    /// How many bytes have arrived.
    pub(super) fn len(&self) -> usize {
        self.text.len() + self.begun_length
    }

    /// Appends the next bytes. Room for them is made by the caller, who knows how much more follows.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while self.begun_length > 0 {
            let Some((&next, rest)) = bytes.split_first() else {
                return Ok(());
            };
            self.begun[self.begun_length] = next;
            self.begun_length += 1;
            bytes = rest;
            match std::str::from_utf8(&self.begun[..self.begun_length]) {
                Ok(code_point) => {
                    self.text.push_str(code_point);
                    self.begun_length = 0;
                }
                // Nothing is wrong but that it ends here. Four bytes are never an unfinished code
                // point, so the array is never exceeded.
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(Error::InvalidUtf8InText),
            }
        }
        let (whole, begun) = bytes.split_at(end_of_whole_code_points(bytes));
        match std::str::from_utf8(whole) {
            Ok(text) => self.text.push_str(text),
            Err(_) => return Err(Error::InvalidUtf8InText),
        }
        if let Err(error) = std::str::from_utf8(begun)
            && error.error_len().is_some()
        {
            return Err(Error::InvalidUtf8InText);
        }
        self.begun[..begun.len()].copy_from_slice(begun);
        self.begun_length = begun.len();
        Ok(())
    }

    /// The whole text; an error if it ends within a code point.
    pub(super) fn finish(self) -> Result<String, Error> {
        if self.begun_length == 0 {
            Ok(self.text)
        } else {
            Err(Error::InvalidUtf8InText)
        }
    }

    /// The string, for its capacity to be looked after.
    pub(super) fn string_mut(&mut self) -> &mut String {
        &mut self.text
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.text.capacity()
    }
}

/// Where the bytes before an unfinished code point at the end stop.
///
/// Looks at no more than the last three bytes, and only at what they announce: whether they are
/// valid is found by whoever decodes the two parts.
fn end_of_whole_code_points(bytes: &[u8]) -> usize {
    for (back, byte) in (1..=3).zip(bytes.iter().rev()) {
        let announced = match byte {
            0x80..=0xbf => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        return if announced > back {
            bytes.len() - back
        } else {
            bytes.len()
        };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_pieces(pieces: &[&[u8]]) -> Result<String, Error> {
        let mut utf8 = Utf8::default();
        for piece in pieces {
            utf8.push(piece)?;
        }
        utf8.finish()
    }

    /// Every sequence here, whole and at every pair of splits, is judged as the standard library
    /// judges it whole.
    #[test]
    fn judged_like_the_whole() {
        let sequences: &[&[u8]] = &[
            b"",
            b"plain",
            "κόσμε".as_bytes(),
            "a€\u{10ffff}😀\u{7ff}\u{800}\u{ffff}".as_bytes(),
            b"\xc0\x80",
            b"\xc1\xbf",
            b"\xe0\x9f\xbf",
            b"\xed\xa0\x80",
            b"\xed\x9f\xbf",
            b"\xf0\x8f\xbf\xbf",
            b"\xf4\x8f\xbf\xbf",
            b"\xf4\x90\x80\x80",
            b"\xf5\x80\x80\x80",
            b"\xff",
            b"\x80",
            b"ab\xe2\x82",
            b"\xe2\x82\xe2\x82\xac",
            b"\xe2\x82A",
            b"\xf0\x9f\x98",
            b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
        ];
        for bytes in sequences {
            let whole = std::str::from_utf8(bytes).map(str::to_owned).ok();
            for first in 0..=bytes.len() {
                for second in first..=bytes.len() {
                    let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                    assert_eq!(in_pieces(&pieces).ok(), whole, "{pieces:x?}");
                }
            }
        }
    }

    /// The error comes with the first byte that cannot stand there, not later.
    #[test]
    fn fails_at_the_first_impossible_byte() {
        for (bytes, impossible) in [
            (&b"ab\xff"[..], 2),
            (b"\xc0\x80", 0),
            (b"\xe0\x80\x80", 1),
            (b"\xed\xa0\x80", 1),
            (b"\xf0\x80\x80\x80", 1),
            (b"\xf4\x90\x80\x80", 1),
            (b"\xf5\x80\x80\x80", 0),
            (b"\xe2\x82A", 2),
            (b"\xf0\x9f\x98A", 3),
            (b"\x80", 0),
        ] {
            for split in 0..=impossible {
                let mut utf8 = Utf8::default();
                assert_eq!(
                    utf8.push(&bytes[..split]),
                    Ok(()),
                    "{bytes:x?} up to {split}"
                );
                assert_eq!(utf8.push(&bytes[split..impossible]), Ok(()), "{bytes:x?}");
                let rest = &bytes[impossible..=impossible];
                assert_eq!(utf8.push(rest), Err(Error::InvalidUtf8InText), "{bytes:x?}");
            }
        }
    }

    #[test]
    fn counts_what_has_arrived() {
        let mut utf8 = Utf8::default();
        for (i, byte) in "a€😀".bytes().enumerate() {
            utf8.push(&[byte]).unwrap();
            assert_eq!(utf8.len(), i + 1);
        }
    }
}

//! The body of a Close frame: its code and its reason.

use tungstenite::protocol::frame::coding::CloseCode;

use super::error::Error;

/// What the close event shows when a Close frame came without a code (RFC 6455, section 7.1.5).
pub const NO_STATUS_CODE: u16 = 1005;

/// What the close event shows when no Close frame came (RFC 6455, section 7.1.5).
pub const NO_CLOSE_FRAME: u16 = 1006;

/// The longest body of a control frame, in bytes (RFC 6455, section 5.5).
pub(super) const MAX_CONTROL_LENGTH: usize = 125;

/// The longest reason, in bytes of UTF-8: what the code leaves of a control frame.
const MAX_REASON_LENGTH: usize = MAX_CONTROL_LENGTH - 2;

/// Registered after tungstenite's table was made: "bad gateway".
const BAD_GATEWAY: u16 = 1014;

/// Whether a Close frame may carry `code`.
///
/// [RFC 6455, section 7.4](https://www.rfc-editor.org/rfc/rfc6455#section-7.4) and the IANA's
/// registry: 1000 to 1003, 1007 to 1014, and 3000 to 4999. Not 1004, 1005, 1006 and 1015, which are
/// reserved, nor 1016 to 2999, which nothing defines.
pub fn is_close_code_for_the_wire(code: u16) -> bool {
    code == BAD_GATEWAY || CloseCode::from(code).is_allowed()
}

/// What a Close frame says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct CloseFrame {
    pub(super) code: Option<u16>,
    pub(super) reason: String,
}

impl CloseFrame {
    /// A Close frame of ours.
    ///
    /// A reason without a code gets 1000, since it cannot stand alone; one that is too long is cut
    /// at a code point; a code that is not for the wire is left out, with its reason.
    pub(super) fn new(code: Option<u16>, reason: &str) -> Self {
        let code = match code {
            None if !reason.is_empty() => Some(1000),
            Some(code) if !is_close_code_for_the_wire(code) => None,
            code => code,
        };
        if code.is_none() {
            return Self::default();
        }
        let end = reason.floor_char_boundary(MAX_REASON_LENGTH);
        Self {
            code,
            reason: reason[..end].to_owned(),
        }
    }

    /// Reads the whole body of a Close frame from the peer.
    ///
    /// [RFC 6455, section 5.5.1](https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1)
    pub(super) fn parse(body: &[u8]) -> Result<Self, Error> {
        let Some((code, reason)) = body.split_first_chunk::<2>() else {
            return if body.is_empty() {
                Ok(Self::default())
            } else {
                Err(Error::CloseBodyTooShort)
            };
        };
        let code = check_code(*code)?;
        match std::str::from_utf8(reason) {
            Ok(reason) => Ok(Self {
                code: Some(code),
                reason: reason.to_owned(),
            }),
            Err(_) => Err(Error::InvalidUtf8InReason),
        }
    }

    /// The body, as it goes into the frame.
    pub(super) fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        if let Some(code) = self.code {
            body.extend_from_slice(&code.to_be_bytes());
            body.extend_from_slice(self.reason.as_bytes());
        }
        body
    }
}

/// Finds what is already wrong with a body of which more has to follow.
pub(super) fn check_begun_body(begun: &[u8]) -> Result<(), Error> {
    let Some((code, reason)) = begun.split_first_chunk::<2>() else {
        return Ok(());
    };
    check_code(*code)?;
    match std::str::from_utf8(reason) {
        Err(error) if error.error_len().is_some() => Err(Error::InvalidUtf8InReason),
        _ => Ok(()),
    }
}

fn check_code(code: [u8; 2]) -> Result<u16, Error> {
    let code = u16::from_be_bytes(code);
    if is_close_code_for_the_wire(code) {
        Ok(code)
    } else {
        Err(Error::CloseCode(code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_7_4_codes_for_the_wire() {
        let valid = |code| matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        for code in 0..=u16::MAX {
            assert_eq!(is_close_code_for_the_wire(code), valid(code), "{code}");
        }
    }

    #[test]
    fn ours() {
        assert_eq!(CloseFrame::new(None, "").body(), b"");
        assert_eq!(CloseFrame::new(None, "x").body(), b"\x03\xe8x");
        assert_eq!(CloseFrame::new(Some(4001), "gone").body(), b"\x0f\xa1gone");
        for code in [0, 999, 1004, 1005, 1006, 1015, 5000] {
            assert_eq!(CloseFrame::new(Some(code), "x").body(), b"", "{code}");
        }
    }

    #[test]
    fn longest_reason_of_ours() {
        let fits = "é".repeat(61) + "x";
        assert_eq!(CloseFrame::new(Some(1000), &fits).reason, fits);
        assert_eq!(
            CloseFrame::new(Some(1000), &fits).body().len(),
            MAX_CONTROL_LENGTH
        );
        let cut = CloseFrame::new(Some(1000), &"é".repeat(62));
        assert_eq!(cut.reason, "é".repeat(61));
    }

    #[test]
    fn an_error_in_a_begun_body_is_found_at_once() {
        assert_eq!(check_begun_body(b""), Ok(()));
        assert_eq!(check_begun_body(b"\x03"), Ok(()));
        assert_eq!(check_begun_body(b"\x03\xe8\xe2\x82"), Ok(()));
        assert_eq!(check_begun_body(b"\x03\xed"), Err(Error::CloseCode(1005)));
        assert_eq!(
            check_begun_body(b"\x03\xe8\xe2A"),
            Err(Error::InvalidUtf8InReason)
        );
    }
}

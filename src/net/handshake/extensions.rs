//! permessage-deflate in the opening handshake: the offer, and what a server may answer to it,
//! <https://www.rfc-editor.org/rfc/rfc7692#section-7.1>.
//!
//! ```text
//!                              offered              answered
//! server_no_context_takeover   if asked for         must be, if asked for; else may be
//! client_no_context_takeover   if set, as a hint    may be
//! server_max_window_bits       if asked for, =bits  must be, and no more, if asked for; else may be
//! client_max_window_bits       as a hint, =bits     may be, if it was offered
//!                              if below 15
//! ```

use super::{
    Refusal,
    extension_list::{Cursor, Parameter},
};
use crate::{net::options::Compression, protocol::Deflate};

const NAME: &str = "permessage-deflate";
const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";

/// The value of the request's `Sec-WebSocket-Extensions`, if there is to be one.
pub(super) fn offer(compression: &Compression) -> Option<String> {
    if !compression.enabled {
        return None;
    }
    let mut offer = NAME.to_owned();
    let mut add = |parameter: &str| {
        offer.push_str("; ");
        offer.push_str(parameter);
    };
    if compression.server_no_context_takeover {
        add(SERVER_NO_CONTEXT_TAKEOVER);
    }
    if compression.client_no_context_takeover {
        add(CLIENT_NO_CONTEXT_TAKEOVER);
    }
    if let Some(bits) = compression.server_window() {
        add(&format!("{SERVER_MAX_WINDOW_BITS}={bits}"));
    }
    match compression.client_window() {
        None => {}
        Some(15) => add(CLIENT_MAX_WINDOW_BITS),
        Some(bits) => add(&format!("{CLIENT_MAX_WINDOW_BITS}={bits}")),
    }
    Some(offer)
}

/// What the values of the response's `Sec-WebSocket-Extensions`, one for each line, agree to: the
/// extensions in use as the server names them, and what they come to.
pub(super) fn agree(
    values: &[&[u8]],
    offered: &Compression,
) -> Result<(String, Option<Deflate>), Refusal> {
    if values.is_empty() {
        return Ok((String::new(), None));
    }
    let mut deflate = None;
    for value in values {
        let mut rest = Cursor(value);
        // #rule of RFC 9110 5.6.1: a list may have empty elements, but this one at least one other.
        let mut extensions = 0;
        while rest.skip_to_element() {
            let name = rest.token().ok_or(Refusal::ExtensionSyntax)?;
            let parameters = rest.parameters()?;
            extensions += 1;
            if name != NAME || !offered.enabled {
                return Err(Refusal::UnexpectedExtension);
            }
            if deflate.is_some() {
                return Err(Refusal::SeveralExtensions);
            }
            deflate = Some(settle(&parameters, offered)?);
        }
        if extensions == 0 {
            return Err(Refusal::ExtensionSyntax);
        }
    }
    let values: Vec<_> = values
        .iter()
        .copied()
        .map(String::from_utf8_lossy)
        .collect();
    Ok((values.join(", "), deflate))
}

/// What a server's parameters mean for this side of the connection.
fn settle(parameters: &[Parameter], offered: &Compression) -> Result<Deflate, Refusal> {
    let mut answer = Answer::default();
    for Parameter { name, value } in parameters {
        let fits = match (&name[..], value) {
            (SERVER_NO_CONTEXT_TAKEOVER, None) => set(&mut answer.server_no_context_takeover, ()),
            (CLIENT_NO_CONTEXT_TAKEOVER, None) => set(&mut answer.client_no_context_takeover, ()),
            (SERVER_MAX_WINDOW_BITS, Some(value)) => window_bits(value)
                .filter(|bits| *bits <= offered.server_window().unwrap_or(15))
                .is_some_and(|bits| set(&mut answer.server_max_window_bits, bits)),
            // RFC 7692, 7.1.2.2: never unless it was offered. The offer's value is a hint, by which
            // we are bound ourselves and the server is not.
            (CLIENT_MAX_WINDOW_BITS, Some(value)) if offered.client_window().is_some() => {
                window_bits(value).is_some_and(|bits| set(&mut answer.client_max_window_bits, bits))
            }
            _ => false,
        };
        if !fits {
            return Err(Refusal::ExtensionParameter(name.clone()));
        }
    }
    if offered.server_no_context_takeover && answer.server_no_context_takeover.is_none() {
        return Err(Refusal::MissingExtensionParameter(
            SERVER_NO_CONTEXT_TAKEOVER,
        ));
    }
    if offered.server_window().is_some() && answer.server_max_window_bits.is_none() {
        return Err(Refusal::MissingExtensionParameter(SERVER_MAX_WINDOW_BITS));
    }
    let client_window = answer.client_max_window_bits.unwrap_or(15);
    Ok(Deflate {
        level: offered.level,
        threshold: offered.threshold,
        client_no_context_takeover: offered.client_no_context_takeover
            || answer.client_no_context_takeover.is_some(),
        server_no_context_takeover: answer.server_no_context_takeover.is_some(),
        client_max_window_bits: client_window.min(offered.client_window().unwrap_or(15)),
        server_max_window_bits: answer.server_max_window_bits.unwrap_or(15),
    })
}

/// The parameters of an answer, each at most once.
#[derive(Default)]
struct Answer {
    server_no_context_takeover: Option<()>,
    client_no_context_takeover: Option<()>,
    server_max_window_bits: Option<u8>,
    client_max_window_bits: Option<u8>,
}

/// False if it was set before.
fn set<T>(parameter: &mut Option<T>, value: T) -> bool {
    parameter.replace(value).is_none()
}

/// RFC 7692, 7.1.2: a decimal number from 8 to 15 without leading zeros.
fn window_bits(value: &str) -> Option<u8> {
    let bits: u8 = value.parse().ok()?;
    ((8..=15).contains(&bits) && bits.to_string() == value).then_some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compression(change: impl FnOnce(&mut Compression)) -> Compression {
        let mut compression = Compression::default();
        change(&mut compression);
        compression
    }

    fn answer(value: &str, offered: &Compression) -> Result<Deflate, Refusal> {
        let (extensions, deflate) = agree(&[value.as_bytes()], offered)?;
        assert_eq!(extensions, value);
        Ok(deflate.expect("an answer agrees to something"))
    }

    fn parameter(name: &str) -> Refusal {
        Refusal::ExtensionParameter(name.into())
    }

    /// Flags of the server and the client, bits of the server and the client.
    fn terms(deflate: &Deflate) -> (bool, bool, u8, u8) {
        (
            deflate.server_no_context_takeover,
            deflate.client_no_context_takeover,
            deflate.server_max_window_bits,
            deflate.client_max_window_bits,
        )
    }

    #[test]
    fn offers() {
        let off = compression(|it| it.enabled = false);
        assert_eq!(offer(&off), None);
        for (compression, expected) in [
            (
                Compression::default(),
                "permessage-deflate; client_max_window_bits",
            ),
            (
                compression(|it| it.client_max_window_bits = None),
                "permessage-deflate",
            ),
            (
                compression(|it| it.client_max_window_bits = Some(10)),
                "permessage-deflate; client_max_window_bits=10",
            ),
            (
                compression(|it| {
                    it.server_no_context_takeover = true;
                    it.client_no_context_takeover = true;
                    it.server_max_window_bits = Some(15);
                    it.client_max_window_bits = Some(0);
                }),
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
                 server_max_window_bits=15; client_max_window_bits=8",
            ),
        ] {
            assert_eq!(offer(&compression).as_deref(), Some(expected));
        }
    }

    #[test]
    fn answers_to_the_default_offer() {
        let offered = Compression::default();
        assert_eq!(agree(&[], &offered), Ok((String::new(), None)));
        for (value, expected) in [
            ("permessage-deflate", (false, false, 15, 15)),
            (
                "permessage-deflate; server_no_context_takeover",
                (true, false, 15, 15),
            ),
            (
                "permessage-deflate; client_no_context_takeover",
                (false, true, 15, 15),
            ),
            (
                "permessage-deflate;server_max_window_bits=8",
                (false, false, 8, 15),
            ),
            (
                "permessage-deflate ; client_max_window_bits = \"10\"",
                (false, false, 15, 10),
            ),
            (
                "permessage-deflate; client_max_window_bits=\"1\\5\"",
                (false, false, 15, 15),
            ),
            (
                "permessage-deflate; client_max_window_bits=9; server_no_context_takeover; \
                 server_max_window_bits=11; client_no_context_takeover",
                (true, true, 11, 9),
            ),
            (", permessage-deflate ,", (false, false, 15, 15)),
        ] {
            let deflate = answer(value, &offered);
            assert_eq!(deflate.as_ref().map(terms), Ok(expected), "{value}");
        }
    }

    #[test]
    fn wrong_answers_to_the_default_offer() {
        let offered = Compression::default();
        let client_bits = || parameter("client_max_window_bits");
        let server_bits = || parameter("server_max_window_bits");
        for (value, refusal) in [
            ("x-webkit-deflate-frame", Refusal::UnexpectedExtension),
            ("Permessage-Deflate", Refusal::UnexpectedExtension),
            ("permessage-deflate, x-other", Refusal::UnexpectedExtension),
            (
                "x-other; a=1, permessage-deflate",
                Refusal::UnexpectedExtension,
            ),
            (
                "permessage-deflate, permessage-deflate",
                Refusal::SeveralExtensions,
            ),
            ("", Refusal::ExtensionSyntax),
            (", ,", Refusal::ExtensionSyntax),
            ("permessage-deflate;", Refusal::ExtensionSyntax),
            ("permessage-deflate; =1", Refusal::ExtensionSyntax),
            (
                "permessage-deflate server_no_context_takeover",
                Refusal::ExtensionSyntax,
            ),
            (
                "permessage-deflate; client_max_window_bits=",
                Refusal::ExtensionSyntax,
            ),
            (
                "permessage-deflate; client_max_window_bits=\"10",
                Refusal::ExtensionSyntax,
            ),
            (
                "permessage-deflate; client_max_window_bits=\"\"",
                Refusal::ExtensionSyntax,
            ),
            (
                "permessage-deflate; client_max_window_bits=\"1 0\"",
                Refusal::ExtensionSyntax,
            ),
            ("permessage-deflate; a=\"\\\"", Refusal::ExtensionSyntax),
            ("permessage-deflate; é", Refusal::ExtensionSyntax),
            ("\"permessage-deflate\"", Refusal::ExtensionSyntax),
            ("permessage-deflate; unknown", parameter("unknown")),
            ("permessage-deflate; unknown=1", parameter("unknown")),
            (
                "permessage-deflate; Client_max_window_bits=9",
                parameter("Client_max_window_bits"),
            ),
            ("permessage-deflate; client_max_window_bits", client_bits()),
            (
                "permessage-deflate; client_max_window_bits=7",
                client_bits(),
            ),
            (
                "permessage-deflate; client_max_window_bits=16",
                client_bits(),
            ),
            (
                "permessage-deflate; client_max_window_bits=09",
                client_bits(),
            ),
            (
                "permessage-deflate; client_max_window_bits=+9",
                client_bits(),
            ),
            (
                "permessage-deflate; client_max_window_bits=1e1",
                client_bits(),
            ),
            (
                "permessage-deflate; client_max_window_bits=265",
                client_bits(),
            ),
            (
                "permessage-deflate; client_max_window_bits=9; client_max_window_bits=9",
                client_bits(),
            ),
            ("permessage-deflate; server_max_window_bits", server_bits()),
            (
                "permessage-deflate; server_max_window_bits=0",
                server_bits(),
            ),
            (
                "permessage-deflate; server_max_window_bits=7",
                server_bits(),
            ),
            (
                "permessage-deflate; server_max_window_bits=16",
                server_bits(),
            ),
            (
                "permessage-deflate; server_max_window_bits=9; server_max_window_bits=10",
                server_bits(),
            ),
            (
                "permessage-deflate; server_no_context_takeover=1",
                parameter("server_no_context_takeover"),
            ),
            (
                "permessage-deflate; client_no_context_takeover=true",
                parameter("client_no_context_takeover"),
            ),
            (
                "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
                parameter("client_no_context_takeover"),
            ),
        ] {
            assert_eq!(answer(value, &offered), Err(refusal), "{value:?}");
        }
    }

    #[test]
    fn answers_to_other_offers() {
        let flags = compression(|it| {
            it.server_no_context_takeover = true;
            it.client_no_context_takeover = true;
        });
        let bits = compression(|it| {
            it.server_max_window_bits = Some(10);
            it.client_max_window_bits = Some(12);
        });
        let silent = compression(|it| it.client_max_window_bits = None);
        let missing = Refusal::MissingExtensionParameter;
        for (offered, value, expected) in [
            (&flags, "", Err(missing("server_no_context_takeover"))),
            // The client's flag holds whether or not the server repeats it.
            (
                &flags,
                "; server_no_context_takeover",
                Ok((true, true, 15, 15)),
            ),
            (&bits, "", Err(missing("server_max_window_bits"))),
            (
                &bits,
                "; server_max_window_bits=10",
                Ok((false, false, 10, 12)),
            ),
            (
                &bits,
                "; server_max_window_bits=9",
                Ok((false, false, 9, 12)),
            ),
            (
                &bits,
                "; server_max_window_bits=11",
                Err(parameter("server_max_window_bits")),
            ),
            (
                &bits,
                "; server_max_window_bits=8; client_max_window_bits=9",
                Ok((false, false, 8, 9)),
            ),
            (
                &bits,
                "; server_max_window_bits=8; client_max_window_bits=15",
                Ok((false, false, 8, 12)),
            ),
            (&silent, "", Ok((false, false, 15, 15))),
            (
                &silent,
                "; client_max_window_bits=15",
                Err(parameter("client_max_window_bits")),
            ),
        ] {
            let deflate = answer(&format!("permessage-deflate{value}"), offered);
            assert_eq!(
                deflate.as_ref().map(terms),
                expected.as_ref().copied(),
                "{value}"
            );
        }
    }

    #[test]
    fn one_list_over_several_lines() {
        let offered = Compression::default();
        let line = &b"permessage-deflate"[..];
        let twice = agree(&[line, line], &offered);
        assert_eq!(twice, Err(Refusal::SeveralExtensions));
        let empty = agree(&[line, b""], &offered);
        assert_eq!(empty, Err(Refusal::ExtensionSyntax));
        let garbage = agree(&[b"permessage-deflate\xff"], &offered);
        assert_eq!(garbage, Err(Refusal::ExtensionSyntax));
        let off = compression(|it| it.enabled = false);
        assert_eq!(agree(&[line], &off), Err(Refusal::UnexpectedExtension));
    }

    #[test]
    fn level_and_threshold_are_handed_on() {
        let offered = compression(|it| (it.level, it.threshold) = (7, 77));
        let deflate = answer("permessage-deflate", &offered).unwrap();
        assert_eq!((deflate.level, deflate.threshold), (7, 77));
    }
}

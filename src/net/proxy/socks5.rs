//! SOCKS version 5, <https://www.rfc-editor.org/rfc/rfc1928>, with user name and password,
//! <https://www.rfc-editor.org/rfc/rfc1929>.
//!
//! Every message says how long it is, so that nothing is read beyond it.

use url::Host;

use super::{
    proxy_url::Credentials,
    refusal::ProxyRefusal,
    tunnel::{Ask, Failure, Stream, read_exact},
};

const VERSION: u8 = 5;

/// Methods, section 3.
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NO_ACCEPTABLE_METHOD: u8 = 0xff;

/// The version of the negotiation of RFC 1929.
const CREDENTIALS_VERSION: u8 = 1;

/// Commands, section 4.
const CONNECT: u8 = 1;

/// Types of addresses, section 5.
const IPV4: u8 = 1;
const DOMAIN: u8 = 3;
const IPV6: u8 = 4;

const SUCCEEDED: u8 = 0;

pub(super) fn open<S: Stream>(stream: &mut S, ask: &Ask<'_>) -> Result<(), Failure<S::Error>> {
    let request = request(ask).map_err(Failure::Unaskable)?;
    let credentials = ask.proxy.credentials();
    agree_on_method(stream, credentials)?;
    stream.write_all(&request).map_err(Failure::Stream)?;

    // Section 6.
    let mut reply = [0; 4];
    read_exact(stream, &mut reply)?;
    let [version, reply, _reserved, address_type] = reply;
    check_version(version)?;
    if reply != SUCCEEDED {
        return Err(ProxyRefusal::Reply(reply).into());
    }
    // The address and port from which the proxy connects: of no use, but in the way.
    let address = match address_type {
        IPV4 => 4,
        IPV6 => 16,
        DOMAIN => {
            let mut length = [0];
            read_exact(stream, &mut length)?;
            usize::from(length[0])
        }
        other => return Err(ProxyRefusal::AddressType(other).into()),
    };
    let mut bound = [0; u8::MAX as usize + 2];
    read_exact(stream, bound.get_mut(..address + 2).unwrap_or_default())
}

/// Section 3, and RFC 1929 if the proxy chooses that.
fn agree_on_method<S: Stream>(
    stream: &mut S,
    credentials: Option<&Credentials>,
) -> Result<(), Failure<S::Error>> {
    let offer: &[u8] = match credentials {
        None => &[VERSION, 1, NO_AUTHENTICATION],
        Some(_) => &[VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD],
    };
    stream.write_all(offer).map_err(Failure::Stream)?;
    let mut choice = [0; 2];
    read_exact(stream, &mut choice)?;
    let [version, method] = choice;
    check_version(version)?;
    match (method, credentials) {
        (NO_AUTHENTICATION, _) => return Ok(()),
        (NO_ACCEPTABLE_METHOD, _) => return Err(ProxyRefusal::NoAuthenticationMethod.into()),
        (USER_AND_PASSWORD, Some(credentials)) => {
            let message = credentials_message(credentials).map_err(Failure::Unaskable)?;
            stream.write_all(&message).map_err(Failure::Stream)?;
        }
        (other, _) => return Err(ProxyRefusal::AuthenticationMethod(other).into()),
    }
    // Servers are not of one mind about the first byte, so only the second one is looked at.
    let mut answer = [0; 2];
    read_exact(stream, &mut answer)?;
    match answer {
        [_, SUCCEEDED] => Ok(()),
        _ => Err(ProxyRefusal::Credentials.into()),
    }
}

fn check_version(version: u8) -> Result<(), ProxyRefusal> {
    if version == VERSION {
        return Ok(());
    }
    Err(ProxyRefusal::NotSocks5(version))
}

/// RFC 1929 section 2.
fn credentials_message(credentials: &Credentials) -> Result<Vec<u8>, &'static str> {
    let mut message = vec![CREDENTIALS_VERSION];
    for text in [&credentials.user, &credentials.password] {
        let length = u8::try_from(text.len());
        message.push(length.map_err(|_| "user name or password: over 255 bytes")?);
        message.extend_from_slice(text);
    }
    Ok(message)
}

/// Section 4. A name is left to the proxy to resolve.
fn request(ask: &Ask<'_>) -> Result<Vec<u8>, &'static str> {
    let mut message = vec![VERSION, CONNECT, 0];
    match &ask.target.host {
        Host::Ipv4(address) => {
            message.push(IPV4);
            message.extend_from_slice(&address.octets());
        }
        Host::Ipv6(address) => {
            message.push(IPV6);
            message.extend_from_slice(&address.octets());
        }
        Host::Domain(name) => {
            let length = u8::try_from(name.len());
            message.push(DOMAIN);
            message.push(length.map_err(|_| "host name: over 255 bytes")?);
            message.extend_from_slice(name.as_bytes());
        }
    }
    message.extend_from_slice(&ask.target.port.to_be_bytes());
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::proxy::tunnel::tests::{Script, ask};

    /// No authentication, then success, from 0.0.0.0:0.
    const OK: [u8; 12] = [5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

    fn heard(proxy: &str, url: &str, answers: &[u8]) -> Vec<u8> {
        let mut script = Script::new(answers, usize::MAX);
        ask(proxy, url, &mut script).unwrap();
        assert_eq!(script.rest(), b"");
        script.heard
    }

    fn refusal_for(proxy: &str, answers: &[u8]) -> ProxyRefusal {
        let mut script = Script::new(answers, usize::MAX);
        match ask(proxy, "ws://h", &mut script) {
            Err(Failure::Refused(refusal)) => refusal,
            other => panic!("{answers:?}: {other:?}"),
        }
    }

    fn refusal(answers: &[u8]) -> ProxyRefusal {
        refusal_for("socks5://p.test", answers)
    }

    #[test]
    fn names_and_addresses_are_passed_as_they_are() {
        for (url, address) in [
            ("ws://example.org", &b"\x03\x0bexample.org\x00\x50"[..]),
            ("wss://localhost:8443", b"\x03\x09localhost\x20\xfb"),
            ("wss://192.0.2.1", b"\x01\xc0\x00\x02\x01\x01\xbb"),
            (
                "ws://[2001:db8::1]:81",
                b"\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x51",
            ),
        ] {
            for scheme in ["socks5", "socks5h"] {
                let heard = heard(&format!("{scheme}://p.test"), url, &OK);
                let expected = [b"\x05\x01\x00\x05\x01\x00", address].concat();
                assert_eq!(heard, expected, "{url}");
            }
        }
    }

    #[test]
    fn user_and_password_are_sent_when_they_are_asked_for() {
        let proxy = "socks5://us%65r:p%40ss@p.test";
        let offer = b"\x05\x02\x00\x02";
        let request = b"\x05\x01\x00\x03\x01h\x00\x50";
        let without = heard(proxy, "ws://h", &OK);
        assert_eq!(without, [&offer[..], request].concat());
        for version in [1, 5] {
            let answers = [&[5, 2, version, 0], &OK[2..]].concat();
            let with = heard(proxy, "ws://h", &answers);
            let sent = b"\x01\x04user\x04p@ss";
            assert_eq!(with, [&offer[..], sent, request].concat());
        }
        let answers = [&[5, 2, 1, 0], &OK[2..]].concat();
        let no_password = heard("socks5://user@p.test", "ws://h", &answers);
        assert!(no_password.starts_with(b"\x05\x02\x00\x02\x01\x04user\x00\x05"));
    }

    #[test]
    fn authentication_that_cannot_be_is_a_refusal() {
        let with = "socks5://user:secret@p.test";
        let no_method = ProxyRefusal::NoAuthenticationMethod;
        assert_eq!(refusal(&[5, 0xff]), no_method);
        assert_eq!(refusal_for(with, &[5, 0xff]), no_method);
        for method in [1, 3, 0x80] {
            let unoffered = ProxyRefusal::AuthenticationMethod(method);
            assert_eq!(refusal(&[5, method]), unoffered);
            assert_eq!(refusal_for(with, &[5, method]), unoffered);
        }
        assert_eq!(refusal(&[5, 2]), ProxyRefusal::AuthenticationMethod(2));
        for status in [1, 0xff] {
            let answers = [5, 2, 1, status];
            assert_eq!(refusal_for(with, &answers), ProxyRefusal::Credentials);
        }
    }

    #[test]
    fn every_reply_but_success_is_a_refusal() {
        for reply in 1..=u8::MAX {
            // Some end the line right behind it.
            assert_eq!(refusal(&[5, 0, 5, reply, 0, 0]), ProxyRefusal::Reply(reply));
        }
    }

    #[test]
    fn what_is_not_socks5_is_refused() {
        for bytes in [
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            &[4, 0x5a],
            &[0, 0],
        ] {
            assert_eq!(refusal(bytes), ProxyRefusal::NotSocks5(bytes[0]));
        }
        assert_eq!(refusal(&[5, 0, 4, 0, 0, 1]), ProxyRefusal::NotSocks5(4));
        for kind in [0, 2, 5, 0xff] {
            let refusal = refusal(&[5, 0, 5, 0, 0, kind]);
            assert_eq!(refusal, ProxyRefusal::AddressType(kind));
        }
    }

    #[test]
    fn every_kind_of_bound_address_is_passed_over_and_nothing_else() {
        let name = [&[3, 255][..], &[b'n'; 255], &[0, 1]].concat();
        for bound in [
            &[1, 127, 0, 0, 1, 0, 1][..],
            &[&[4][..], &[0; 16], &[0, 1]].concat(),
            &[3, 0, 0, 1],
            &name,
        ] {
            let reply = [&[5, 0, 5, 0, 0], bound].concat();
            for piece in [1, 3, usize::MAX] {
                let mut script = Script::new(&[&reply[..], b"tunnel"].concat(), piece);
                assert_eq!(ask("socks5://p.test", "ws://h", &mut script), Ok(()));
                assert_eq!(script.rest(), b"tunnel");
            }
            for cut in 0..reply.len() {
                assert_eq!(refusal(&reply[..cut]), ProxyRefusal::Truncated);
            }
        }
    }

    #[test]
    fn a_name_has_255_bytes_at_most() {
        let name = |length: usize| format!("{}x", "x.".repeat(length / 2));
        let mut script = Script::new(&OK, usize::MAX);
        let url = format!("ws://{}", name(255));
        assert_eq!(ask("socks5://p.test", &url, &mut script), Ok(()));
        let url = format!("ws://{}", name(257));
        let mut script = Script::new(&OK, usize::MAX);
        let result = ask("socks5://p.test", &url, &mut script);
        assert!(matches!(result, Err(Failure::Unaskable(_))), "{result:?}");
        assert!(script.heard.is_empty(), "nothing is sent");
    }

    #[test]
    fn a_line_that_breaks_is_told_as_such() {
        let mut script = Script::new(b"\x05!", 1);
        let result = ask("socks5://p.test", "ws://h", &mut script);
        assert_eq!(result, Err(Failure::Stream("broken")));
    }
}

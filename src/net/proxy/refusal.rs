//! Why a proxy did not open a tunnel.

use std::fmt;

/// What was wrong with a proxy's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyRefusal {
    /// It answered `CONNECT` with this status, which is not of the class 2xx. 407: it wants
    /// credentials, or others.
    Status(u16),
    /// Its answer is not an HTTP response; the text says where it stops being one.
    NotHttp(&'static str),
    /// It ended the line before its answer was whole.
    Truncated,
    /// Its response heads, interim ones included, are longer than
    /// [`Limits::response_head`](crate::net::Limits::response_head) bytes.
    HeadTooLong(usize),
    /// One has more than [`Limits::response_headers`](crate::net::Limits::response_headers) lines.
    TooManyHeaders(usize),
    /// It does not speak SOCKS5; the number is what it has in the place of the version.
    NotSocks5(u8),
    /// Of the ways to authenticate that were offered it accepts none: it wants credentials, if none
    /// are set, and other ones than a user name and a password else.
    NoAuthenticationMethod,
    /// It chose a way to authenticate that was not offered.
    AuthenticationMethod(u8),
    /// It does not accept user name and password, RFC 1929.
    Credentials,
    /// It answered with this number of RFC 1928 section 6.
    Reply(u8),
    /// It answered with a kind of address that RFC 1928 section 5 does not have.
    AddressType(u8),
}

impl fmt::Display for ProxyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => {
                write!(f, "it answered with status {status}")?;
                let status = http::StatusCode::from_u16(*status).ok();
                match status.and_then(|status| status.canonical_reason()) {
                    Some(reason) => write!(f, " ({reason})"),
                    None => Ok(()),
                }
            }
            Self::NotHttp(what) => write!(f, "its answer is not HTTP ({what})"),
            Self::Truncated => f.write_str("it ended the connection before its answer was whole"),
            Self::HeadTooLong(limit) => write!(f, "its answer's head is over {limit} bytes"),
            Self::TooManyHeaders(limit) => write!(f, "its answer has over {limit} headers"),
            Self::NotSocks5(version) => {
                write!(
                    f,
                    "it does not speak SOCKS5 (it answered with version {version})"
                )
            }
            Self::NoAuthenticationMethod => {
                f.write_str("it accepts none of the ways to authenticate that were offered")
            }
            Self::AuthenticationMethod(method) => {
                write!(
                    f,
                    "it chose a way to authenticate that was not offered ({method})"
                )
            }
            Self::Credentials => f.write_str("it does not accept the user name and password"),
            Self::Reply(reply) => match reply_text(*reply) {
                Some(text) => write!(f, "it answered: {text} ({reply})"),
                None => write!(f, "it answered with an unknown failure ({reply})"),
            },
            Self::AddressType(kind) => {
                write!(f, "it answered with an unknown kind of address ({kind})")
            }
        }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc1928#section-6>
fn reply_text(reply: u8) -> Option<&'static str> {
    Some(match reply {
        1 => "general failure of the SOCKS server",
        2 => "its rules do not allow the connection",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "TTL expired",
        7 => "command not supported",
        8 => "kind of address not supported",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_words() {
        for (refusal, text) in [
            (
                ProxyRefusal::Status(407),
                "it answered with status 407 (Proxy Authentication Required)",
            ),
            (ProxyRefusal::Status(799), "it answered with status 799"),
            (
                ProxyRefusal::Reply(5),
                "it answered: connection refused (5)",
            ),
            (
                ProxyRefusal::Reply(9),
                "it answered with an unknown failure (9)",
            ),
        ] {
            assert_eq!(refusal.to_string(), text);
        }
        assert!((1..=8).all(|reply| reply_text(reply).is_some()));
    }
}

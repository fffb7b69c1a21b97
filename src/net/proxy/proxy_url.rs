//! One proxy, and the URL that names it.

use std::{fmt, str::FromStr};

use url::{Host, Url};

use crate::net::{
    error::{Error, ErrorKind, Phase},
    target::percent_decode,
};

/// How a proxy is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyKind {
    /// `http:` HTTP `CONNECT` over TCP.
    Http,
    /// `https:` HTTP `CONNECT` over TLS with the proxy, whose certificate is checked as a server's
    /// is.
    Https,
    /// `socks5:` SOCKS version 5, RFC 1928.
    Socks5,
}

impl ProxyKind {
    fn scheme(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 => "socks5",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Socks5 => 1080,
        }
    }
}

/// A proxy: its kind, its address, and the credentials for it.
///
/// `Display` and `Debug` never show the credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    kind: ProxyKind,
    host: Host<String>,
    port: u16,
    credentials: Option<Credentials>,
}

/// A user name and a password, as bytes. No `Debug`, so that nothing shows them by accident.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) user: Vec<u8>,
    pub(super) password: Vec<u8>,
}

/// What RFC 1929 has room for, in a user name and in a password.
const SOCKS5_CREDENTIAL: usize = 255;

impl Proxy {
    /// Reads a URL: `scheme://user:password@host:port`.
    ///
    /// The scheme is `http`, `https`, `socks5`, `socks5h` or `socks`, the last two of which mean
    /// `socks5`; without `://` it is `http`. The port is 80, 443 or 1080 if it is left out. User
    /// name and password are percent-decoded; both may be missing. Behind host and port there may
    /// be one `/`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidProxy`], which never repeats the URL.
    pub fn parse(url: &str) -> Result<Self, Error> {
        Self::parse_from(url, "the proxy that was given")
    }

    /// The same; `subject` says where the URL comes from.
    pub(crate) fn parse_from(url: &str, subject: &str) -> Result<Self, Error> {
        let invalid = |what| Error::new(Phase::Proxy, ErrorKind::InvalidProxy(what), subject);
        let with_scheme = if url.contains("://") {
            url.to_owned()
        } else {
            format!("http://{url}")
        };
        let url = Url::parse(&with_scheme)
            .map_err(|error| invalid("its URL cannot be read").caused_by(error))?;
        let kind = match url.scheme() {
            "http" => ProxyKind::Http,
            "https" => ProxyKind::Https,
            "socks5" | "socks5h" | "socks" => ProxyKind::Socks5,
            "socks4" | "socks4a" => return Err(invalid("SOCKS4 is not supported, SOCKS5 is")),
            _ => return Err(invalid("its scheme is none of http, https and socks5")),
        };
        // Half a password would be taken for a part of the address, and shown as such.
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(invalid(
                "there is more than a / behind its host and port (in a user name or a password, \
                 / ? # and @ are written as %2F %3F %23 and %40)",
            ));
        }
        // The URL Standard leaves the host of such a scheme as socks5 as it is.
        let host = Host::parse(url.host_str().unwrap_or_default())
            .map_err(|error| invalid("its host cannot be read").caused_by(error))?;
        let proxy = Self {
            kind,
            host,
            port: url.port().unwrap_or(kind.default_port()),
            credentials: None,
        };
        let password = url.password();
        if url.username().is_empty() && password.is_none() {
            return Ok(proxy);
        }
        let user = percent_decode(url.username());
        let password = percent_decode(password.unwrap_or_default());
        proxy.with_credentials_from(user, password, subject)
    }

    /// The same proxy with these credentials in place of those it has.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidProxy`] for what cannot be told to such a proxy: with SOCKS5 more than
    /// 255 bytes in either of them (RFC 1929), with HTTP a user name with a colon or control
    /// characters in either (RFC 7617).
    pub fn with_credentials(self, user: &str, password: &str) -> Result<Self, Error> {
        let subject = self.to_string();
        self.with_credentials_from(user.into(), password.into(), &subject)
    }

    fn with_credentials_from(
        mut self,
        user: Vec<u8>,
        password: Vec<u8>,
        subject: &str,
    ) -> Result<Self, Error> {
        let invalid = |what| Error::new(Phase::Proxy, ErrorKind::InvalidProxy(what), subject);
        if self.kind == ProxyKind::Socks5 {
            if user.len().max(password.len()) > SOCKS5_CREDENTIAL {
                return Err(invalid("its user name or password is over 255 bytes"));
            }
        } else if user.contains(&b':') {
            return Err(invalid("its user name contains a colon"));
        } else if user.iter().chain(&password).any(u8::is_ascii_control) {
            return Err(invalid(
                "its user name or password contains a control character",
            ));
        }
        self.credentials = Some(Credentials { user, password });
        Ok(self)
    }

    /// How it is spoken to.
    #[must_use]
    pub fn kind(&self) -> ProxyKind {
        self.kind
    }

    /// Its name or address.
    #[must_use]
    pub fn host(&self) -> &Host<String> {
        &self.host
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }
}

impl FromStr for Proxy {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self, Error> {
        Self::parse(url)
    }
}

/// The URL without the credentials.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.kind.scheme(), self.host, self.port)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("url", &format_args!("{self}"))
            .field("has_credentials", &self.credentials.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Proxy {
        Proxy::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    fn credentials(url: &str) -> (String, String) {
        let credentials = parse(url).credentials.expect("credentials");
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(credentials.user), text(credentials.password))
    }

    #[test]
    fn schemes_and_default_ports() {
        for (url, shown) in [
            ("http://proxy.test", "http://proxy.test:80"),
            ("http://proxy.test:80/", "http://proxy.test:80"),
            ("HTTP://Proxy.Test:3128", "http://proxy.test:3128"),
            ("https://proxy.test", "https://proxy.test:443"),
            ("https://proxy.test:80", "https://proxy.test:80"),
            ("socks5://proxy.test", "socks5://proxy.test:1080"),
            ("socks5://proxy.test:80/", "socks5://proxy.test:80"),
            ("socks5h://PROXY.test:443", "socks5://proxy.test:443"),
            ("socks://127.0.0.1", "socks5://127.0.0.1:1080"),
            ("proxy.test:3128", "http://proxy.test:3128"),
            ("proxy.test", "http://proxy.test:80"),
            ("127.0.0.1:3128", "http://127.0.0.1:3128"),
            ("[::1]:3128", "http://[::1]:3128"),
            ("socks5://[2001:DB8::1]:9", "socks5://[2001:db8::1]:9"),
            ("socks5://bücher.test", "socks5://xn--bcher-kva.test:1080"),
            (" http://proxy.test:1 \n", "http://proxy.test:1"),
        ] {
            assert_eq!(parse(url).to_string(), shown);
        }
        // An address is one, whatever the scheme.
        assert!(matches!(parse("socks5://127.0.0.1").host(), Host::Ipv4(_)));
        assert!(matches!(parse("http://127.0.0.1").host(), Host::Ipv4(_)));
    }

    #[test]
    fn credentials_are_decoded() {
        for scheme in ["http://", "https://", "socks5://", ""] {
            let url = |user_info: &str| format!("{scheme}{user_info}@proxy.test:1");
            let pair = |user: &str, password: &str| (user.to_owned(), password.to_owned());
            assert_eq!(credentials(&url("user:pw")), pair("user", "pw"));
            assert_eq!(credentials(&url("user")), pair("user", ""));
            assert_eq!(credentials(&url("user:")), pair("user", ""));
            assert_eq!(credentials(&url(":pw")), pair("", "pw"));
            assert_eq!(
                credentials(&url("us%40er:p%3Aw%2F%25")),
                pair("us@er", "p:w/%")
            );
            assert_eq!(credentials(&url("a:b:c")), pair("a", "b:c"));
            assert_eq!(credentials(&url("ü:é")), pair("ü", "é"));
        }
        assert!(parse("http://proxy.test").credentials.is_none());
    }

    #[test]
    fn what_cannot_be_read_is_refused_without_repeating_it() {
        for (url, what) in [
            ("", "cannot be read"),
            ("http://", "cannot be read"),
            ("socks5://", "host cannot be read"),
            ("socks5://secret@", "empty host"),
            ("http://secret:secret@proxy.test:99999", "port"),
            ("http://secret:secret@proxy.test:x", "port"),
            ("ftp://secret:secret@proxy.test", "scheme"),
            ("socks4://secret@proxy.test", "SOCKS4 is not supported"),
            ("socks4a://secret@proxy.test", "SOCKS4 is not supported"),
            ("http://secret:se#cret@proxy.test", "port"),
            ("http://secret:12/cret@proxy.test", "behind its host"),
            ("http://secret:12?cret@proxy.test", "behind its host"),
            ("socks5://secret:12#cret@proxy.test", "behind its host"),
            ("http://proxy.test/secret.pac", "behind its host"),
            ("http://secret:a%0Ab@proxy.test", "control character"),
            ("http://sec%3Aret:x@proxy.test", "colon"),
            ("http://pro xy.test", "cannot be read"),
            ("socks5://pro%20xy.test", "host cannot be read"),
        ] {
            let error = Proxy::parse(url).unwrap_err();
            assert_eq!(error.phase(), Phase::Proxy);
            let text = error.to_string();
            assert!(text.contains(what), "{url}: {text}");
            let all = format!("{text} {error:?}");
            assert!(!all.contains("secret"), "{all}");
        }
    }

    #[test]
    fn socks5_has_room_for_255_bytes() {
        let url = |length: usize| format!("socks5://{}:x@proxy.test", "u".repeat(length));
        assert!(Proxy::parse(&url(255)).is_ok());
        assert!(Proxy::parse(&url(256)).is_err());
        let url = |length: usize| format!("socks5://u:{}@proxy.test", "x".repeat(length));
        assert!(Proxy::parse(&url(255)).is_ok());
        assert!(Proxy::parse(&url(256)).is_err());
        assert!(Proxy::parse(&url(256).replace("socks5", "http")).is_ok());
    }

    #[test]
    fn credentials_are_never_shown() {
        let proxy = parse("http://proxy.test:1")
            .with_credentials("user-secret", "password-secret")
            .unwrap();
        let shown = format!("{proxy} {proxy:?}");
        assert!(shown.contains("proxy.test:1"), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
        let error = proxy.with_credentials("secret:", "secret").unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

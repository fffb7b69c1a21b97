//! Hosts that are reached without a proxy.

use std::{net::IpAddr, str::FromStr};

use ipnet::IpNet;
use url::Host;

use crate::net::{
    error::{Error, ErrorKind, Phase},
    target::Target,
};

/// Hosts that are reached without a proxy, as the environment variable `NO_PROXY` lists them.
///
/// An entry is one of these, and they are separated by commas or spaces:
///
/// | entry | what it is for |
/// |---|---|
/// | `*` | everything |
/// | `example.org`, `.example.org`, `*.example.org` | that name and all names below it |
/// | `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]` | that address |
/// | `192.0.2.0/24`, `2001:db8::/32` | the addresses of that network |
/// | `example.org:8443`, `192.0.2.1:80`, `[2001:db8::1]:80` | the same, with that port only |
///
/// So reads curl, and the ports come from Go. Names are compared with the name in the URL and
/// addresses with an address in the URL: no name is resolved for it. `localhost` and the loopback
/// addresses are nothing special: `localhost,127.0.0.1,[::1]` names them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NoProxy {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    hosts: Hosts,
    /// `None`: any.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    All,
    /// Lower case, without dots at either end.
    Domain(String),
    Network(IpNet),
}

impl NoProxy {
    /// Reads a list.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidProxy`] for an entry that is none of those in the table above.
    pub fn parse(list: &str) -> Result<Self, Error> {
        let entry = |text| {
            parse_entry(text).ok_or_else(|| {
                let kind = ErrorKind::InvalidProxy("it is no host, address or network");
                // Behind a URL's user info stands what may be shown of it.
                let shown = text.rsplit('@').next().unwrap_or_default();
                let subject = format!("an entry in the list of hosts without a proxy, {shown:?}");
                Error::new(Phase::Proxy, kind, subject)
            })
        };
        let entries = texts(list).map(entry).collect::<Result<_, _>>()?;
        Ok(Self { entries })
    }

    /// Reads a list that others have written for other programs: an entry that cannot be read is
    /// for no host, as it is with curl.
    pub(super) fn parse_known(list: &str) -> Self {
        let entries = texts(list).filter_map(parse_entry).collect();
        Self { entries }
    }

    /// Whether a server is among them.
    pub(super) fn contains(&self, target: &Target) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|entry| {
            entry.port.is_none_or(|port| port == target.port) && entry.hosts.contain(&target.host)
        })
    }

    /// Adds an address with one port.
    pub(super) fn add_address(&mut self, address: std::net::SocketAddr) {
        self.entries.push(Entry {
            hosts: Hosts::Network(IpNet::from(address.ip().to_canonical())),
            port: Some(address.port()),
        });
    }
}

impl FromStr for NoProxy {
    type Err = Error;

    fn from_str(list: &str) -> Result<Self, Error> {
        Self::parse(list)
    }
}

impl Hosts {
    fn contain(&self, host: &Host<String>) -> bool {
        let address = match host {
            Host::Ipv4(address) => IpAddr::V4(*address),
            Host::Ipv6(address) => IpAddr::V6(*address).to_canonical(),
            Host::Domain(name) => return self.contain_name(name),
        };
        match self {
            Self::All => true,
            Self::Domain(_) => false,
            Self::Network(network) => network.contains(&address),
        }
    }

    fn contain_name(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Network(_) => false,
            Self::Domain(domain) => {
                let name = name.strip_suffix('.').unwrap_or(name);
                // `example.org` is no suffix of `notexample.org`.
                name.strip_suffix(domain.as_str())
                    .is_some_and(|before| before.is_empty() || before.ends_with('.'))
            }
        }
    }
}

fn texts(list: &str) -> impl Iterator<Item = &str> {
    list.split(|letter: char| letter == ',' || letter.is_ascii_whitespace())
        .filter(|text| !text.is_empty())
}

fn parse_entry(text: &str) -> Option<Entry> {
    let any_port = |hosts| Some(Entry { hosts, port: None });
    if text == "*" {
        return any_port(Hosts::All);
    }
    if text.contains('/') {
        return any_port(Hosts::Network(text.parse().ok()?));
    }
    if let Some(network) = parse_address(text) {
        return any_port(Hosts::Network(network));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (text, None),
    };
    let hosts = match parse_address(host) {
        // Without brackets nobody could tell the port.
        Some(IpNet::V6(_)) if !host.starts_with('[') => return None,
        Some(network) => Hosts::Network(network),
        None => Hosts::Domain(parse_domain(host)?),
    };
    Some(Entry { hosts, port })
}

/// An address, in brackets or not, as the network that has no other.
fn parse_address(text: &str) -> Option<IpNet> {
    let inner = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let address: IpAddr = match inner {
        Some(inner) => IpAddr::V6(inner.parse().ok()?),
        None => text.parse().ok()?,
    };
    Some(IpNet::from(address.to_canonical()))
}

fn parse_domain(text: &str) -> Option<String> {
    let name = text.strip_prefix('*').unwrap_or(text);
    if name.len() < text.len() && !name.starts_with('.') {
        return None;
    }
    let name = name.trim_matches('.');
    if name.contains('*') {
        return None;
    }
    // In the form that names have in URLs: lower case, Punycode.
    match Host::parse(name) {
        Ok(Host::Domain(name)) => Some(name),
        // Such as `10.1`, which would be 10.0.0.1 and is not meant so.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn contains(list: &str, host_and_port: &str) -> bool {
        let url = Url::parse(&format!("ws://{host_and_port}/")).unwrap();
        NoProxy::parse(list)
            .unwrap_or_else(|error| panic!("{error}"))
            .contains(&Target::new(&url).unwrap())
    }

    #[test]
    fn names_stand_for_themselves_and_what_is_below() {
        for list in [
            "example.org",
            ".example.org",
            "*.example.org",
            "EXAMPLE.org.",
            "other.test,example.org",
            "other.test , example.org",
            "other.test example.org",
            ",,example.org,",
        ] {
            for host in ["example.org", "a.example.org", "a.b.EXAMPLE.org."] {
                assert!(contains(list, host), "{list}: {host}");
            }
            for host in ["notexample.org", "example.org.test", "org", "192.0.2.1"] {
                assert!(!contains(list, host), "{list}: {host}");
            }
        }
        assert!(contains("bücher.test", "xn--bcher-kva.test"));
        assert!(contains("localhost", "localhost:9000"));
        assert!(!contains("localhost", "127.0.0.1"));
    }

    #[test]
    fn a_star_is_everything_and_nothing_is_nothing() {
        for host in ["example.org", "127.0.0.1", "[::1]:9000"] {
            assert!(contains("*", host));
            assert!(contains("a.test, *", host));
            assert!(!contains("", host));
            assert!(!contains(" , ", host));
        }
    }

    #[test]
    fn addresses_and_networks() {
        for (list, inside, outside) in [
            ("192.0.2.1", "192.0.2.1:99", "192.0.2.2"),
            ("::1", "[::1]", "[::2]"),
            ("[2001:db8::1]", "[2001:db8:0::1]", "[2001:db8::2]"),
            ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
            ("192.0.2.77/24", "192.0.2.1", "192.0.1.77"),
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("2001:db8::/32", "[2001:db8:ffff::1]", "[2001:db9::1]"),
            ("0.0.0.0/0", "198.51.100.1", "[::1]"),
            // The same address in its two forms.
            ("192.0.2.1", "[::ffff:192.0.2.1]", "[::ffff:192.0.2.2]"),
            ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ] {
            assert!(contains(list, inside), "{list}: {inside}");
            assert!(!contains(list, outside), "{list}: {outside}");
        }
        assert!(!contains("192.0.2.0/24", "example.org"));
    }

    #[test]
    fn a_port_narrows_an_entry() {
        for (list, inside, outside) in [
            ("example.org:8443", "a.example.org:8443", "example.org:8444"),
            ("example.org:80", "example.org", "example.org:81"),
            ("192.0.2.1:81", "192.0.2.1:81", "192.0.2.1"),
            ("[::1]:81", "[::1]:81", "[::1]:82"),
        ] {
            assert!(contains(list, inside), "{list}: {inside}");
            assert!(!contains(list, outside), "{list}: {outside}");
        }
    }

    #[test]
    fn what_is_no_entry_is_refused_or_stands_for_nothing() {
        for text in [
            "192.0.2.0/33",
            "example.org/8",
            "example.org:http",
            "example.org:65536",
            "example.org:",
            ":80",
            ".",
            "*.",
            "*example.org",
            "a.*.test",
            "192.168.*",
            "10.1",
            "[::1",
            "[example.org]",
            "a_b|c",
            "http://example.org",
            "\u{7f}",
        ] {
            let error = NoProxy::parse(&format!("a.test,{text}")).unwrap_err();
            assert!(error.to_string().contains("no host"), "{text}: {error}");
            let known = NoProxy::parse_known(&format!("a.test,{text},b.test"));
            assert_eq!(known, NoProxy::parse("a.test,b.test").unwrap(), "{text}");
        }
        let error = NoProxy::parse("a\u{1b}[31m").unwrap_err().to_string();
        assert!(!error.contains('\u{1b}'), "{error}");
        let error = NoProxy::parse("http://user:s3cret@a.test").unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }

    #[test]
    fn one_address_and_port_can_be_added() {
        let mut list = NoProxy::default();
        list.add_address("127.0.0.1:81".parse().unwrap());
        assert_eq!(list, NoProxy::parse("127.0.0.1:81").unwrap());
    }
}

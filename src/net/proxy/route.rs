//! The way to a server, as those see it who connect.

use std::net::SocketAddr;

use url::Host;

use super::proxy_url::Proxy;
use crate::net::target::Target;

/// To a server, or to the proxy that is between.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) target: Target,
    pub(crate) proxy: Option<Proxy>,
}

/// What only one handshake at a time may be under way to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Turn {
    /// An address, in the form that it has of its two, and a port.
    Address(SocketAddr),
    /// A name, or an address that a proxy is told, and a port.
    Name(String, u16),
}

impl Route {
    /// Where TCP is to lead.
    pub(crate) fn host(&self) -> &Host<String> {
        match &self.proxy {
            Some(proxy) => proxy.host(),
            None => &self.target.host,
        }
    }

    /// The port there.
    pub(crate) fn port(&self) -> u16 {
        match &self.proxy {
            Some(proxy) => proxy.port(),
            None => self.target.port,
        }
    }

    /// What TCP leads to, for messages.
    pub(crate) fn subject(&self) -> String {
        match &self.proxy {
            Some(proxy) => format!("the proxy {proxy}"),
            None => self.target.subject(),
        }
    }

    /// The host that is resolved, for messages.
    pub(crate) fn host_subject(&self) -> String {
        match &self.proxy {
            Some(proxy) => format!("{}, the proxy's name", proxy.host()),
            None => self.target.host.to_string(),
        }
    }

    /// Which turn a dial of `address` has to wait for.
    ///
    /// RFC 6455 section 4.1, point 2: "there MUST be no more than one connection in a CONNECTING
    /// state" to an IP address; with its port, as the browsers read it. And of a proxy, which
    /// alone knows the address: "each host name refers to a distinct remote host".
    pub(crate) fn turn(&self, address: SocketAddr) -> Turn {
        match &self.proxy {
            Some(_) => Turn::Name(self.target.host.to_string(), self.target.port),
            // An IPv4 address is the same one when it is written as IPv6.
            None => Turn::Address(SocketAddr::new(address.ip().to_canonical(), address.port())),
        }
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn route(url: &str, proxy: Option<&str>) -> Route {
        Route {
            target: Target::new(&Url::parse(url).unwrap()).unwrap(),
            proxy: proxy.map(|url| Proxy::parse(url).unwrap()),
        }
    }

    #[test]
    fn a_turn_is_the_same_for_an_address_written_as_ipv4_and_as_ipv6() {
        let route = route("ws://example.org", None);
        let turn = |address: &str| route.turn(address.parse().unwrap());
        assert_eq!(turn("192.0.2.1:80"), turn("[::ffff:192.0.2.1]:80"));
        assert_ne!(turn("192.0.2.1:80"), turn("192.0.2.1:81"));
    }

    #[test]
    fn a_turn_behind_a_proxy_is_the_targets() {
        let address = "192.0.2.1:3128".parse().unwrap();
        let turn = |url: &str, proxy: &str| route(url, Some(proxy)).turn(address);
        let a = turn("ws://a.test", "http://p.test");
        assert_eq!(a, turn("ws://a.test/b", "socks5://q.test"));
        assert_ne!(a, turn("ws://b.test", "http://p.test"));
        assert_ne!(a, route("ws://a.test", None).turn(address));
    }

    #[test]
    fn a_proxy_stands_in_the_place_of_the_server() {
        let direct = route("ws://a.test:81", None);
        assert_eq!(
            (direct.host().to_string(), direct.port()),
            ("a.test".into(), 81)
        );
        assert_eq!(direct.subject(), "a.test:81");
        let proxied = route("ws://a.test:81", Some("socks5://user:secret@p.test"));
        assert_eq!(
            (proxied.host().to_string(), proxied.port()),
            ("p.test".into(), 1080)
        );
        assert_eq!(proxied.subject(), "the proxy socks5://p.test:1080");
        assert!(proxied.host_subject().starts_with("p.test"));
    }
}

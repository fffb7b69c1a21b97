//! Which proxy is used for what.

use std::net::SocketAddr;

use url::Url;

use super::{no_proxy::NoProxy, proxy_url::Proxy};
use crate::net::target::Target;

/// Which proxies are used. Default: none; the environment is not looked at unless
/// [`from_env`](Self::from_env) is called.
///
/// A connection that has a proxy here goes through it or fails: in no case is the server then
/// tried without.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProxyOptions {
    /// The proxy for `ws:` URLs. It is asked for a tunnel, too.
    pub ws: Option<Proxy>,
    /// The proxy for `wss:` URLs.
    pub wss: Option<Proxy>,
    /// Servers for which neither of them is used.
    pub no_proxy: NoProxy,
}

impl ProxyOptions {
    /// This proxy for everything.
    #[must_use]
    pub fn all(proxy: Proxy) -> Self {
        Self {
            ws: Some(proxy.clone()),
            wss: Some(proxy),
            no_proxy: NoProxy::default(),
        }
    }

    /// Reaches this address and port without a proxy, besides those in
    /// [`no_proxy`](Self::no_proxy).
    pub fn except(&mut self, address: SocketAddr) {
        self.no_proxy.add_address(address);
    }

    /// The proxy that a connection for `url`, which is `ws:` or `wss:`, goes through.
    #[must_use]
    pub fn proxy_for(&self, url: &Url) -> Option<&Proxy> {
        match self.choose(&Target::new(url).ok()?) {
            Choice::Proxy(proxy) => Some(proxy),
            Choice::None | Choice::Excepted => None,
        }
    }

    /// Whether there is a proxy for anything.
    pub(crate) fn is_any_set(&self) -> bool {
        self.ws.is_some() || self.wss.is_some()
    }

    /// What is between us and a server.
    pub(crate) fn choose(&self, target: &Target) -> Choice<'_> {
        let proxy = if target.secure { &self.wss } else { &self.ws };
        match proxy {
            None => Choice::None,
            Some(_) if self.no_proxy.contains(target) => Choice::Excepted,
            Some(proxy) => Choice::Proxy(proxy),
        }
    }
}

impl From<Proxy> for ProxyOptions {
    fn from(proxy: Proxy) -> Self {
        Self::all(proxy)
    }
}

/// See [`ProxyOptions::choose`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Choice<'a> {
    /// No proxy is set.
    None,
    /// One is, but not for this server.
    Excepted,
    /// This one.
    Proxy(&'a Proxy),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_chooses_and_exceptions_come_first() {
        let (plain, secure) = (
            Proxy::parse("http://a.test").unwrap(),
            Proxy::parse("socks5://b.test").unwrap(),
        );
        let mut options = ProxyOptions::all(plain.clone());
        options.wss = Some(secure.clone());
        options.no_proxy = "inside.test".parse().unwrap();
        options.except("127.0.0.1:81".parse().unwrap());
        let target = |url: &str| Target::new(&Url::parse(url).unwrap()).unwrap();
        for (url, choice) in [
            ("ws://example.org", Choice::Proxy(&plain)),
            ("wss://example.org", Choice::Proxy(&secure)),
            ("ws://inside.test", Choice::Excepted),
            ("wss://a.inside.test", Choice::Excepted),
            ("ws://127.0.0.1:81", Choice::Excepted),
            ("ws://127.0.0.1:82", Choice::Proxy(&plain)),
            ("ws://localhost", Choice::Proxy(&plain)),
        ] {
            assert_eq!(options.choose(&target(url)), choice, "{url}");
            let proxy = options.proxy_for(&Url::parse(url).unwrap());
            assert_eq!(proxy.is_some(), matches!(choice, Choice::Proxy(_)), "{url}");
        }
        options.ws = None;
        assert_eq!(options.choose(&target("ws://inside.test")), Choice::None);
        assert_eq!(options.choose(&target("ws://example.org")), Choice::None);
    }
}

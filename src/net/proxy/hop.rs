//! Where a connection leads first, as those see it who connect.

use url::Host;

use super::proxy_url::Proxy;
use crate::net::target::Target;

/// The proxy, or the server if there is none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hop<'a> {
    pub(crate) target: &'a Target,
    pub(crate) proxy: Option<&'a Proxy>,
}

impl<'a> Hop<'a> {
    /// What is looked up.
    pub(crate) fn host(self) -> &'a Host<String> {
        match self.proxy {
            Some(proxy) => proxy.host(),
            None => &self.target.host,
        }
    }

    /// The port there.
    pub(crate) fn port(self) -> u16 {
        match self.proxy {
            Some(proxy) => proxy.port(),
            None => self.target.port,
        }
    }

    /// Host and port, for messages.
    pub(crate) fn subject(self) -> String {
        match self.proxy {
            Some(proxy) => format!("the proxy {proxy}"),
            None => self.target.subject(),
        }
    }

    /// The host alone, for messages.
    pub(crate) fn host_subject(self) -> String {
        match self.proxy {
            Some(proxy) => format!("{}, the name of the proxy", proxy.host()),
            None => self.target.host.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    #[test]
    fn a_proxy_stands_in_the_place_of_the_server() {
        let target = Target::new(&Url::parse("ws://a.test:81").unwrap()).unwrap();
        let seen = |proxy: Option<&Proxy>| {
            let target = &target;
            let hop = Hop { target, proxy };
            (hop.host().to_string(), hop.port(), hop.subject())
        };
        assert_eq!(seen(None), ("a.test".into(), 81, "a.test:81".into()));
        let proxy = Proxy::parse("socks5://user:secret@p.test").unwrap();
        let subject = "the proxy socks5://p.test:1080";
        assert_eq!(seen(Some(&proxy)), ("p.test".into(), 1080, subject.into()));
    }
}

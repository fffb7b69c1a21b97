//! Where addresses come from.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs},
    sync::Arc,
};

use url::Host;

/// Turns host names into addresses, in place of the operating system: DNS of one's own, a fixed
/// table, a test.
///
/// Called on a thread of its own, where it may block; at most
/// [`Limits::connectors`](super::Limits::connectors) of them run at a time, and never two for one
/// name. A result that comes after the deadline is ignored. A panic counts as an error.
///
/// `localhost` and the names below it are not asked for: they are the loopback interface
/// ([RFC 6761, section 6.3](https://www.rfc-editor.org/rfc/rfc6761#section-6.3)).
pub trait Resolver: fmt::Debug + Send + Sync {
    /// The addresses of `host`, which is in lower case and ASCII, and ends in a dot if it does so in
    /// the URL, the best one first. They are
    /// tried in this order, but so that the two families take turns.
    ///
    /// # Errors
    ///
    /// The name is unknown, or could not be asked for. An empty list says the former, too.
    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// For a resolver that several contexts share.
impl<T: Resolver + ?Sized> Resolver for Arc<T> {
    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        (**self).resolve(host)
    }
}

/// The operating system's, which is the default: `getaddrinfo`, which puts the addresses in the
/// order of [RFC 6724](https://www.rfc-editor.org/rfc/rfc6724). For resolvers that know some names
/// and leave the others to it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = (host, 0).to_socket_addrs()?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// The addresses that need no asking: the host is one, or is `localhost`, which is the loopback
/// interface whatever the system's resolver says,
/// <https://www.rfc-editor.org/rfc/rfc6761#section-6.3>.
pub(crate) fn known_addresses(host: &Host<String>) -> Option<Vec<IpAddr>> {
    match host {
        Host::Ipv4(address) => Some(vec![IpAddr::V4(*address)]),
        Host::Ipv6(address) => Some(vec![IpAddr::V6(*address)]),
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            let local = name == "localhost" || name.ends_with(".localhost");
            local.then(|| vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_and_addresses_need_no_resolver() {
        for name in ["localhost", "localhost.", "a.b.localhost"] {
            let found = known_addresses(&Host::Domain(name.into())).unwrap();
            assert!(found.iter().all(IpAddr::is_loopback), "{name}");
            assert_eq!(found.len(), 2);
        }
        for name in ["notlocalhost", "localhost.example", "example.org"] {
            assert_eq!(known_addresses(&Host::Domain(name.into())), None, "{name}");
        }
        let address = Ipv4Addr::new(192, 0, 2, 1);
        assert_eq!(
            known_addresses(&Host::Ipv4(address)),
            Some(vec![IpAddr::V4(address)])
        );
    }
}

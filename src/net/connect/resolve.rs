//! Host names to addresses.

use std::{
    collections::HashMap,
    collections::VecDeque,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs},
    sync::Arc,
    thread,
};

use url::Host;

use crate::net::{
    queue::{Inbox, Item},
    vocabulary::SocketId,
};

/// The addresses that need no asking: the host is one, or is `localhost`, which is the loopback
/// interface whatever the system's resolver says,
/// <https://www.rfc-editor.org/rfc/rfc6761#section-6.3>.
pub(super) fn known(host: &Host<String>) -> Option<Vec<IpAddr>> {
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

/// The lookups under way and those that wait, so that no name is asked for twice at a time.
pub(super) struct Lookups {
    inbox: Arc<Inbox>,
    max: usize,
    running: HashMap<String, Vec<SocketId>>,
    waiting: VecDeque<(String, Vec<SocketId>)>,
}

impl Lookups {
    /// At most `max` at a time; their results go to `inbox`.
    pub(super) fn new(inbox: Arc<Inbox>, max: usize) -> Self {
        Self {
            inbox,
            max: max.max(1),
            running: HashMap::new(),
            waiting: VecDeque::new(),
        }
    }

    /// Asks for `host` on behalf of `id`. The names whose lookups could not be started come back,
    /// with those who wanted them.
    pub(super) fn start(&mut self, host: &str, id: SocketId) -> Vec<(Vec<SocketId>, io::Error)> {
        if let Some(asking) = self.running.get_mut(host) {
            asking.push(id);
        } else if let Some((_, asking)) = self.waiting.iter_mut().find(|(name, _)| name == host) {
            asking.push(id);
        } else {
            self.waiting.push_back((host.to_owned(), vec![id]));
        }
        self.start_waiting()
    }

    /// A lookup has ended: who asked for it.
    pub(super) fn ended(&mut self, host: &str) -> (Vec<SocketId>, Vec<(Vec<SocketId>, io::Error)>) {
        let asking = self.running.remove(host).unwrap_or_default();
        (asking, self.start_waiting())
    }

    fn start_waiting(&mut self) -> Vec<(Vec<SocketId>, io::Error)> {
        let mut failed = Vec::new();
        while self.running.len() < self.max
            && let Some((host, asking)) = self.waiting.pop_front()
        {
            match spawn(host.clone(), self.inbox.clone()) {
                Ok(()) => {
                    self.running.insert(host, asking);
                }
                Err(error) => failed.push((asking, error)),
            }
        }
        failed
    }
}

/// `getaddrinfo` cannot be interrupted: its thread is on its own, and what it finds after its
/// network is gone goes nowhere.
fn spawn(host: String, inbox: Arc<Inbox>) -> io::Result<()> {
    let lookup = move || {
        let result = (host.as_str(), 0).to_socket_addrs().map(|addresses| {
            let mut found: Vec<IpAddr> = Vec::new();
            for address in addresses {
                if !found.contains(&address.ip()) {
                    found.push(address.ip());
                }
            }
            found
        });
        inbox.push_one(Item::Resolved { host, result });
    };
    thread::Builder::new()
        .name("boaws-resolve".into())
        .spawn(lookup)
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_and_addresses_need_no_resolver() {
        for name in ["localhost", "localhost.", "a.b.localhost"] {
            let found = known(&Host::Domain(name.into())).unwrap();
            assert!(found.iter().all(IpAddr::is_loopback), "{name}");
            assert_eq!(found.len(), 2);
        }
        for name in ["notlocalhost", "localhost.example", "example.org"] {
            assert_eq!(known(&Host::Domain(name.into())), None, "{name}");
        }
        let address = Ipv4Addr::new(192, 0, 2, 1);
        assert_eq!(known(&Host::Ipv4(address)), Some(vec![IpAddr::V4(address)]));
    }
}

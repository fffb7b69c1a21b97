//! Host names to addresses.

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::IpAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
};

use crate::net::{
    queue::{Inbox, Item},
    resolver::Resolver,
    vocabulary::SocketId,
};

/// Addresses of a name that are tried at most.
const MAX_ADDRESSES: usize = 32;

/// The order in which addresses are tried,
/// <https://www.rfc-editor.org/rfc/rfc8305#section-4>: as they came, but so that the families take
/// turns, and each once.
pub(super) fn in_order(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let (mut first, mut second) = (VecDeque::new(), VecDeque::new());
    let leads_with_v6 = addresses.first().is_some_and(IpAddr::is_ipv6);
    for address in addresses {
        let address = address.to_canonical();
        let family = if address.is_ipv6() == leads_with_v6 {
            &mut first
        } else {
            &mut second
        };
        if !family.contains(&address) && family.len() < MAX_ADDRESSES {
            family.push_back(address);
        }
    }
    let mut ordered = Vec::new();
    while ordered.len() < MAX_ADDRESSES && !(first.is_empty() && second.is_empty()) {
        ordered.extend(first.pop_front());
        ordered.extend(second.pop_front());
    }
    ordered.truncate(MAX_ADDRESSES);
    ordered
}

/// The lookups under way and those that wait, so that no name is asked for twice at a time.
pub(super) struct Lookups {
    resolver: Arc<dyn Resolver>,
    inbox: Arc<Inbox>,
    max: usize,
    running: HashMap<String, Vec<SocketId>>,
    waiting: VecDeque<(String, Vec<SocketId>)>,
}

impl Lookups {
    /// At most `max` at a time; their results go to `inbox`.
    pub(super) fn new(resolver: Arc<dyn Resolver>, inbox: Arc<Inbox>, max: usize) -> Self {
        Self {
            resolver,
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

    /// `id` does not want to know any more. What nobody wants to know is not asked for.
    pub(super) fn leave(&mut self, host: &str, id: SocketId) {
        if let Some(asking) = self.running.get_mut(host) {
            asking.retain(|other| *other != id);
        } else if let Some(at) = self.waiting.iter().position(|(name, _)| name == host)
            && let Some((_, asking)) = self.waiting.get_mut(at)
        {
            asking.retain(|other| *other != id);
            if asking.is_empty() {
                self.waiting.remove(at);
            }
        }
    }

    /// Nobody wants to know anything any more.
    pub(super) fn leave_all(&mut self) {
        self.running.values_mut().for_each(Vec::clear);
        self.waiting.clear();
    }

    /// How many wait for a lookup that has not begun.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
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
            match spawn(host.clone(), self.resolver.clone(), self.inbox.clone()) {
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
fn spawn(host: String, resolver: Arc<dyn Resolver>, inbox: Arc<Inbox>) -> io::Result<()> {
    let lookup = move || {
        let result = catch_unwind(AssertUnwindSafe(|| resolver.resolve(&host)))
            .unwrap_or_else(|_| Err(io::Error::other("the resolver panicked")));
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

    fn addresses(list: &[&str]) -> Vec<IpAddr> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn families_take_turns_and_the_first_one_stays_first() {
        for (given, tried) in [
            (&[][..], &[][..]),
            (
                &["::1", "::2", "::3", "1.0.0.1", "1.0.0.2"],
                &["::1", "1.0.0.1", "::2", "1.0.0.2", "::3"],
            ),
            (
                &["1.0.0.1", "1.0.0.2", "::1"],
                &["1.0.0.1", "::1", "1.0.0.2"],
            ),
            // Twice the same, once in disguise.
            (
                &["1.0.0.1", "::ffff:1.0.0.1", "1.0.0.1", "::1"],
                &["1.0.0.1", "::1"],
            ),
        ] {
            assert_eq!(in_order(&addresses(given)), addresses(tried));
        }
    }

    #[test]
    fn a_name_with_a_great_many_addresses_has_some_of_each_family_tried() {
        let many = |octet: u8| (0..=255).map(move |last| IpAddr::from([10, 0, octet, last]));
        let mut list: Vec<IpAddr> = many(0).chain(many(1)).collect();
        list.extend(addresses(&["::1"]));
        let tried = in_order(&list);
        assert_eq!(tried.len(), MAX_ADDRESSES);
        assert_eq!(tried.iter().filter(|address| address.is_ipv6()).count(), 1);
    }
}

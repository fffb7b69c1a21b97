//! One handshake at a time: who has the turn where, and who waits for it.

#[cfg(unix)]
use std::path::Path;
use std::{
    collections::{BTreeSet, HashMap},
    net::SocketAddr,
    sync::Arc,
};

use crate::net::{stream::Endpoint, target::Target, vocabulary::SocketId};

/// What only one handshake at a time may be made with.
///
/// RFC 6455 section 4.1, point 2: "there MUST be no more than one connection in a CONNECTING
/// state" to an IP address; with its port, as the browsers read it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Turn {
    /// An address, IPv4 always written as such.
    Address(SocketAddr),
    /// A Unix-domain socket.
    #[cfg(unix)]
    Path(Arc<Path>),
    /// A host and port behind a proxy or a dialer, which alone knows the address: "the client MUST assume for
    /// the purposes of this step that each host name refers to a distinct remote host".
    Name(String, u16),
}

impl Turn {
    /// The turn that connecting to `endpoint` needs, if it is known where that is.
    pub(super) fn at(endpoint: &Endpoint) -> Option<Self> {
        match endpoint {
            Endpoint::Tcp(address) => {
                let address = SocketAddr::new(address.ip().to_canonical(), address.port());
                Some(Self::Address(address))
            }
            #[cfg(unix)]
            Endpoint::Unix(path) => Some(Self::Path(path.clone())),
            Endpoint::Dialer => None,
        }
    }

    /// The turn that connecting to `target` needs where only others know its address.
    pub(super) fn by_name(target: &Target) -> Self {
        Self::Name(target.host.to_string(), target.port)
    }
}

/// All turns that somebody has or waits for.
pub(super) struct Turns {
    /// Unset, everybody has every turn.
    serial: bool,
    turns: HashMap<Turn, State>,
}

#[derive(Default)]
struct State {
    holder: Option<SocketId>,
    /// The oldest socket first.
    waiting: BTreeSet<SocketId>,
}

impl Turns {
    pub(super) fn new(serial: bool) -> Self {
        Self {
            serial,
            turns: HashMap::new(),
        }
    }

    /// Takes a turn: true if it is `id`'s now, or was already. If not, `id` waits for it from now
    /// on.
    pub(super) fn take(&mut self, turn: &Turn, id: SocketId) -> bool {
        if !self.serial {
            return true;
        }
        let state = self.turns.entry(turn.clone()).or_default();
        let holder = *state.holder.get_or_insert(id);
        if holder == id {
            state.waiting.remove(&id);
        } else {
            state.waiting.insert(id);
        }
        holder == id
    }

    /// `id` neither has the turn any more nor waits for it. True if it had it.
    pub(super) fn leave(&mut self, turn: &Turn, id: SocketId) -> bool {
        let Some(state) = self.turns.get_mut(turn) else {
            return false;
        };
        let had = state.holder == Some(id);
        if had {
            state.holder = None;
        }
        state.waiting.remove(&id);
        if state.holder.is_none() && state.waiting.is_empty() {
            self.turns.remove(turn);
        }
        had
    }

    /// Whom a turn that nobody has could go to: the oldest one that waits and is `able`.
    pub(super) fn next(&self, turn: &Turn, able: impl Fn(SocketId) -> bool) -> Option<SocketId> {
        let state = self.turns.get(turn)?;
        if state.holder.is_some() {
            return None;
        }
        state.waiting.iter().copied().find(|id| able(*id))
    }

    /// Whether nobody has or waits for anything.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.turns.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(address: &str) -> Turn {
        Turn::at(&Endpoint::Tcp(address.parse().unwrap())).unwrap()
    }

    #[test]
    fn a_turn_is_the_same_for_an_address_written_as_ipv4_and_as_ipv6() {
        assert_eq!(turn("192.0.2.1:80"), turn("[::ffff:192.0.2.1]:80"));
        assert_ne!(turn("192.0.2.1:80"), turn("192.0.2.1:81"));
    }

    #[test]
    fn the_oldest_that_waits_and_can_is_next() {
        let ids = [SocketId::next(), SocketId::next(), SocketId::next()];
        let (mut turns, turn) = (Turns::new(true), turn("192.0.2.1:80"));
        assert!(turns.take(&turn, ids[1]));
        assert!(turns.take(&turn, ids[1]), "it has it");
        assert!(!turns.take(&turn, ids[2]) && !turns.take(&turn, ids[0]));
        assert_eq!(turns.next(&turn, |_| true), None, "it is taken");
        assert!(turns.leave(&turn, ids[1]));
        assert_eq!(turns.next(&turn, |_| true), Some(ids[0]));
        assert_eq!(turns.next(&turn, |id| id != ids[0]), Some(ids[2]));
        assert!(!turns.leave(&turn, ids[0]), "it only waited");
        assert!(turns.take(&turn, ids[2]));
        assert!(turns.leave(&turn, ids[2]));
        assert!(turns.is_empty(), "nothing is kept");
    }

    #[test]
    fn unless_they_are_wanted_there_are_no_turns() {
        let (mut turns, turn) = (Turns::new(false), turn("192.0.2.1:80"));
        assert!(turns.take(&turn, SocketId::next()) && turns.take(&turn, SocketId::next()));
        assert!(turns.is_empty());
    }
}

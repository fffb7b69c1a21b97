//! Which connections may be made.
//!
//! Asked twice: about the URL, before anything is sent or looked up, and about each address, before
//! it is dialled. The second is what a name cannot get around by changing its address.

mod public;
mod rules;

use std::{
    any::Any,
    fmt,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use url::Url;

pub use rules::{InvalidRule, PolicyRules};

/// Decides which connections may be made. [`PolicyRules`] is a ready one.
///
/// A socket that is denied fails as one with a blocked port does: script gets `error` and `close`
/// with 1006, the embedder [`ErrorKind::Denied`](super::ErrorKind::Denied).
///
/// Both methods are called on the network's own thread, which waits: they must decide by what they
/// know, and look nothing up. A panic in one counts as a denial. One that does not return holds up all sockets of its context, and
/// no other's; dropping the context does not wait for it for long.
///
/// To a [Unix-domain socket](super::UnixSockets) there is no address, and behind a
/// [proxy](super::ProxyOptions) or a [dialer](super::Dialer) none is known: only the URL is checked. The proxy itself was chosen
/// by the embedder and is not checked.
/// The ports that the Fetch Standard blocks are blocked before any policy is asked.
pub trait Policy: Any + fmt::Debug + Send + Sync {
    /// Whether a connection for `url`, which is `ws:` or `wss:`, may be made at all. Nothing has
    /// been sent and its name has not been looked up.
    ///
    /// # Errors
    ///
    /// It may not, and why.
    fn check_url(&self, url: &Url) -> Result<(), Denied>;

    /// Whether `address`, to which the host of `url` has resolved, may be dialled. An IPv4 address
    /// that was written as an IPv6 one (`::ffff:192.0.2.1`) is given as IPv4. The other addresses
    /// of a host are still tried when one is denied.
    ///
    /// # Errors
    ///
    /// It may not, and why.
    fn check_address(&self, url: &Url, address: SocketAddr) -> Result<(), Denied>;

    /// Whether a connection for `url` may be made though [`check_address`](Self::check_address)
    /// cannot be asked: through a proxy or a dialer, which resolves the host, or to a Unix-domain socket. Asked
    /// after [`check_url`](Self::check_url); by default that is enough.
    ///
    /// # Errors
    ///
    /// It may not, and why.
    fn check_without_address(&self, url: &Url) -> Result<(), Denied> {
        let _ = url;
        Ok(())
    }
}

/// For a policy that several contexts share.
impl<T: Policy + ?Sized> Policy for Arc<T> {
    fn check_url(&self, url: &Url) -> Result<(), Denied> {
        (**self).check_url(url)
    }

    fn check_address(&self, url: &Url, address: SocketAddr) -> Result<(), Denied> {
        (**self).check_address(url, address)
    }

    fn check_without_address(&self, url: &Url) -> Result<(), Denied> {
        (**self).check_without_address(url)
    }
}

/// Why a [`Policy`] does not allow a connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Denied(Box<str>);

impl Denied {
    /// A denial for `reason`: what is denied and by which rule, in one line for people.
    #[must_use]
    pub fn new(reason: impl Into<Box<str>>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Denied {}

/// Asks about a URL.
pub(crate) fn check_url(policy: Option<&dyn Policy>, url: &Url) -> Result<(), Denied> {
    ask(policy, |policy| policy.check_url(url))
}

/// Asks about a URL whose host has no address that is known here.
pub(crate) fn check_without_address(policy: Option<&dyn Policy>, url: &Url) -> Result<(), Denied> {
    ask(policy, |policy| policy.check_without_address(url))
}

/// Asks about an address.
pub(crate) fn check_address(
    policy: Option<&dyn Policy>,
    url: &Url,
    address: SocketAddr,
) -> Result<(), Denied> {
    let address = SocketAddr::new(address.ip().to_canonical(), address.port());
    ask(policy, |policy| policy.check_address(url, address))
}

fn ask(
    policy: Option<&dyn Policy>,
    question: impl FnOnce(&dyn Policy) -> Result<(), Denied>,
) -> Result<(), Denied> {
    let Some(policy) = policy else {
        return Ok(());
    };
    catch_unwind(AssertUnwindSafe(|| question(policy)))
        .unwrap_or_else(|_| Err(Denied::new("the policy panicked")))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Debug, Default)]
    struct Asked(Mutex<Vec<SocketAddr>>);

    impl Policy for Asked {
        fn check_url(&self, _: &Url) -> Result<(), Denied> {
            panic!("on purpose");
        }

        fn check_address(&self, _: &Url, address: SocketAddr) -> Result<(), Denied> {
            self.0.lock().unwrap().push(address);
            Ok(())
        }
    }

    #[test]
    fn a_policy_sees_canonical_addresses_and_denies_by_a_panic() {
        let (policy, url) = (Asked::default(), Url::parse("ws://h/").unwrap());
        for address in ["[::ffff:10.0.0.1]:80", "10.0.0.1:80"] {
            assert_eq!(
                check_address(Some(&policy), &url, address.parse().unwrap()),
                Ok(())
            );
        }
        let same: SocketAddr = "10.0.0.1:80".parse().unwrap();
        assert_eq!(*policy.0.lock().unwrap(), [same, same]);
        assert!(check_url(Some(&policy), &url).is_err());
        assert_eq!(check_url(None, &url), Ok(()));
    }
}

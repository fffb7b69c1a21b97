//! Proxies on the way to a server: which one is used, and how it is asked for a tunnel.
//!
//! A tunnel is asked for with HTTP `CONNECT` ([RFC 9110, section 9.3.6]) or with SOCKS5
//! ([RFC 1928], [RFC 1929]), for `ws:` as for `wss:`; TLS with the server and the upgrade go through
//! it as they would over a line of their own. To the proxy itself leads TCP, or TLS on it.
//!
//! * Once a proxy is chosen there is no way around it: if it cannot be reached or refuses, the
//!   connection fails with that reason.
//! * The server's name goes to the proxy as it stands in the URL and is resolved there, with SOCKS5
//!   too. So no name leaks to the resolver of this machine, and the two kinds behave alike.
//!   `socks5:` and `socks5h:`, which other tools tell apart by that, mean the same here.
//! * Of what the proxy sends no byte is read but its answer: what follows belongs to the tunnel.
//! * The credentials for the proxy go to the proxy alone, and are never shown.
//!
//! The choice is made in [`ProxyOptions::choose`], for the scheduler. The talk with the proxy is
//! in [`open_tunnel`], which knows a line only as a [`Stream`].
//!
//! No crate is used for the environment: those there are take a value that they cannot read for
//! no value at all, and bypass the proxy without a word, or bring a whole HTTP client along.
//!
//! [RFC 9110, section 9.3.6]: https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6
//! [RFC 1928]: https://www.rfc-editor.org/rfc/rfc1928
//! [RFC 1929]: https://www.rfc-editor.org/rfc/rfc1929

mod environment;
mod hop;
mod http_connect;
mod no_proxy;
mod options;
mod proxy_url;
mod refusal;
mod socks5;
mod tls;
mod tunnel;

pub(crate) use hop::Hop;
pub use no_proxy::NoProxy;
pub(crate) use options::Choice;
pub use options::ProxyOptions;
pub use proxy_url::{Proxy, ProxyKind};
pub use refusal::ProxyRefusal;
pub(crate) use tls::tls_config;
pub(crate) use tunnel::{Ask, Failure, Stream, open_tunnel};

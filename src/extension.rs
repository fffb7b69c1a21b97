//! The public registration: [`WebSocketExtension`].

use boa_engine::{Context, JsResult, realm::Realm};
use http::{HeaderName, HeaderValue};
use url::Url;

use crate::{
    events::EventsExtension,
    net::{self, Options},
    websocket::{self, Settings},
};

/// Registers everything this crate has: the event interfaces, `Blob`, `WebSocket`, and, under
/// [`EventLoop`](crate::EventLoop), the timers.
///
/// ```
/// use boa_engine::{Context, JsResult, Source};
/// use boa_websocket::{EventLoop, WebSocketExtension};
///
/// # fn main() -> JsResult<()> {
/// let event_loop = EventLoop::new();
/// let mut context = Context::builder().job_executor(event_loop.clone()).build()?;
/// WebSocketExtension::default().register(None, &mut context)?;
/// context.eval(Source::from_bytes(
///     "globalThis.seen = []; let target = new EventTarget();
///      target.addEventListener('close', event => seen.push(event.code));
///      setTimeout(() => target.dispatchEvent(new CloseEvent('close', { code: 4001 })));",
/// ))?;
/// event_loop.run(&mut context)?;
/// let seen = context.eval(Source::from_bytes("seen.join()"))?;
/// assert_eq!(seen.display().to_string(), "\"4001\"");
/// # Ok(())
/// # }
/// ```
///
/// With the feature `runtime` it is a `boa_runtime::RuntimeExtension`. Register it after `boa_runtime`'s own extensions:
/// where both define a global, timers for one, this crate's is the fuller one.
#[derive(Clone, Debug, Default)]
pub struct WebSocketExtension {
    options: Options,
    settings: Settings,
}

/// Makes a [`WebSocketExtension`]; see [`WebSocketExtension::builder`].
///
/// ```
/// use std::time::Duration;
/// use boa_engine::{Context, Source};
/// use boa_websocket::{EventLoop, WebSocketExtension, net::PolicyRules};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// # let server = format!("ws://{}/", listener.local_addr()?);
/// # std::thread::spawn(move || {
/// #     let tcp = listener.accept().expect("a client").0;
/// #     let mut socket = tungstenite::accept(tcp).expect("a handshake");
/// #     while let Ok(message) = socket.read() {
/// #         if message.is_text() { let _ = socket.send(message); }
/// #     }
/// # });
/// # let event_loop = EventLoop::new();
/// # let mut context = Context::builder().job_executor(event_loop.clone()).build()?;
/// // Relative URLs lead to one server, and no others are allowed.
/// let mut policy = PolicyRules::new();
/// policy.allow("127.0.0.1")?;
/// let extension = WebSocketExtension::builder()
///     .base_url(&server)
///     .origin("https://game.example")
///     .policy(policy)
///     .limits(|limits| limits.sockets = 4)
///     .timeouts(|timeouts| timeouts.handshake = Duration::from_secs(5))
///     .build()?;
/// extension.register(None, &mut context)?;
/// context.eval(Source::from_bytes(
///     "globalThis.log = [];
///      const here = new WebSocket('/scores'), elsewhere = new WebSocket('ws://192.0.2.1/');
///      here.onopen = () => here.close(4000);
///      for (const ws of [here, elsewhere]) ws.onclose = (event) => log.push(event.code);",
/// ))?;
/// event_loop.run(&mut context)?;
/// let log = context.eval(Source::from_bytes("log.sort().join()"))?;
/// assert_eq!(log.display().to_string(), "\"1006,4000\"");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct WebSocketExtensionBuilder {
    options: Options,
    base_url: Option<String>,
    origin: Option<String>,
}

/// Why a [`WebSocketExtension`] could not be built.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The base URL is not an absolute URL.
    #[error("the base URL '{url}' is invalid: {source}")]
    BaseUrl {
        /// What was given.
        url: String,
        /// What the parser says.
        source: url::ParseError,
    },
    /// Nothing can be relative to the base URL, a `data:` URL for one.
    #[error("the base URL '{0}' cannot be a base")]
    CannotBeABase(String),
    /// The origin is not one that can stand in a header.
    #[error("the origin '{0}' is not visible ASCII without spaces")]
    Origin(String),
    /// A default header that cannot stand in a request, or that belongs to the handshake.
    #[error("the header '{name}' {why}")]
    Header {
        /// The name that was given.
        name: String,
        /// What is wrong.
        why: &'static str,
    },
    /// A network option, a file of certificates for one, cannot be used.
    #[error(transparent)]
    Network(#[from] net::Error),
    /// Options that contradict each other, or with which nothing could work; see [`Options::check`].
    #[error(transparent)]
    Option(#[from] net::InvalidOption),
}

impl WebSocketExtension {
    /// A builder with the defaults: no base URL, no origin, Mozilla's root certificates, the limits
    /// and timeouts of [`net::Options`].
    #[must_use]
    pub fn builder() -> WebSocketExtensionBuilder {
        WebSocketExtensionBuilder::default()
    }

    /// Registers everything in `realm`, or in the context's current realm. A context may register it
    /// in several realms: each has its interfaces, base URL and origin; the network, and with it the other options, are
    /// the context's and come from the first registration.
    ///
    /// # Errors
    ///
    /// What script could do to the global object beforehand: one whose properties cannot be defined.
    pub fn register(self, realm: Option<Realm>, context: &mut Context) -> JsResult<()> {
        let Some(realm) = realm else {
            return self.register_here(context);
        };
        let before = context.enter_realm(realm);
        let result = self.register_here(context);
        context.enter_realm(before);
        result
    }

    fn register_here(self, context: &mut Context) -> JsResult<()> {
        EventsExtension.register(None, context)?;
        websocket::register(self.options, self.settings, context)
    }
}

#[cfg(feature = "runtime")]
impl boa_runtime::RuntimeExtension for WebSocketExtension {
    fn register(self, realm: Option<Realm>, context: &mut Context) -> JsResult<()> {
        Self::register(self, realm, context)
    }
}

impl WebSocketExtensionBuilder {
    /// The base URL against which `new WebSocket("/chat")` is resolved, as of a page at that address; `http:` and `https:`
    /// become `ws:` and `wss:`. Without one, relative URLs are a SyntaxError.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// The `Origin` header. Default: the origin of the base URL, and no such header without one.
    #[must_use]
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// The `User-Agent` header; an empty string for none. Default: `boa_websocket/` and the version.
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.options.user_agent = Some(user_agent.into());
        self
    }

    /// Which proxies are used: a [`net::Proxy`] for everything, or [`net::ProxyOptions`], those of
    /// the environment ([`from_env`](net::ProxyOptions::from_env)) for one. Default: none.
    ///
    /// ```
    /// use boa_websocket::{WebSocketExtension, net::Proxy};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let proxy = Proxy::parse("socks5://proxy.example:1080")?.with_credentials("me", "pass/word")?;
    /// let extension = WebSocketExtension::builder().proxy(proxy).build()?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn proxy(mut self, proxy: impl Into<net::ProxyOptions>) -> Self {
        self.options.proxy = proxy.into();
        self
    }

    /// A further header of every opening handshake; called again with the same name, one more. Those that script gives by
    /// that name take its place. It takes the place of one that is sent by default, such as `User-Agent`.
    ///
    /// # Errors
    ///
    /// [`Error::Header`] for a name that is no token, or that belongs to the handshake ([`net::is_handshake_header`]), and
    /// for a value with line breaks or other control characters.
    pub fn default_header(mut self, name: &str, value: &str) -> Result<Self, Error> {
        let wrong = |why| Error::Header {
            name: name.escape_default().to_string(),
            why,
        };
        let parsed =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("has no valid name"))?;
        if net::is_handshake_header(&parsed) {
            return Err(wrong("belongs to the handshake"));
        }
        let mut value = HeaderValue::from_bytes(value.trim_matches([' ', '\t']).as_bytes())
            .map_err(|_| wrong("has no valid value"))?;
        value.set_sensitive(net::is_secret(&parsed));
        self.options.default_headers.push((parsed, value));
        Ok(self)
    }

    /// Where cookies come from and go to. Default: nowhere.
    #[must_use]
    pub fn cookie_jar(mut self, jar: impl net::CookieJar + 'static) -> Self {
        self.options.cookie_jar = Some(std::sync::Arc::new(jar));
        self
    }

    /// Which connections scripts may make. Default: all, but to the ports that the Fetch Standard blocks.
    /// [`net::PolicyRules`] is a ready one.
    #[must_use]
    pub fn policy(mut self, policy: impl net::Policy + 'static) -> Self {
        self.options.policy = Some(std::sync::Arc::new(policy));
        self
    }

    /// Who makes the connections: a server in the same process, a tunnel of the host's own, a test double (module `testing`, feature
    /// `testing`). Default: the operating system. See [`net::Dialer`] for what it takes the place of.
    #[must_use]
    pub fn dialer(mut self, dialer: impl net::Dialer + 'static) -> Self {
        self.options.dialer = Some(std::sync::Arc::new(dialer));
        self
    }

    /// Trusts the certificates in a PEM file, in addition to Mozilla's roots.
    ///
    /// # Errors
    ///
    /// [`Error::Network`] if the file cannot be read or holds no usable certificate.
    pub fn add_root_certificates(
        mut self,
        path: impl AsRef<std::path::Path>,
    ) -> Result<Self, Error> {
        self.options.tls.add_pem_file(path)?;
        Ok(self)
    }

    /// As [`add_root_certificates`](Self::add_root_certificates), with the text of such a file.
    ///
    /// # Errors
    ///
    /// [`Error::Network`] if the text holds no usable certificate.
    pub fn add_root_certificates_pem(mut self, pem: &str) -> Result<Self, Error> {
        self.options.tls.add_pem(pem.as_bytes())?;
        Ok(self)
    }

    /// Changes whom to trust and who to be in `wss:`: other roots, a client certificate, a server name.
    ///
    /// ```
    /// use boa_websocket::{Error, WebSocketExtension};
    ///
    /// # fn extension() -> Result<WebSocketExtension, Error> {
    /// WebSocketExtension::builder()
    ///     .tls(|tls| {
    ///         tls.add_pem_file("our-authority.pem")?;
    ///         tls.trust_only_added();
    ///         tls.set_client_certificate_files("client.pem", "client.key")
    ///     })?
    ///     .build()
    /// # }
    /// # assert!(extension().is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Network`] with what the closure gives back.
    pub fn tls(
        mut self,
        change: impl FnOnce(&mut net::TlsOptions) -> Result<(), net::Error>,
    ) -> Result<Self, Error> {
        change(&mut self.options.tls)?;
        Ok(self)
    }

    /// Sends a Ping at this interval, and fails a connection whose peer then gives no sign of life within the `timeout`.
    /// Default: no pings. See [`net::Heartbeat`].
    #[must_use]
    pub fn heartbeat(
        mut self,
        interval: std::time::Duration,
        timeout: std::time::Duration,
    ) -> Self {
        self.options.heartbeat.interval = Some(interval);
        self.options.heartbeat.timeout = timeout;
        self
    }

    /// Changes the quotas, each of which is for the whole context: how many sockets there may be and may be connecting, how
    /// many bytes and messages may wait. See [`net::Limits`] for what each means, its default, and what happens past it.
    ///
    /// ```
    /// # use boa_websocket::{Error, WebSocketExtension};
    /// # fn main() -> Result<(), Error> {
    /// let extension = WebSocketExtension::builder()
    ///     .limits(|limits| {
    ///         limits.sockets = 16;
    ///         limits.message_size = 1 << 20;
    ///     })
    ///     .build()?;
    /// let none = WebSocketExtension::builder().limits(|limits| limits.sockets = 0).build();
    /// assert!(matches!(none, Err(Error::Option(_))));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn limits(mut self, change: impl FnOnce(&mut net::Limits)) -> Self {
        change(&mut self.options.limits);
        self
    }

    /// Changes how long things may take: see [`net::Timeouts`].
    #[must_use]
    pub fn timeouts(mut self, change: impl FnOnce(&mut net::Timeouts)) -> Self {
        change(&mut self.options.timeouts);
        self
    }

    /// Where the addresses of names come from. Default: the operating system.
    #[must_use]
    pub fn resolver(mut self, resolver: impl net::Resolver + 'static) -> Self {
        self.options.resolver = Some(std::sync::Arc::new(resolver));
        self
    }

    /// Who is told of what happens on the network: see [`net::Observer`]. Default: nobody.
    #[must_use]
    pub fn observer(mut self, observer: impl net::Observer + 'static) -> Self {
        self.options.observer = Some(std::sync::Arc::new(observer));
        self.options.observer_is_ours = false;
        self
    }

    /// The same with one of this crate's own that never takes its time.
    #[cfg(feature = "cli")]
    pub(crate) fn our_observer(self, observer: impl net::Observer + 'static) -> Self {
        let mut builder = self.observer(observer);
        builder.options.observer_is_ours = true;
        builder
    }

    /// Changes whatever else [`net::Options`] has: limits, timeouts, a TLS configuration of one's own.
    #[must_use]
    pub fn network(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// The extension.
    ///
    /// # Errors
    ///
    /// If what was given cannot be used; each variant of [`Error`] says what.
    pub fn build(self) -> Result<WebSocketExtension, Error> {
        self.options.tls.check()?;
        self.options.check()?;
        let base_url = self.base_url.map(parse_base_url).transpose()?;
        let origin = self.origin.or_else(|| {
            let url = base_url.as_ref()?;
            Some(url.origin().ascii_serialization())
        });
        if let Some(origin) = &origin
            && (origin.is_empty() || !origin.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            return Err(Error::Origin(origin.clone()));
        }
        Ok(WebSocketExtension {
            options: self.options,
            settings: Settings { base_url, origin },
        })
    }
}

fn parse_base_url(url: String) -> Result<Url, Error> {
    match Url::parse(&url) {
        Ok(parsed) if parsed.cannot_be_a_base() => Err(Error::CannotBeABase(url)),
        Ok(parsed) => Ok(parsed),
        Err(source) => Err(Error::BaseUrl { url, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_comes_from_the_base_url() {
        let built = |url: &str| WebSocketExtension::builder().base_url(url).build().unwrap();
        let extension = built("https://example.org:8443/a/b");
        assert_eq!(
            extension.settings.origin.as_deref(),
            Some("https://example.org:8443")
        );
        assert_eq!(built("file:///a").settings.origin.as_deref(), Some("null"));
        let none = WebSocketExtension::builder().build().unwrap();
        assert_eq!(none.settings.origin, None);
    }

    #[test]
    fn default_headers_are_kept_in_order_and_their_secrets_to_themselves() {
        let builder = WebSocketExtension::builder()
            .default_header("X-A", " 1 ")
            .and_then(|builder| builder.default_header("x-a", ""))
            .and_then(|builder| builder.default_header("Authorization", "Bearer s3cret"))
            .unwrap();
        let headers = &builder.options.default_headers;
        let values: Vec<_> = headers.iter().map(|(_, value)| value.as_bytes()).collect();
        assert_eq!(values, [&b"1"[..], b"", b"Bearer s3cret"]);
        assert!(!format!("{builder:?}").contains("s3cret"));
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        let build = |builder: WebSocketExtensionBuilder| builder.build();
        let base = |url: &str| WebSocketExtension::builder().base_url(url);
        assert!(matches!(
            build(base("nonsense")),
            Err(Error::BaseUrl { .. })
        ));
        assert!(matches!(
            build(base("data:text/plain,x")),
            Err(Error::CannotBeABase(_))
        ));
        for origin in ["", "a b", "http://a\r\nX: y", "ä"] {
            let builder = WebSocketExtension::builder().origin(origin);
            assert!(
                matches!(build(builder), Err(Error::Origin(_))),
                "{origin:?}"
            );
        }
        for (name, value) in [
            ("", "x"),
            ("a b", "x"),
            ("x-a\r\nx-b", "x"),
            ("x-a", "b\r\nx-c: d"),
            ("x-a", "b\n"),
            ("x-a", "\0"),
            ("Host", "elsewhere"),
            ("Sec-WebSocket-Key", "x"),
        ] {
            let builder = WebSocketExtension::builder().default_header(name, value);
            assert!(matches!(builder, Err(Error::Header { .. })), "{name:?}");
        }
        let contradiction = WebSocketExtension::builder()
            .network(|options| options.tls.trust_only_added())
            .build();
        assert!(matches!(contradiction, Err(Error::Network(_))));
        let missing = WebSocketExtension::builder().add_root_certificates("no/such/file.pem");
        assert!(matches!(missing, Err(Error::Network(_))));
    }
}

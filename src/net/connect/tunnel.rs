//! The proxy's part in connecting.

use std::sync::Arc;

use tracing::debug;

use super::{
    dial::{Dial, Dialler, server_name},
    wait::{Interruption, Patience},
};
use crate::net::{
    error::{Error, ErrorKind, Phase},
    line::{Ciphertext, Line},
    policy,
    proxy::{Ask, Choice, Failure, Proxy, ProxyKind, Stream, open_tunnel},
    target::Target,
    tls::name_of_host,
    vocabulary::{ConnectRequest, SocketId},
};

impl Dialler {
    /// What a socket has to go through. From here on there is no other way for it.
    ///
    /// # Errors
    ///
    /// The policy does not let it go without knowing the target's addresses.
    pub(super) fn proxy(
        &self,
        id: SocketId,
        target: &Target,
        request: &ConnectRequest,
    ) -> Result<Option<Arc<Proxy>>, Error> {
        match self.options.proxy.choose(target) {
            Choice::Proxy(proxy) => {
                self.check_without_address(target, request)?;
                Ok(Some(Arc::new(proxy.clone())))
            }
            Choice::None => Ok(None),
            Choice::Excepted => {
                debug!(target: "boa_websocket::net", %id, "no proxy for this host");
                Ok(None)
            }
        }
    }

    /// Whether the policy lets a socket go without knowing the target's addresses.
    pub(super) fn check_without_address(
        &self,
        target: &Target,
        request: &ConnectRequest,
    ) -> Result<(), Error> {
        let policy = self.options.policy.as_deref();
        policy::check_without_address(policy, &request.url).map_err(|denied| {
            Error::new(Phase::Policy, ErrorKind::Denied(denied), target.subject())
        })
    }
}

impl Dial {
    /// Makes of a line to the proxy one to the target.
    pub(super) fn tunnel(
        &self,
        mut line: Line,
        proxy: &Proxy,
        dialler: &Dialler,
        patience: &mut Patience<'_>,
        ciphertext: &mut Ciphertext,
    ) -> Result<Line, Error> {
        let target = &self.target;
        if proxy.kind() == ProxyKind::Https {
            let config = dialler.proxy_tls()?;
            let subject = format!("the proxy {proxy}");
            let name = server_name(name_of_host(proxy.host()), &subject)?;
            self.warn_of_any_certificate(dialler, &subject);
            line = self.tls(line, config, name, &subject, patience, ciphertext)?;
        }
        let options = &dialler.options;
        let ask = Ask {
            proxy,
            target,
            user_agent: options.user_agent(),
            max_head: options.limits.response_head,
            max_headers: options.limits.response_headers,
        };
        let mut stream = ProxyLine {
            line: &mut line,
            patience,
            ciphertext,
        };
        open_tunnel(&mut stream, &ask).map_err(|failure| {
            let subject = format!("the proxy {proxy} to reach {}", target.subject());
            let error = |kind| Error::new(Phase::Proxy, kind, subject.as_str());
            match failure {
                Failure::Refused(refusal) => error(ErrorKind::ProxyRefused(refusal)),
                Failure::Unaskable(what) => error(ErrorKind::InvalidRequest(what)),
                Failure::Stream(why) => why.into_error(Phase::Proxy, &subject),
            }
        })?;
        debug!(target: "boa_websocket::net", id = %self.id, %proxy, "proxy");
        Ok(line)
    }
}

/// The line to the proxy, as long as the proxy itself is spoken to.
struct ProxyLine<'a, 'b> {
    line: &'a mut Line,
    patience: &'a mut Patience<'b>,
    ciphertext: &'a mut Ciphertext,
}

impl Stream for ProxyLine<'_, '_> {
    type Error = Interruption;

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Interruption> {
        self.patience
            .until_done(|| self.line.read(buffer, self.ciphertext, true))
    }

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Interruption> {
        let mut unsent = bytes;
        while !unsent.is_empty() {
            let count = self.patience.until_done(|| self.line.write(unsent))?;
            unsent = unsent.get(count..).unwrap_or_default();
        }
        self.patience.until_done(|| self.line.flush())
    }
}

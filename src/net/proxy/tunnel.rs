//! Asking a proxy for a tunnel, whatever its kind.

use super::{
    http_connect,
    proxy_url::{Proxy, ProxyKind},
    refusal::ProxyRefusal,
    socks5,
};
use crate::net::target::Target;

/// The line to a proxy, from which reads and writes come back when they are done. It knows the
/// deadline and who may interrupt.
pub(crate) trait Stream {
    /// Why a read or a write did not come to its end.
    type Error;

    /// Reads some bytes into `buffer`, which is not empty. Zero is the end.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error>;

    /// Writes all of it.
    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Self::Error>;
}

/// What is asked of whom.
pub(crate) struct Ask<'a> {
    pub(crate) proxy: &'a Proxy,
    /// Where the tunnel is to lead.
    pub(crate) target: &'a Target,
    pub(crate) user_agent: Option<&'a str>,
    /// What the response heads may have in bytes, all together.
    pub(crate) max_head: usize,
    /// What one of them may have in lines.
    pub(crate) max_headers: usize,
}

/// Why there is no tunnel.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure<E> {
    /// The proxy has said so, or nothing that could be understood.
    Refused(ProxyRefusal),
    /// It cannot be asked for; the text names what is in the way.
    Unaskable(&'static str),
    /// The line failed.
    Stream(E),
}

impl<E> From<ProxyRefusal> for Failure<E> {
    fn from(refusal: ProxyRefusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Has the proxy at the other end of `stream` connect it to the target. Of what comes from there
/// not one byte is read.
pub(crate) fn open_tunnel<S: Stream>(
    stream: &mut S,
    ask: &Ask<'_>,
) -> Result<(), Failure<S::Error>> {
    match ask.proxy.kind() {
        ProxyKind::Http | ProxyKind::Https => http_connect::open(stream, ask),
        ProxyKind::Socks5 => socks5::open(stream, ask),
    }
}

/// Reads as many bytes as fit into `buffer`.
pub(super) fn read_exact<S: Stream>(
    stream: &mut S,
    buffer: &mut [u8],
) -> Result<(), Failure<S::Error>> {
    let mut rest = buffer;
    while !rest.is_empty() {
        let count = stream.read(rest).map_err(Failure::Stream)?;
        if count == 0 {
            return Err(ProxyRefusal::Truncated.into());
        }
        rest = rest.get_mut(count..).unwrap_or_default();
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use url::Url;

    use super::*;

    /// Says what it was told to say, in pieces of a size, and notes what it hears.
    pub(in crate::net::proxy) struct Script {
        answers: Vec<u8>,
        at: usize,
        piece: usize,
        pub(in crate::net::proxy) heard: Vec<u8>,
    }

    impl Script {
        pub(in crate::net::proxy) fn new(answers: &[u8], piece: usize) -> Self {
            Self {
                answers: answers.into(),
                at: 0,
                piece,
                heard: Vec::new(),
            }
        }

        /// What has not been read.
        pub(in crate::net::proxy) fn rest(&self) -> &[u8] {
            &self.answers[self.at..]
        }
    }

    impl Stream for Script {
        type Error = &'static str;

        fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
            assert!(!buffer.is_empty());
            let rest = &self.answers[self.at..];
            if rest.starts_with(b"!") {
                return Err("broken");
            }
            let count = rest.len().min(buffer.len()).min(self.piece);
            buffer[..count].copy_from_slice(&rest[..count]);
            self.at += count;
            Ok(count)
        }

        fn write_all(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
            self.heard.extend_from_slice(bytes);
            Ok(())
        }
    }

    /// Asks the proxy with this URL for a tunnel to that URL.
    pub(in crate::net::proxy) fn ask(
        proxy: &str,
        url: &str,
        script: &mut Script,
    ) -> Result<(), Failure<&'static str>> {
        let ask = Ask {
            proxy: &Proxy::parse(proxy).unwrap(),
            target: &Target::new(&Url::parse(url).unwrap()).unwrap(),
            user_agent: Some("tests"),
            max_head: 200,
            max_headers: 3,
        };
        open_tunnel(script, &ask)
    }
}

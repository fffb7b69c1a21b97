//! What to try when a connection fails.

use std::{error::Error as _, io};

use http::header;

use super::certificates::{Summary, Validity};
use crate::net::{
    CertificateFault, Destination, Error, ErrorKind, Phase, ProxyOptions, ProxyRefusal, Refusal,
    Shown,
};

/// How many letters of a path or of a server's words are shown.
const SHOWN: usize = 200;

/// The number of EMFILE on all systems that have it: a process has no more files to open.
const TOO_MANY_FILES: i32 = 24;

/// What was said about the network, as far as a hint depends on it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Given {
    /// Where the proxies for `ws:` and `wss:` come from, if there are any: the name of an argument or of an environment
    /// variable.
    pub(super) proxy: [Option<&'static str>; 2],
    /// Whether they may come from the environment.
    pub(super) reads_environment: bool,
    /// Whether no other certificates than those of --ca-file are trusted, or those of the system are.
    pub(super) roots_are_chosen: bool,
}

impl Given {
    /// `--proxy` was given, or the environment may be looked at.
    pub(super) fn proxies(given: bool, reads_environment: bool) -> [Option<&'static str>; 2] {
        [false, true].map(|secure| match (given, reads_environment) {
            (true, _) => Some("--proxy"),
            (false, true) => ProxyOptions::variable(secure),
            (false, false) => None,
        })
    }

    fn proxy_for(&self, to: Destination<'_>) -> &'static str {
        self.proxy[usize::from(to.secure)].unwrap_or("--proxy")
    }
}

/// The URL of a destination, without user info and query.
pub(super) fn url(to: Destination<'_>) -> String {
    with_scheme(to, if to.secure { "wss" } else { "ws" })
}

/// One line that says which connection failed, and why.
pub(super) fn failure(error: &Error, to: Destination<'_>) -> String {
    let what = match error.phase() {
        Phase::Close => "was not closed cleanly",
        _ => "failed",
    };
    let (url, cause) = (url(to), cause(error, to));
    format!("WebSocket connection to '{url}' {what}: {cause}")
}

/// Why it failed, without what the URL says already.
pub(super) fn cause(error: &Error, to: Destination<'_>) -> String {
    let text = error.to_string();
    let subject = error.subject();
    let host = to.host.trim_start_matches('[').trim_end_matches(']');
    let of_the_url = subject == to.host
        || subject == host
        || subject == format!("{}:{}", to.host, to.port)
        || subject == format!("{host}:{}", to.port);
    let cause = match text.split_once(&format!(" {subject}: ")) {
        Some((_, cause)) if of_the_url => cause,
        _ => &text,
    };
    printable(cause)
}

/// What is usually the matter, and what helps, in one line; `None` where there is nothing usual.
pub(super) fn hint(error: &Error, to: Destination<'_>, given: &Given) -> Option<String> {
    if let ErrorKind::Certificate(fault) = error.kind() {
        return certificate(*fault, error, to, given);
    }
    let subject = error.subject();
    if error.phase() == Phase::Proxy
        || subject.starts_with("the proxy ")
        || subject.ends_with(", the name of the proxy")
    {
        return Some(proxy(error, given.proxy_for(to)));
    }
    if is_out_of_files(error) {
        return Some(
            "this process may not open more files; 'ulimit -n' shows and sets how many".into(),
        );
    }
    match error.phase() {
        // Files that arguments name were read before.
        Phase::TrustAnchors => {
            Some("the environment variable SSL_CERT_FILE names this file".into())
        }
        Phase::Policy => policy(error),
        Phase::Resolve => Some(resolve(to)),
        Phase::Connect => connect(error, to),
        Phase::Tls => tls(error, to),
        Phase::Handshake => handshake(error, to),
        Phase::Open | Phase::Close => open(error),
        _ => None,
    }
}

fn proxy(error: &Error, origin: &str) -> String {
    let credentials = |refusal: &ProxyRefusal| {
        matches!(
            refusal,
            ProxyRefusal::Status(407)
                | ProxyRefusal::NoAuthenticationMethod
                | ProxyRefusal::Credentials
        )
    };
    match error.kind() {
        ErrorKind::ProxyRefused(refusal) if credentials(refusal) => format!(
            "the proxy wants a user name and a password that it knows: SCHEME://USER:PASSWORD@HOST:PORT in {origin}"
        ),
        ErrorKind::ProxyRefused(ProxyRefusal::NotSocks5(_) | ProxyRefusal::NotHttp(_)) => {
            format!("it may be a proxy of another kind: http://, https:// or socks5:// in {origin}")
        }
        _ if origin.starts_with("--") => {
            "the proxy is that of --proxy; --no-proxy HOST goes past it".into()
        }
        _ => format!(
            "the proxy is that of the environment variable {origin}; --no-proxy HOST goes past it, --ignore-proxy-env past all"
        ),
    }
}

fn policy(error: &Error) -> Option<String> {
    match error.kind() {
        ErrorKind::BlockedPort(_) => Some(
            "browsers block this port, too, because other protocols live there: let the server listen on another one"
                .into(),
        ),
        ErrorKind::Denied(_) => {
            Some("what may be connected to is said by --allow-net, --deny-net and --deny-private".into())
        }
        _ => None,
    }
}

fn resolve(to: Destination<'_>) -> String {
    format!(
        "is '{}' spelled right, and is there a network? --resolve HOST=ADDRESS gives it an address",
        printable(to.host)
    )
}

fn connect(error: &Error, to: Destination<'_>) -> Option<String> {
    let Destination { host, port, .. } = to;
    Some(match error.kind() {
        ErrorKind::Io(io::ErrorKind::ConnectionRefused) => match host {
            "localhost" => {
                format!(
                    "nothing listens on port {port} of this machine, by IPv4 or IPv6: is the server running?"
                )
            }
            "127.0.0.1" | "[::1]" => {
                format!(
                    "nothing listens there: is the server running? localhost:{port} tries both 127.0.0.1 and [::1]"
                )
            }
            _ => format!(
                "nothing listens on port {port} there: is the server running, and the port right?"
            ),
        },
        ErrorKind::TimedOut => {
            "there was no answer at all: the address may be wrong, or a firewall drops what is sent"
                .into()
        }
        ErrorKind::Io(
            io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::AddrNotAvailable
            | io::ErrorKind::Unsupported,
        ) => {
            if host.starts_with('[') {
                "this machine has no way to that IPv6 address".into()
            } else {
                "there is no way from here to any address of that name: no network, or IPv6 addresses only and no IPv6 here"
                    .into()
            }
        }
        _ => return None,
    })
}

fn tls(error: &Error, to: Destination<'_>) -> Option<String> {
    let plain = || with_scheme(to, "ws");
    Some(match error.kind() {
        ErrorKind::Tls if speaks_no_tls(error) => {
            format!(
                "the server does not speak TLS on port {}: try {}",
                to.port,
                plain()
            )
        }
        ErrorKind::Io(
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe,
        )
        | ErrorKind::TimedOut => {
            format!(
                "if the server speaks no TLS on port {}, try {}",
                to.port,
                plain()
            )
        }
        ErrorKind::Alert(alert) => match alert.code() {
            40 | 42..=46 | 48 | 49 | 116 => {
                "the server may want a client certificate: --cert FILE and --key FILE".into()
            }
            70 => {
                "this program speaks TLS 1.2 and 1.3; the server seems to know older versions only"
                    .into()
            }
            112 => "--tls-server-name NAME asks for another name than that in the URL".into(),
            _ => return None,
        },
        _ => return None,
    })
}

fn certificate(
    fault: CertificateFault,
    error: &Error,
    to: Destination<'_>,
    given: &Given,
) -> Option<String> {
    let chain: Vec<Summary> = error
        .certificates()
        .iter()
        .filter_map(Summary::read)
        .collect();
    let own = chain.first();
    let with = |validity| chain.iter().find(|one| one.validity == validity);
    let trust = "--ca-file FILE or SSL_CERT_FILE";
    Some(match fault {
        CertificateFault::UnknownIssuer => match own {
            Some(own) if own.self_signed => {
                format!("the certificate is self-signed: if you trust it, save it as PEM and give it with {trust}")
            }
            _ => {
                let issuer = match chain.last() {
                    Some(last) => format!("'{}', who has signed it, is", last.issuer),
                    None => "who has signed it is".to_owned(),
                };
                let system = match given.roots_are_chosen {
                    false => "; --system-ca trusts whom this system trusts",
                    true => "",
                };
                format!(
                    "{issuer} not trusted here: if you do, give that authority's certificate with {trust}{system}"
                )
            }
        },
        CertificateFault::Expired => match with(Validity::Expired) {
            Some(one) => format!(
                "the certificate of '{}' was valid until {}: the server needs a new one, or this machine's clock is wrong",
                one.subject, one.last_day
            ),
            None => "the server needs a new certificate, or this machine's clock is wrong".into(),
        },
        CertificateFault::NotYetValid => match with(Validity::NotYetValid) {
            Some(one) => format!(
                "the certificate of '{}' is valid from {} on: is this machine's clock right?",
                one.subject, one.first_day
            ),
            None => "is this machine's clock right?".into(),
        },
        CertificateFault::WrongName => {
            let names = own.map(Summary::all_names).unwrap_or_default();
            let names = match &*names {
                "" => "it names no host".to_owned(),
                names => format!("it is for {names}"),
            };
            format!("{names}; use such a name in the URL instead of {}, or --tls-server-name NAME", to.host)
        }
        CertificateFault::Other if has_bad_signature(error) => {
            let issuer = own.map_or("an authority", |own| &*own.issuer);
            format!("'{issuer}' is trusted here, but with another key: is the certificate that --ca-file or SSL_CERT_FILE gives an old one?")
        }
        CertificateFault::Other if own.is_some_and(|own| own.is_authority) => {
            "it is the certificate of an authority, which signs others but is no server's: make one with basicConstraints CA:FALSE"
                .into()
        }
        _ => return None,
    })
}

fn handshake(error: &Error, to: Destination<'_>) -> Option<String> {
    let secure = || with_scheme(to, "wss");
    let maybe_tls = || match to.secure {
        false => Some(format!(
            "if the server expects TLS on port {}, try {}",
            to.port,
            secure()
        )),
        true => None,
    };
    let on_the_way = "a reverse proxy or cache on the way may have changed it: does it pass Upgrade and Connection on?";
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::Io(_) | ErrorKind::ConnectionLost => maybe_tls(),
        ErrorKind::Refused(refusal) => match refusal {
            Refusal::NotHttp(what) if *what == Refusal::TLS => Some(format!(
                "the server speaks TLS on port {}: try {}",
                to.port,
                secure()
            )),
            Refusal::NotHttp(_) => Some(format!(
                "what listens on port {} is no web server: is the port right?",
                to.port
            )),
            Refusal::Truncated => {
                maybe_tls().or_else(|| Some("is there a WebSocket server at this path?".into()))
            }
            Refusal::Version => maybe_tls().or_else(|| Some(on_the_way.into())),
            Refusal::Status(code) => status(*code, error, to).or_else(maybe_tls),
            Refusal::Upgrade | Refusal::Connection | Refusal::AcceptCount(_) | Refusal::Accept => {
                Some(on_the_way.into())
            }
            Refusal::MissingProtocol => Some(
                "the server knows none of these subprotocols: ask for others, or for none".into(),
            ),
            Refusal::UnexpectedProtocol => {
                Some("ask for the subprotocol that the server speaks".into())
            }
            Refusal::ExtensionParameter(_)
            | Refusal::MissingExtensionParameter(_)
            | Refusal::UnexpectedExtension
            | Refusal::SeveralExtensions
            | Refusal::ExtensionSyntax => {
                Some("without compression it may work: --no-compression".into())
            }
            _ => None,
        },
        _ => None,
    }
}

fn status(code: u16, error: &Error, to: Destination<'_>) -> Option<String> {
    let header = |name: http::HeaderName| {
        let value = error.answer()?.headers.get(&name)?;
        Some(printable(&Shown(&name, value).to_string()))
    };
    Some(match code {
        200..=299 => "that is an ordinary page: is the WebSocket at another path?".into(),
        300..=399 => match header(header::LOCATION) {
            Some(location) => format!("redirects are not followed; the server points to {}", moved(&location, to)),
            None => "redirects are not followed: connect to where the server really is".into(),
        },
        401 => {
            let scheme = header(header::WWW_AUTHENTICATE).unwrap_or_default();
            match scheme.split(' ').next() {
                Some(scheme) if scheme.eq_ignore_ascii_case("basic") => {
                    let url = url(to).replacen("://", "://USER:PASSWORD@", 1);
                    format!("the server wants a user name and a password: {url}")
                }
                _ => "the server wants to know who you are: --header 'Authorization: …'".into(),
            }
        }
        403 => "the server does not let you in: it may want credentials (--header) or another Origin (--origin)".into(),
        404 | 410 => "there is nothing at this path: servers often have their WebSocket at one of its own, such as /ws".into(),
        426 => "the server saw no request for a WebSocket: a reverse proxy on the way must pass Upgrade and Connection on".into(),
        429 | 503 => match header(header::RETRY_AFTER) {
            // Seconds, or a date.
            Some(time) => {
                let unit = if time.parse::<u64>().is_ok() { " s" } else { "" };
                format!("the server has too much to do; it says to try again after {time}{unit}")
            }
            None => "the server has too much to do, or is starting: try again later".into(),
        },
        502 | 504 => "the gateway answered, but not the server behind it: is that one running?".into(),
        _ => return None,
    })
}

/// Where a redirect leads, as a WebSocket's URL.
fn moved(location: &str, to: Destination<'_>) -> String {
    if location.starts_with("http:") || location.starts_with("https:") {
        return location.replacen("http", "ws", 1);
    }
    match location.starts_with('/') && !location.starts_with("//") {
        true => url(Destination {
            path: location,
            ..to
        }),
        false => location.to_owned(),
    }
}

fn open(error: &Error) -> Option<String> {
    match error.kind() {
        ErrorKind::IdleTimeout(_) => Some("--idle-timeout says how long nothing may come".into()),
        ErrorKind::PongTimeout(_) => Some("--pong-timeout says how long a Pong may take".into()),
        _ => None,
    }
}

/// What has come is no TLS at all.
fn speaks_no_tls(error: &Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    matches!(cause, Some(rustls::Error::InvalidMessage(_)))
}

/// The issuer's name is that of somebody who is trusted, and that is all.
fn has_bad_signature(error: &Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    matches!(
        cause,
        Some(rustls::Error::InvalidCertificate(
            rustls::CertificateError::BadSignature
        ))
    )
}

fn is_out_of_files(error: &Error) -> bool {
    let cause = error
        .source()
        .and_then(|cause| cause.downcast_ref::<io::Error>());
    cfg!(unix) && cause.and_then(io::Error::raw_os_error) == Some(TOO_MANY_FILES)
}

/// The URL with this scheme; a port is left out only where it goes without saying.
fn with_scheme(to: Destination<'_>, scheme: &str) -> String {
    let usual = if scheme == "wss" { 443 } else { 80 };
    let port = match to.port == usual {
        true => String::new(),
        false => format!(":{}", to.port),
    };
    printable(&format!("{scheme}://{}{port}{}", to.host, to.path))
}

/// Short, and on one line.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(SHOWN * 2));
    for (count, letter) in text.chars().enumerate() {
        if count >= SHOWN {
            shown.push('…');
            break;
        }
        match letter.is_control() {
            true => shown.extend(letter.escape_default()),
            false => shown.push(letter),
        }
    }
    shown
}

#[cfg(test)]
mod tests;

//! The address as people type it.

use std::net::IpAddr;

use url::{Host, Url};

/// Makes a URL of it.
///
/// # Errors
///
/// Why it is none, as a text for people.
pub(super) fn parse(typed: &str) -> Result<Url, String> {
    let wrong = |why: &dyn std::fmt::Display| format!("'{typed}' is no address: {why}");
    let mut url = match typed.split_once("://") {
        Some((scheme, rest)) => {
            let scheme = match &*scheme.to_ascii_lowercase() {
                "ws" | "http" => "ws",
                "wss" | "https" => "wss",
                _ => return Err(wrong(&format_args!("'{scheme}:' is neither ws: nor wss:"))),
            };
            Url::parse(&format!("{scheme}://{rest}"))
        }
        None if typed.starts_with(':') => Url::parse(&format!("ws://localhost{typed}")),
        None => Url::parse(&format!("wss://{typed}")).and_then(|url| {
            if is_this_machine(&url) {
                // Again, so that the port is right: it may be the other scheme's.
                return Url::parse(&format!("ws://{typed}"));
            }
            Ok(url)
        }),
    }
    .map_err(|error| wrong(&error))?;
    // It is not sent.
    url.set_fragment(None);
    Ok(url)
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_supplied() {
        for (typed, url) in [
            ("ws://h/a?b", "ws://h/a?b"),
            ("HTTPS://h", "wss://h/"),
            ("http://h:8080", "ws://h:8080/"),
            ("example.org/chat", "wss://example.org/chat"),
            ("example.org:8443", "wss://example.org:8443/"),
            ("localhost", "ws://localhost/"),
            ("localhost:443", "ws://localhost:443/"),
            ("localhost:80/x", "ws://localhost/x"),
            ("127.1:9/", "ws://127.0.0.1:9/"),
            ("[::1]:9000", "ws://[::1]:9000/"),
            (":9000/chat", "ws://localhost:9000/chat"),
            ("a.localhost", "ws://a.localhost/"),
            ("ws://h/#x", "ws://h/"),
            ("user:pass@h", "wss://user:pass@h/"),
        ] {
            assert_eq!(
                parse(typed).map(String::from).as_deref(),
                Ok(url),
                "{typed}"
            );
        }
    }

    #[test]
    fn what_is_no_address() {
        for typed in ["", "ftp://h", "ws://", "wss://h:99999", "a b", "://h", ":x"] {
            assert!(parse(typed).is_err(), "{typed}");
        }
    }
}

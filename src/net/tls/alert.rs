//! Alerts, <https://www.rfc-editor.org/rfc/rfc8446#section-6>, in words.

use std::fmt;

use rustls::AlertDescription;

/// The alert by which a server has ended TLS, which is how it says what it did not like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TlsAlert(u8);

/// Number, name in the standards, and what that mostly means to us.
const KNOWN: [(u8, &str, &str); 22] = [
    (10, "unexpected_message", ""),
    (20, "bad_record_mac", ""),
    (22, "record_overflow", ""),
    (
        40,
        "handshake_failure",
        "nothing both sides can do, or no client certificate",
    ),
    (
        42,
        "bad_certificate",
        "the client certificate is not accepted",
    ),
    (
        43,
        "unsupported_certificate",
        "the client certificate is not accepted",
    ),
    (
        44,
        "certificate_revoked",
        "the client certificate is revoked",
    ),
    (
        45,
        "certificate_expired",
        "the client certificate has expired",
    ),
    (
        46,
        "certificate_unknown",
        "the client certificate is not accepted",
    ),
    (47, "illegal_parameter", ""),
    (
        48,
        "unknown_ca",
        "the client certificate is not signed by an issuer it trusts",
    ),
    (
        49,
        "access_denied",
        "the client certificate gives no access",
    ),
    (50, "decode_error", ""),
    (51, "decrypt_error", ""),
    (70, "protocol_version", "no TLS version in common"),
    (
        71,
        "insufficient_security",
        "no cipher suite it finds good enough",
    ),
    (80, "internal_error", "the server has a fault of its own"),
    (86, "inappropriate_fallback", ""),
    (109, "missing_extension", ""),
    (112, "unrecognized_name", "it does not know the server name"),
    (116, "certificate_required", "it wants a client certificate"),
    (120, "no_application_protocol", "it does not speak HTTP/1.1"),
];

impl TlsAlert {
    pub(crate) fn new(alert: AlertDescription) -> Self {
        Self(alert.into())
    }

    /// The number on the line.
    #[must_use]
    pub fn code(self) -> u8 {
        self.0
    }

    /// The name in RFC 8446 section 6, of the usual ones.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.known().map(|(_, name, _)| *name)
    }

    fn known(self) -> Option<&'static (u8, &'static str, &'static str)> {
        KNOWN.iter().find(|(code, _, _)| *code == self.0)
    }
}

impl fmt::Display for TlsAlert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server ended TLS")?;
        match self.known() {
            Some((code, name, "")) => write!(f, " (alert {code}, {name})"),
            Some((code, name, meaning)) => write!(f, ": {meaning} (alert {code}, {name})"),
            None => write!(f, " (alert {})", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_say_what_they_mean() {
        let alert = TlsAlert::new(AlertDescription::CertificateRequired);
        assert_eq!(
            (alert.code(), alert.name()),
            (116, Some("certificate_required"))
        );
        assert_eq!(
            alert.to_string(),
            "the server ended TLS: it wants a client certificate (alert 116, certificate_required)"
        );
        let alert = TlsAlert::new(AlertDescription::DecodeError);
        assert_eq!(
            alert.to_string(),
            "the server ended TLS (alert 50, decode_error)"
        );
        let alert = TlsAlert::new(AlertDescription::Unknown(200));
        assert_eq!(alert.to_string(), "the server ended TLS (alert 200)");
        assert_eq!(alert.name(), None);
    }

    #[test]
    fn the_names_are_those_that_rustls_has_for_the_numbers() {
        for (code, name, _) in KNOWN {
            let theirs = format!("{:?}", AlertDescription::from(code)).to_lowercase();
            let ours = name.replace('_', "").replace("recognized", "recognised");
            assert_eq!(theirs, ours);
        }
    }
}

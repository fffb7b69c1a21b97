//! What stands in a certificate, for people.

use rustls::pki_types::CertificateDer;
use x509_parser::{
    extensions::GeneralName,
    prelude::{ASN1Time, FromDer, X509Certificate},
    x509::X509Name,
};

/// How many names of one certificate are shown.
const NAMES: usize = 8;

/// How many letters of a name are shown.
const NAME: usize = 80;

/// The parts of a certificate that say why it was not accepted. All text is printable and short:
/// it was written by whoever answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) subject: String,
    pub(super) issuer: String,
    /// The DNS names and addresses it is for.
    pub(super) names: Vec<String>,
    /// How many more there are.
    pub(super) more_names: usize,
    /// The first day, as `2001-12-31`.
    pub(super) first_day: String,
    pub(super) last_day: String,
    /// Before the first, after the last, or neither.
    pub(super) validity: Validity,
    pub(super) self_signed: bool,
    /// Whether it may sign other ones.
    pub(super) is_authority: bool,
}

/// What a certificate's time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Validity {
    Valid,
    NotYetValid,
    Expired,
}

impl Summary {
    /// `None` for bytes that are no certificate.
    pub(super) fn read(der: &CertificateDer<'_>) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let mut names = Vec::new();
        if let Ok(Some(alternatives)) = certificate.subject_alternative_name() {
            names.extend(alternatives.value.general_names.iter().filter_map(host));
        }
        let more_names = names.len().saturating_sub(NAMES);
        names.truncate(NAMES);
        let validity = certificate.validity();
        let now = ASN1Time::now();
        let (subject, issuer) = (certificate.subject(), certificate.issuer());
        Some(Self {
            subject: name(subject),
            issuer: name(issuer),
            names,
            more_names,
            first_day: day(validity.not_before),
            last_day: day(validity.not_after),
            validity: if now > validity.not_after {
                Validity::Expired
            } else if now < validity.not_before {
                Validity::NotYetValid
            } else {
                Validity::Valid
            },
            self_signed: subject.as_raw() == issuer.as_raw(),
            is_authority: certificate.is_ca(),
        })
    }

    /// The names in one line.
    pub(super) fn all_names(&self) -> String {
        let mut text = self.names.join(", ");
        if self.more_names > 0 {
            text.push_str(&format!(" and {} more", self.more_names));
        }
        text
    }
}

/// The common name, or all that there is.
fn name(name: &X509Name<'_>) -> String {
    let common = name.iter_common_name().next();
    match common.and_then(|common| common.as_str().ok()) {
        Some(common) => printable(common),
        None => printable(&name.to_string()),
    }
}

fn host(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(printable(name)),
        GeneralName::IPAddress(bytes) => {
            let four =
                <[u8; 4]>::try_from(*bytes).map(|bytes| std::net::IpAddr::from(bytes).to_string());
            let address = four.or_else(|_| {
                <[u8; 16]>::try_from(*bytes).map(|bytes| std::net::IpAddr::from(bytes).to_string())
            });
            address.ok()
        }
        _ => None,
    }
}

fn day(time: ASN1Time) -> String {
    time.to_datetime().date().to_string()
}

fn printable(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(NAME)
        .map(|letter| {
            if letter.is_control() {
                '\u{fffd}'
            } else {
                letter
            }
        })
        .collect();
    if text.chars().nth(NAME).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, date_time_ymd};

    use super::*;

    fn summary(change: impl FnOnce(&mut CertificateParams), names: &[&str]) -> Summary {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        Summary::read(certificate.der()).unwrap()
    }

    #[test]
    fn names_times_and_roles_are_read() {
        let read = summary(
            |params| {
                params
                    .distinguished_name
                    .push(DnType::CommonName, "A\u{1b}[2J b");
                params.not_before = date_time_ymd(1999, 2, 3);
                params.not_after = date_time_ymd(2001, 1, 1);
                params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            },
            &["a.example", "127.0.0.1", "::1"],
        );
        assert_eq!(read.subject, "A\u{fffd}[2J b");
        assert_eq!(read.issuer, read.subject);
        assert_eq!(read.all_names(), "a.example, 127.0.0.1, ::1");
        assert_eq!(
            (&*read.first_day, &*read.last_day),
            ("1999-02-03", "2001-01-01")
        );
        assert_eq!(read.validity, Validity::Expired);
        assert!(read.self_signed && read.is_authority);
    }

    #[test]
    fn what_a_stranger_wrote_is_shown_in_part() {
        let long = "x".repeat(1000);
        let many: Vec<_> = (0..100).map(|number| format!("{number}.example")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        let read = summary(
            |params| {
                params.distinguished_name.push(DnType::CommonName, long);
                params.not_before = date_time_ymd(2999, 1, 1);
                params.not_after = date_time_ymd(3000, 1, 1);
            },
            &many,
        );
        assert!(read.subject.chars().count() <= NAME + 1);
        assert!(
            read.all_names().ends_with(" and 92 more"),
            "{}",
            read.all_names()
        );
        assert_eq!(read.validity, Validity::NotYetValid);
        assert!(!read.is_authority);
        assert_eq!(Summary::read(&CertificateDer::from(vec![1, 2, 3])), None);
    }
}

//! Who to be: a client certificate and its key.

use std::{fs, path::Path};

use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
    sign::CertifiedKey,
};

use super::provider;
use crate::net::error::{Error, ErrorKind, Phase};

/// A certificate with those between it and its root, and its private key, which `Debug` does not
/// show.
#[derive(Debug)]
pub(super) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    pub(super) fn from_files(certificate: &Path, key: &Path) -> Result<Self, Error> {
        let name = |path: &Path| path.display().to_string();
        let read = |path: &Path| {
            fs::read(path).map_err(|error| Error::io(Phase::TlsSettings, name(path), error))
        };
        Self::from_pem(
            &read(certificate)?,
            &name(certificate),
            &read(key)?,
            &name(key),
        )
    }

    /// From PEM; the names are for messages.
    pub(super) fn from_pem(
        certificate: &[u8],
        certificate_name: &str,
        key: &[u8],
        key_name: &str,
    ) -> Result<Self, Error> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate)
            .collect::<Result<_, _>>()
            .map_err(|error| unusable(certificate_name, error))?;
        if chain.is_empty() {
            return Err(wrong(certificate_name, "no PEM certificate in it"));
        }
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| wrong(key_name, key_fault(key, &error)))?;
        let identity = Self { chain, key };
        // Without a provider there is no `wss:` either.
        if let Some(provider) = provider() {
            CertifiedKey::from_der(identity.chain(), identity.key(), &provider).map_err(
                |error| match error {
                    rustls::Error::InconsistentKeys(_) => wrong(
                        key_name,
                        format!("the key does not belong to the certificate of {certificate_name}"),
                    ),
                    rustls::Error::InvalidCertificate(_) => unusable(certificate_name, error),
                    error => unusable(key_name, error),
                },
            )?;
        }
        Ok(identity)
    }

    pub(super) fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.chain.clone()
    }

    pub(super) fn key(&self) -> PrivateKeyDer<'static> {
        self.key.clone_key()
    }
}

/// What is wrong with a key's PEM, without a word of what is in it.
fn key_fault(key: &[u8], error: &pem::Error) -> &'static str {
    let has = |marker: &[u8]| key.windows(marker.len()).any(|part| part == marker);
    match error {
        pem::Error::NoItemsFound | pem::Error::Base64Decode(_)
            if has(b"BEGIN ENCRYPTED PRIVATE KEY") || has(b"Proc-Type: 4,ENCRYPTED") =>
        {
            "its private key is encrypted, and there is no way to give a passphrase"
        }
        pem::Error::NoItemsFound => "no PEM private key in it",
        pem::Error::MissingSectionEnd { .. } => "its PEM is cut short",
        _ => "its PEM is broken",
    }
}

fn unusable(subject: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Phase::TlsSettings, ErrorKind::TlsConfig, subject).caused_by(error)
}

fn wrong(subject: &str, why: impl Into<String>) -> Error {
    unusable(subject, std::io::Error::other(why.into()))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey as Made, KeyPair, generate_simple_self_signed};

    use super::*;

    fn made() -> Made<KeyPair> {
        generate_simple_self_signed(vec!["client".into()]).unwrap()
    }

    fn read(certificate: &str, key: &str) -> Result<Identity, Error> {
        Identity::from_pem(certificate.as_bytes(), "c.pem", key.as_bytes(), "k.pem")
    }

    #[test]
    fn a_chain_and_its_key_may_come_in_one_text() {
        let (leaf, root) = (made(), made());
        let chain = format!("{}{}", leaf.cert.pem(), root.cert.pem());
        let key = leaf.signing_key.serialize_pem();
        assert_eq!(read(&chain, &key).unwrap().chain.len(), 2);
        let both = format!("{key}{chain}");
        let identity = read(&both, &both).unwrap();
        assert_eq!(identity.chain.len(), 2);
        let shown = format!("{identity:?}");
        let first = format!("{:?}", leaf.signing_key.serialize_der()[0]);
        assert!(!shown.contains(&format!("[{first}, ")), "{shown}");
    }

    #[test]
    fn what_cannot_be_used_is_said_of_the_right_file() {
        let made = made();
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        let legacy = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
                      DEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
        let cut = key.lines().next().unwrap();
        let garbage = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        for (certificate, key, name, words) in [
            ("", &*key, "c.pem", "no PEM certificate"),
            (&*key, &*key, "c.pem", "no PEM certificate"),
            (&*certificate, "", "k.pem", "no PEM private key"),
            (&*certificate, &*certificate, "k.pem", "no PEM private key"),
            (&*certificate, &*encrypted, "k.pem", "is encrypted"),
            (&*certificate, legacy, "k.pem", "is encrypted"),
            (&*certificate, cut, "k.pem", "cut short"),
        ] {
            let error = read(certificate, key).unwrap_err();
            assert_eq!(error.phase(), Phase::TlsSettings);
            assert_eq!(error.kind(), &ErrorKind::TlsConfig);
            assert_eq!(error.subject(), name, "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
        // Without a provider nobody looks into the key.
        let garbage = read(&certificate, garbage);
        assert_eq!(garbage.is_err(), provider().is_some());
    }

    #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
    #[test]
    fn the_key_has_to_be_the_certificates() {
        let (one, other) = (made(), made());
        let error = read(&one.cert.pem(), &other.signing_key.serialize_pem()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "preparing TLS with k.pem: the TLS settings cannot be used \
             (the key does not belong to the certificate of c.pem)"
        );
    }
}

//! Whom to trust in `wss:`.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::error::{Error, ErrorKind, Phase};

/// Trust in `wss:`: Mozilla's roots (crate `webpki-roots`), and more if they are added; or a
/// [`ClientConfig`] of the embedder's own instead of all that.
///
/// The provider of cryptography is the one this crate was built with (feature `aws-lc-rs` before
/// `ring`), never a process-wide one.
#[derive(Debug, Clone, Default)]
pub struct TlsOptions {
    extra_roots: Vec<CertificateDer<'static>>,
    config: Option<Arc<ClientConfig>>,
}

impl TlsOptions {
    /// Trusts every certificate in a PEM file, in addition to what is trusted already, and gives
    /// back how many those were.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] when the file cannot be read, [`ErrorKind::TlsConfig`] when it holds no
    /// certificate, or one that cannot be a trust anchor; the options are unchanged then.
    pub fn add_pem_file(&mut self, path: impl AsRef<Path>) -> Result<usize, Error> {
        let path = path.as_ref();
        let subject = || path.display().to_string();
        let pem = std::fs::read(path)
            .map_err(|error| Error::io(Phase::TrustAnchors, subject(), error))?;
        self.add_pem_from(&pem, &subject())
    }

    /// As [`add_pem_file`](Self::add_pem_file), with the contents of such a file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TlsConfig`] when there is no certificate in it, or one that cannot be a trust
    /// anchor; the options are unchanged then.
    pub fn add_pem(&mut self, pem: &[u8]) -> Result<usize, Error> {
        self.add_pem_from(pem, "PEM text")
    }

    fn add_pem_from(&mut self, pem: &[u8], subject: &str) -> Result<usize, Error> {
        let mut found = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| {
                Error::new(Phase::TrustAnchors, ErrorKind::TlsConfig, subject).caused_by(error)
            })?;
            check_anchor(&certificate, subject)?;
            found.push(certificate);
        }
        if found.is_empty() {
            let why = std::io::Error::other("no PEM certificate in it");
            return Err(
                Error::new(Phase::TrustAnchors, ErrorKind::TlsConfig, subject).caused_by(why),
            );
        }
        let count = found.len();
        self.extra_roots.append(&mut found);
        Ok(count)
    }

    /// Trusts one DER-encoded certificate, in addition to what is trusted already.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TlsConfig`] when the bytes are no certificate that can be a trust anchor.
    pub fn add_der(&mut self, certificate: impl Into<Vec<u8>>) -> Result<(), Error> {
        let certificate = CertificateDer::from(certificate.into());
        check_anchor(&certificate, "a trust anchor")?;
        self.extra_roots.push(certificate);
        Ok(())
    }

    /// Uses `config` as it is, in place of the default roots, the added ones and the built-in
    /// provider. It should offer `http/1.1` by ALPN or nothing.
    pub fn set_config(&mut self, config: Arc<ClientConfig>) {
        self.config = Some(config);
    }

    /// What connections use. Costs enough to be done once only.
    pub(crate) fn client_config(&self) -> Result<Arc<ClientConfig>, Error> {
        if let Some(config) = &self.config {
            return Ok(config.clone());
        }
        let Some(provider) = provider() else {
            return Err(Error::new(
                Phase::Tls,
                ErrorKind::NoTlsProvider,
                "any wss: server",
            ));
        };
        let unusable = |error| {
            Error::new(Phase::Tls, ErrorKind::TlsConfig, "any wss: server").caused_by(error)
        };
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        for certificate in &self.extra_roots {
            roots.add(certificate.clone()).map_err(unusable)?;
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        // The upgrade of RFC 6455 exists in HTTP/1.1 only.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn check_anchor(certificate: &CertificateDer<'static>, subject: &str) -> Result<(), Error> {
    RootCertStore::empty()
        .add(certificate.clone())
        .map_err(|error| {
            Error::new(Phase::TrustAnchors, ErrorKind::TlsConfig, subject).caused_by(error)
        })
}

#[cfg(feature = "aws-lc-rs")]
fn provider() -> Option<CryptoProvider> {
    Some(rustls::crypto::aws_lc_rs::default_provider())
}

#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
fn provider() -> Option<CryptoProvider> {
    Some(rustls::crypto::ring::default_provider())
}

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
fn provider() -> Option<CryptoProvider> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate_pem() -> String {
        rcgen::generate_simple_self_signed(vec!["localhost".into()])
            .unwrap()
            .cert
            .pem()
    }

    #[test]
    fn every_certificate_of_a_file_is_added() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let pem = format!("# two\n{}\n{}", certificate_pem(), certificate_pem());
        std::fs::write(file.path(), pem).unwrap();
        let mut options = TlsOptions::default();
        assert_eq!(options.add_pem_file(file.path()).unwrap(), 2);
        assert_eq!(options.extra_roots.len(), 2);
    }

    #[test]
    fn a_file_that_is_missing_empty_or_broken_is_refused_by_name() {
        let mut options = TlsOptions::default();
        let missing = options.add_pem_file("no/such/file.pem").unwrap_err();
        assert_eq!(missing.kind(), &ErrorKind::Io(std::io::ErrorKind::NotFound));
        assert!(missing.to_string().contains("no/such/file.pem"));

        let empty = options
            .add_pem_from(b"nothing here", "roots.pem")
            .unwrap_err();
        assert_eq!(empty.kind(), &ErrorKind::TlsConfig);
        assert!(empty.to_string().contains("no PEM certificate"), "{empty}");

        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let broken = options.add_pem_from(broken, "roots.pem").unwrap_err();
        assert_eq!(broken.kind(), &ErrorKind::TlsConfig);

        let cut = b"-----BEGIN CERTIFICATE-----\nAAAA\n";
        assert!(options.add_pem_from(cut, "roots.pem").is_err());
        assert!(options.extra_roots.is_empty(), "nothing was added");
    }

    #[test]
    fn der_is_checked_when_it_is_added() {
        let mut options = TlsOptions::default();
        assert!(options.add_der(vec![1, 2, 3]).is_err());
        let certificate = rcgen::generate_simple_self_signed(vec!["localhost".into()])
            .unwrap()
            .cert;
        options.add_der(certificate.der().to_vec()).unwrap();
        assert_eq!(options.extra_roots.len(), 1);
    }

    #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
    #[test]
    fn the_default_speaks_http_1_1_only_and_is_replaced_by_the_embedders() {
        let mut options = TlsOptions::default();
        let config = options.client_config().unwrap();
        assert_eq!(config.alpn_protocols, [b"http/1.1".to_vec()]);
        options.set_config(config.clone());
        assert!(Arc::ptr_eq(&options.client_config().unwrap(), &config));
    }

    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    #[test]
    fn without_a_provider_there_is_a_clear_error() {
        let error = TlsOptions::default().client_config().unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::NoTlsProvider);
    }
}

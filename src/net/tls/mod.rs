//! Whom to trust in `wss:`, and who to be.

mod alert;
mod any_certificate;
mod identity;
mod key_log;
mod rejected;

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, ConfigBuilder, RootCertStore, WantsVerifier,
    client::{WantsClientCert, WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, InvalidDnsNameError, ServerName, pem::PemObject},
};
use url::Host;

pub use self::alert::TlsAlert;
pub(crate) use self::rejected::take_rejected;
use self::{
    any_certificate::AnyCertificate, identity::Identity, key_log::KeyLogFile,
    rejected::KeepsRejected,
};
use super::error::{Error, ErrorKind, Phase};

/// Trust and identity in `wss:`.
///
/// Trusted are Mozilla's roots (crate `webpki-roots`), and more if they are added; instead of
/// Mozilla's, the added ones [alone](Self::trust_only_added) or, with the feature `system-roots`,
/// those of the system's store (`trust_system_store`). Or a [`ClientConfig`] of the embedder's own
/// [decides](Self::set_config) about all that.
///
/// Settings that contradict each other are an error of
/// [`WebSocketExtensionBuilder::build`](crate::WebSocketExtensionBuilder::build), and without that
/// builder of every connection; [`check`](Self::check) says so before. No environment variable is
/// read, but for what `trust_system_store` says.
///
/// The provider of cryptography is the one this crate was built with (feature `aws-lc-rs` before
/// `ring`), never a process-wide one. `http/1.1` is offered by ALPN.
#[derive(Debug, Clone, Default)]
pub struct TlsOptions {
    extra_roots: Vec<CertificateDer<'static>>,
    /// PEM files of more of them, not read yet.
    unread_roots: Vec<PathBuf>,
    only_added: bool,
    #[cfg(feature = "system-roots")]
    system_store: bool,
    identity: Option<Arc<Identity>>,
    server_name: Option<ServerName<'static>>,
    key_log: Option<Arc<KeyLogFile>>,
    any_certificate: bool,
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

    /// As [`add_pem_file`](Self::add_pem_file), but the file is read on the first use of `wss:`: for one that may be long
    /// and may not be needed. If it cannot be used, that connection and all further ones fail with the error of `add_pem_file`.
    pub fn add_pem_file_on_first_use(&mut self, path: impl Into<PathBuf>) {
        self.unread_roots.push(path.into());
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

    /// Trusts the certificates that were added, before or after this, and no other: not Mozilla's
    /// roots. To have added none is a contradiction.
    pub fn trust_only_added(&mut self) {
        self.only_added = true;
    }

    /// Trusts what the operating system trusts, in place of Mozilla's roots; added certificates
    /// count as well.
    ///
    /// On Windows and Apple's systems the system itself judges the certificates, with its
    /// revocations and its administrator's rules. Elsewhere the roots come from where OpenSSL has
    /// them; there `SSL_CERT_FILE` and `SSL_CERT_DIR`, if set, stand for the system's store, as
    /// with OpenSSL. The store is read on the first use of `wss:`.
    #[cfg(feature = "system-roots")]
    pub fn trust_system_store(&mut self) {
        self.system_store = true;
    }

    /// Shows this certificate to servers that ask for one (mutual TLS): two PEM files, which may
    /// be the same. The first has the certificate and those between it and its root, in this
    /// order; the second the private key, unencrypted, as PKCS #8, PKCS #1 or SEC 1.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] when a file cannot be read, [`ErrorKind::TlsConfig`] when it lacks what it
    /// should have or the key does not belong to the certificate; the options are unchanged then.
    pub fn set_client_certificate_files(
        &mut self,
        certificate: impl AsRef<Path>,
        key: impl AsRef<Path>,
    ) -> Result<(), Error> {
        self.identity = Some(Arc::new(Identity::from_files(
            certificate.as_ref(),
            key.as_ref(),
        )?));
        Ok(())
    }

    /// As [`set_client_certificate_files`](Self::set_client_certificate_files), with the contents
    /// of such files.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TlsConfig`], as there.
    pub fn set_client_certificate_pem(
        &mut self,
        certificate: &[u8],
        key: &[u8],
    ) -> Result<(), Error> {
        let of = |what: &str| format!("the client {what}");
        let identity = Identity::from_pem(certificate, &of("certificate"), key, &of("key"))?;
        self.identity = Some(Arc::new(identity));
        Ok(())
    }

    /// Asks every server for this name (SNI) and wants its certificate to be for it, whatever host
    /// the URL names: for servers that are reached by another name or by an address. A DNS name or
    /// an IP address. `Host` and the addresses dialled stay those of the URL.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TlsConfig`] for what is neither.
    pub fn set_server_name(&mut self, name: &str) -> Result<(), Error> {
        let parsed = ServerName::try_from(name.to_owned());
        self.server_name = Some(parsed.map_err(|error| {
            let subject = format!("the server name '{}'", name.escape_default());
            Error::new(Phase::TlsSettings, ErrorKind::TlsConfig, subject).caused_by(error)
        })?);
        Ok(())
    }

    /// Appends the secrets of every connection to a file, in the format of `SSLKEYLOGFILE`, so
    /// that Wireshark and its like can read what was recorded. Whoever has the file can, too. It is
    /// made if it is not there, on Unix for its owner alone.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] when it cannot be opened.
    pub fn set_key_log_file(&mut self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let log = KeyLogFile::open(path)
            .map_err(|error| Error::io(Phase::TlsSettings, path.display().to_string(), error))?;
        self.key_log = Some(Arc::new(log));
        Ok(())
    }

    /// **Accepts whatever certificate any server shows**, self-signed, expired or for another name:
    /// anybody on the way can read and change everything. For tests against servers of one's own.
    /// Each connection is warned of (`tracing`, level warn).
    ///
    /// Added roots have no effect then; a demand for certain ones is a contradiction.
    pub fn dangerously_accept_any_certificate(&mut self) {
        self.any_certificate = true;
    }

    /// Uses `config` as it is. It should offer `http/1.1` by ALPN or nothing.
    ///
    /// Of the other settings only the [server name](Self::set_server_name) goes with it: they would
    /// have no effect, so they are a contradiction.
    pub fn set_config(&mut self, config: Arc<ClientConfig>) {
        self.config = Some(config);
    }

    /// Whether the settings go together.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TlsConfig`]; the error's source says which do not.
    pub fn check(&self) -> Result<(), Error> {
        let system_store = self.system_store();
        let contradiction = if self.config.is_some()
            && (self.adds_roots()
                || self.only_added
                || system_store
                || self.identity.is_some()
                || self.key_log.is_some()
                || self.any_certificate)
        {
            "a whole configuration is given, next to which the others have no effect"
        } else if self.any_certificate && (self.only_added || system_store) {
            "any certificate is to be accepted, and only certain ones are"
        } else if self.only_added && system_store {
            "only added certificates are to be trusted, and the system's are"
        } else if self.only_added && !self.adds_roots() {
            "only added certificates are to be trusted, and none was added"
        } else {
            return Ok(());
        };
        let why = std::io::Error::other(contradiction);
        let subject = "settings that contradict each other";
        Err(Error::new(Phase::TlsSettings, ErrorKind::TlsConfig, subject).caused_by(why))
    }

    fn adds_roots(&self) -> bool {
        !self.extra_roots.is_empty() || !self.unread_roots.is_empty()
    }

    /// Reads what was left for the first use.
    fn with_all_roots(&self) -> Result<Cow<'_, Self>, Error> {
        let mut options = Cow::Borrowed(self);
        for path in &self.unread_roots {
            options.to_mut().add_pem_file(path)?;
        }
        Ok(options)
    }

    /// Whether connections take any certificate, and so have to be warned of.
    pub(crate) fn takes_any_certificate(&self) -> bool {
        self.any_certificate
    }

    /// The name to ask a server for, and to find in its certificate.
    pub(crate) fn name_of(
        &self,
        host: &Host<String>,
    ) -> Result<ServerName<'static>, InvalidDnsNameError> {
        match &self.server_name {
            Some(name) => Ok(name.clone()),
            None => name_of_host(host),
        }
    }

    /// What connections use. Costs enough to be done once only.
    pub(crate) fn client_config(&self) -> Result<Arc<ClientConfig>, Error> {
        self.check()?;
        if let Some(config) = &self.config {
            return Ok(config.clone());
        }
        let any = "any wss: server";
        let Some(provider) = provider().map(Arc::new) else {
            return Err(Error::new(Phase::Tls, ErrorKind::NoTlsProvider, any));
        };
        let unusable = |error| Error::new(Phase::Tls, ErrorKind::TlsConfig, any).caused_by(error);
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(unusable)?;
        let builder = self
            .with_all_roots()?
            .verified(builder, &provider)
            .map_err(unusable)?;
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => builder
                .with_client_auth_cert(identity.chain(), identity.key())
                .map_err(unusable)?,
        };
        if let Some(log) = &self.key_log {
            config.key_log = log.clone();
        }
        // The upgrade of RFC 6455 exists in HTTP/1.1 only.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Decides who verifies certificates.
    fn verified(
        &self,
        builder: ConfigBuilder<ClientConfig, WantsVerifier>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, rustls::Error> {
        let verifier: Arc<dyn ServerCertVerifier> = if self.any_certificate {
            Arc::new(AnyCertificate::new(provider))
        } else {
            Arc::new(KeepsRejected(self.verifier(provider)?))
        };
        Ok(builder
            .dangerous()
            .with_custom_certificate_verifier(verifier))
    }

    /// Verifies that somebody who is trusted has signed them.
    fn verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ServerCertVerifier>, rustls::Error> {
        #[cfg(feature = "system-roots")]
        if self.system_store {
            let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(
                self.extra_roots.iter().cloned(),
                provider.clone(),
            )?;
            return Ok(Arc::new(verifier));
        }
        let mut roots = RootCertStore::empty();
        if !self.only_added {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        for certificate in &self.extra_roots {
            roots.add(certificate.clone())?;
        }
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                .build()
                .map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(verifier)
    }

    #[cfg(feature = "system-roots")]
    fn system_store(&self) -> bool {
        self.system_store
    }

    #[cfg(not(feature = "system-roots"))]
    fn system_store(&self) -> bool {
        false
    }
}

/// What was agreed on, for people: version, cipher suite and protocol.
pub(crate) fn agreed(tls: &ClientConnection) -> String {
    let version = match tls.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "TLS",
    };
    let mut text = version.to_owned();
    if let Some(suite) = tls.negotiated_cipher_suite() {
        let suite = suite.suite();
        text.push_str(&format!(", {}", suite.as_str().unwrap_or("unknown suite")));
    }
    if let Some(protocol) = tls.alpn_protocol() {
        text.push_str(&format!(", ALPN {}", protocol.escape_ascii()));
    }
    text
}

/// The name to ask a host for, when it is to be itself.
pub(crate) fn name_of_host(
    host: &Host<String>,
) -> Result<ServerName<'static>, InvalidDnsNameError> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.clone()),
        Host::Ipv4(address) => Ok(ServerName::from(std::net::IpAddr::V4(*address))),
        Host::Ipv6(address) => Ok(ServerName::from(std::net::IpAddr::V6(*address))),
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

    #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
    #[test]
    fn a_file_left_for_the_first_use_is_read_then_and_counts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("roots.pem");
        let mut options = TlsOptions::default();
        options.trust_only_added();
        options.add_pem_file_on_first_use(&path);
        options.check().unwrap();
        let missing = options.client_config().unwrap_err();
        assert_eq!(missing.kind(), &ErrorKind::Io(std::io::ErrorKind::NotFound));
        assert!(missing.to_string().contains("roots.pem"), "{missing}");
        std::fs::write(&path, certificate_pem().repeat(2)).unwrap();
        assert_eq!(options.with_all_roots().unwrap().extra_roots.len(), 2);
        let config = options.client_config().unwrap();
        options.set_config(config);
        assert!(options.check().is_err(), "they would have no effect");
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

//! The server's certificate, made when it starts, and the authority that signs it.

use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Whether the crate was built with a TLS provider.
pub(super) const HAS_PROVIDER: bool = cfg!(any(feature = "ring", feature = "aws-lc-rs"));

/// The names a good certificate is for.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// What kind of certificate the server shows. All but [`Good`](Self::Good) are there to be refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CertificateKind {
    /// For `localhost`, `127.0.0.1` and `::1`, signed by the server's authority.
    #[default]
    Good,
    /// As good, but its last day was in 2001.
    Expired,
    /// As good, but its first day is in 2999.
    NotYetValid,
    /// As good, but for `wrong.example` only.
    WrongName,
    /// As good, but signed by an authority that [`ca_pem`](super::Server::ca_pem) does not name.
    UnknownIssuer,
    /// As good, but signed by itself.
    SelfSigned,
}

/// What a server with TLS has.
pub(super) struct Identity {
    pub(super) config: Arc<ServerConfig>,
    pub(super) ca_pem: String,
}

impl Identity {
    /// Makes an authority and a certificate signed by it. Takes well under a millisecond (P-256).
    pub(super) fn make(kind: CertificateKind) -> io::Result<Self> {
        let provider = provider().ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::Unsupported,
                "built without a TLS provider (`ring` or `aws-lc-rs`)",
            )
        })?;
        let (ca_pem, issuer) = authority().map_err(io::Error::other)?;
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let names = match kind {
            CertificateKind::WrongName => vec!["wrong.example".to_owned()],
            _ => NAMES.map(str::to_owned).to_vec(),
        };
        let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
        params
            .distinguished_name
            .push(DnType::CommonName, "boaws serve");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        match kind {
            CertificateKind::Expired => params.not_after = date_time_ymd(2001, 1, 1),
            CertificateKind::NotYetValid => params.not_before = date_time_ymd(2999, 1, 1),
            _ => {}
        }
        let certificate = match kind {
            CertificateKind::SelfSigned => params.self_signed(&key),
            CertificateKind::UnknownIssuer => {
                authority().and_then(|(_, other)| params.signed_by(&key, &other))
            }
            _ => params.signed_by(&key, &issuer),
        };
        let chain = vec![certificate.map_err(io::Error::other)?.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(io::Error::other)?;
        Ok(Self {
            config: Arc::new(config),
            ca_pem,
        })
    }
}

fn authority() -> Result<(String, Issuer<'static, KeyPair>), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    params
        .distinguished_name
        .push(DnType::CommonName, "boaws serve authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let pem = params.self_signed(&key)?.pem();
    Ok((pem, Issuer::new(params, key)))
}

fn provider() -> Option<Arc<CryptoProvider>> {
    #[cfg(feature = "ring")]
    return Some(Arc::new(rustls::crypto::ring::default_provider()));
    #[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
    return Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    None
}

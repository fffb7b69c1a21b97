//! TLS with a proxy.

use std::sync::Arc;

use rustls::{ClientConfig, SignatureScheme, client::ResolvesClientCert, sign::CertifiedKey};

/// What is used with servers, but for the client's certificate: it tells a server whom it deals
/// with, and is no business of a proxy.
pub(crate) fn tls_config(servers: &ClientConfig) -> Arc<ClientConfig> {
    let mut config = servers.clone();
    config.client_auth_cert_resolver = Arc::new(NoCertificate);
    Arc::new(config)
}

#[derive(Debug)]
struct NoCertificate;

impl ResolvesClientCert for NoCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

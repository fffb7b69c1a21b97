//! The certificates that were not accepted, for those who want to know what was wrong with them.

use std::{cell::RefCell, sync::Arc};

use rustls::{
    DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

thread_local! {
    /// rustls asks for a verdict on the thread that gives it the server's bytes, and that thread
    /// makes the error: so it finds here what its error was about.
    static REJECTED: RefCell<Vec<CertificateDer<'static>>> = const { RefCell::new(Vec::new()) };
}

/// What this thread's last handshake showed and was not accepted, the server's own certificate
/// first. Only once.
pub(crate) fn take_rejected() -> Vec<CertificateDer<'static>> {
    REJECTED.take()
}

/// Judges as another does, and keeps what that one does not accept.
#[derive(Debug)]
pub(super) struct KeepsRejected(pub(super) Arc<dyn ServerCertVerifier>);

impl ServerCertVerifier for KeepsRejected {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict =
            self.0
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        if verdict.is_err() {
            let chain = [end_entity].into_iter().chain(intermediates);
            // Bounded by what rustls takes as a handshake message.
            REJECTED.set(chain.map(|one| one.clone().into_owned()).collect());
        }
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.0.requires_raw_public_keys()
    }

    fn root_hint_subjects(&self) -> Option<&[rustls::DistinguishedName]> {
        self.0.root_hint_subjects()
    }
}

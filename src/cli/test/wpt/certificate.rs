//! A certificate for the servers, and the authority that signs it.

use std::io;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// As PEM.
pub(super) struct Certificate {
    pub(super) ca_pem: String,
    pub(super) certificate_pem: String,
    pub(super) key_pem: String,
}

impl Certificate {
    /// One for these hosts and all one label below them, or two, as the suite's own names are. The authority's key is forgotten.
    ///
    /// # Errors
    ///
    /// What the cryptographic library says.
    pub(super) fn for_hosts(hosts: &[&str]) -> io::Result<Self> {
        Self::make(hosts).map_err(io::Error::other)
    }

    fn make(hosts: &[&str]) -> Result<Self, rcgen::Error> {
        let ca_key = KeyPair::generate()?;
        let mut ca = CertificateParams::new(Vec::new())?;
        ca.distinguished_name
            .push(DnType::CommonName, "boaws test authority");
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca_pem = ca.self_signed(&ca_key)?.pem();
        let issuer = Issuer::new(ca, ca_key);

        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        for host in hosts {
            names.push((*host).to_owned());
            names.push(format!("*.{host}"));
            // Deeper ones of the suite: www.www.host and so on. The others have letters beyond ASCII.
            for label in ["www", "www1", "www2"] {
                names.push(format!("*.{label}.{host}"));
            }
        }
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(names)?;
        params
            .distinguished_name
            .push(DnType::CommonName, "boaws test");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        Ok(Self {
            ca_pem,
            certificate_pem: params.signed_by(&key, &issuer)?.pem(),
            key_pem: key.serialize_pem(),
        })
    }
}

//! Certificates of every wrong kind, and the right ones for other tests.

use std::{
    io::Read,
    sync::{Arc, mpsc},
};

use boa_websocket::net::{CertificateFault, ErrorKind, Options, Phase};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, NameConstraints, SanType, date_time_ymd,
};
use rustls::{
    ServerConfig, ServerConnection,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer},
    server::{ClientHello, NoServerSessionStorage, ResolvesServerCert},
    sign::CertifiedKey,
};

use crate::{
    harness::{Client, serve, url_of},
    script::{self, FAILED},
};

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Somebody who signs certificates, rightly or not.
pub(crate) struct Signer {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) der: CertificateDer<'static>,
}

fn params(name: &str, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    change(&mut params);
    params
}

fn authority(params: &mut CertificateParams) {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
}

impl Signer {
    /// One that nobody stands above.
    pub(crate) fn root(name: &str) -> Self {
        let params = params(name, authority);
        let key = KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().into();
        let issuer = Issuer::new(params, key);
        Self { issuer, der }
    }

    /// One below this one, an authority unless that is changed.
    fn below(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = params(name, authority);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let der = params.signed_by(&key, &self.issuer).unwrap().into();
        let issuer = Issuer::new(params, key);
        Self { issuer, der }
    }

    /// A server's certificate for this machine, and its key.
    pub(crate) fn certify(&self, change: impl FnOnce(&mut CertificateParams)) -> Credentials {
        let mut params = params("server", local_names);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let der = params.signed_by(&key, &self.issuer).unwrap().into();
        Credentials {
            chain: vec![der],
            key,
        }
    }
}

fn local_names(params: &mut CertificateParams) {
    params.subject_alt_names = vec![
        SanType::DnsName("localhost".try_into().unwrap()),
        SanType::IpAddress([127, 0, 0, 1].into()),
    ];
}

/// What a server shows: its own certificate first.
pub(crate) struct Credentials {
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
}

/// Shows them without looking at them.
#[derive(Debug)]
struct Blindly(Arc<CertifiedKey>);

impl ResolvesServerCert for Blindly {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

impl Credentials {
    fn and(mut self, signers: &[&Signer]) -> Self {
        self.chain
            .extend(signers.iter().map(|signer| signer.der.clone()));
        self
    }

    pub(crate) fn config(self) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let key = provider().key_provider.load_private_key(key).unwrap();
        let certified = Arc::new(CertifiedKey::new(self.chain, key));
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Blindly(certified)));
        // The handshake is always the whole one.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Arc::new(config)
    }
}

/// What a server's certificate is, and what is wrong with it.
fn wrong_certificates(root: &Signer) -> Vec<(&'static str, Credentials, CertificateFault)> {
    use CertificateFault as Fault;
    let stranger = Signer::root("stranger");
    let namesake = Signer::root("trusted");
    let middle = root.below("middle", |_| {});
    let no_authority = root.below("no authority", |params| params.is_ca = IsCa::ExplicitNoCa);
    let nothing_said = root.below("nothing said", |params| params.is_ca = IsCa::NoCa);
    let over = root.below("over", |params| {
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2001, 1, 1);
    });
    let last = root.below("last", |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    });
    let below_last = last.below("below the last", |_| {});
    let only = |tree: GeneralSubtree| {
        root.below("constrained", |params| {
            params.name_constraints = Some(NameConstraints {
                permitted_subtrees: vec![tree],
                excluded_subtrees: vec![],
            });
        })
    };
    let elsewhere = only(GeneralSubtree::DnsName("example.org".into()));
    let other_net = only(GeneralSubtree::IpAddress(rcgen::CidrSubnet::V4(
        [10, 0, 0, 0],
        [255, 0, 0, 0],
    )));
    let not_here = root.below("not here", |params| {
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![],
            excluded_subtrees: vec![GeneralSubtree::IpAddress(rcgen::CidrSubnet::V4(
                [127, 0, 0, 0],
                [255, 0, 0, 0],
            ))],
        });
    });
    let client_only = root.below("for clients", |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let times = |from, to| {
        move |params: &mut CertificateParams| {
            params.not_before = date_time_ymd(from, 1, 1);
            params.not_after = date_time_ymd(to, 1, 1);
        }
    };
    let names = |names: Vec<SanType>| {
        move |params: &mut CertificateParams| params.subject_alt_names = names
    };
    let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
    let key = KeyPair::generate().unwrap();
    let self_signed = params("server", local_names).self_signed(&key).unwrap();
    let self_signed = Credentials {
        chain: vec![self_signed.into()],
        key,
    };
    let mut spoilt = root.certify(|_| {});
    let mut der = spoilt.chain[0].to_vec();
    *der.last_mut().unwrap() ^= 1;
    spoilt.chain[0] = der.into();
    let mut other_key = root.certify(|_| {});
    let mut cut = root.certify(|_| {});
    let der = cut.chain[0].to_vec();
    cut.chain[0] = der[..der.len() - 10].to_vec().into();
    let mut garbage = root.certify(|_| {});
    garbage.chain[0] = b"no certificate".to_vec().into();
    let mut authoritys_own = root.certify(|_| {});
    authoritys_own.chain[0] = root.der.clone();
    other_key.chain[0] = root.certify(|_| {}).chain[0].clone();
    vec![
        ("expired", root.certify(times(2000, 2001)), Fault::Expired),
        (
            "of the future",
            root.certify(times(4000, 4001)),
            Fault::NotYetValid,
        ),
        (
            "of a stranger",
            stranger.certify(|_| {}),
            Fault::UnknownIssuer,
        ),
        (
            "of a stranger, with his own",
            stranger.certify(|_| {}).and(&[&stranger]),
            Fault::UnknownIssuer,
        ),
        ("of a namesake", namesake.certify(|_| {}), Fault::Other),
        ("self-signed", self_signed, Fault::UnknownIssuer),
        (
            "without the one in the middle",
            middle.certify(|_| {}),
            Fault::UnknownIssuer,
        ),
        (
            "by one that is no authority",
            no_authority.certify(|_| {}).and(&[&no_authority]),
            Fault::Other,
        ),
        (
            "by one that does not say that it is one",
            nothing_said.certify(|_| {}).and(&[&nothing_said]),
            Fault::Other,
        ),
        (
            "by one whose time is over",
            over.certify(|_| {}).and(&[&over]),
            Fault::Expired,
        ),
        (
            "by one below the last that may be",
            below_last.certify(|_| {}).and(&[&below_last, &last]),
            Fault::Other,
        ),
        (
            "by one for other addresses",
            other_net.certify(|_| {}).and(&[&other_net]),
            Fault::Other,
        ),
        (
            "by one for other names",
            elsewhere.certify(|_| {}).and(&[&elsewhere]),
            Fault::Other,
        ),
        (
            "by one for all but this address",
            not_here.certify(|_| {}).and(&[&not_here]),
            Fault::Other,
        ),
        (
            "by one for clients",
            client_only.certify(|_| {}).and(&[&client_only]),
            Fault::Other,
        ),
        (
            "for clients",
            root.certify(|params| {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            }),
            Fault::Other,
        ),
        (
            "for signing code",
            root.certify(|params| {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
            }),
            Fault::Other,
        ),
        (
            "without names",
            root.certify(names(vec![])),
            Fault::WrongName,
        ),
        (
            "for a name",
            root.certify(names(vec![dns("localhost")])),
            Fault::WrongName,
        ),
        (
            "for another address",
            root.certify(names(vec![SanType::IpAddress([127, 0, 0, 2].into())])),
            Fault::WrongName,
        ),
        (
            "with an extension that must be known",
            root.certify(|params| {
                let mut unknown = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
                unknown.set_criticality(true);
                params.custom_extensions = vec![unknown];
            }),
            Fault::Other,
        ),
        ("that is the authority's", authoritys_own, Fault::Other),
        ("with a spoilt signature", spoilt, Fault::Other),
        ("cut off", cut, Fault::Other),
        ("that is none", garbage, Fault::Other),
        ("whose key it does not have", other_key, Fault::Other),
    ]
}

#[test]
fn certificates_of_every_wrong_kind() {
    let root = Signer::root("trusted");
    let trust = |options: &mut Options| options.tls.add_der(root.der.to_vec()).unwrap();
    let mut client = Client::with(trust);
    let mut urls = Vec::new();
    let mut found = Vec::new();
    for (what, credentials, fault) in wrong_certificates(&root) {
        let config = credentials.config();
        let (report, requests) = mpsc::channel();
        let url = url_of(serve(move |mut tcp| {
            let mut tls = ServerConnection::new(config.clone()).unwrap();
            let mut request = Vec::new();
            let _ = rustls::Stream::new(&mut tls, &mut tcp).read_to_end(&mut request);
            let _ = report.send(request.len());
        }));
        let url = url.replace("ws:", "wss:");
        let closed = client.fail(&url);
        assert_eq!(closed.shown(), (1006, "", false), "{what}");
        assert_eq!(closed.why().phase(), Phase::Tls, "{what}");
        if closed.why().kind() != &ErrorKind::Certificate(fault) {
            found.push(format!(
                "{what}: {:?} {}",
                closed.why().kind(),
                closed.why()
            ));
        }
        assert_eq!(requests.recv().unwrap(), 0, "{what}: it was asked");
        urls.push(url);
    }
    assert!(found.is_empty(), "{found:#?}");
    let logs = script::events(&urls, trust);
    assert!(logs.iter().all(|log| log == &FAILED), "{logs:?}");
}

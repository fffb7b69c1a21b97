//! What is known without a connection.

use std::env;

use url::Url;

use crate::{
    cli::{
        hints::Given,
        network::{NetworkArgs, Roots},
        versions,
    },
    net::{Options, ProxyOptions},
};

/// See the module.
pub(super) struct Facts {
    pub(super) system: String,
    pub(super) tls_versions: &'static [&'static str],
    pub(super) compression: String,
    pub(super) features: Vec<&'static str>,
    /// How many files the process may open; `None` where nobody says.
    pub(super) open_files: Option<u64>,
    pub(super) roots: Vec<Roots>,
    pub(super) proxies: Vec<ProxyFact>,
}

/// Which proxy is used for what, and why.
pub(super) struct ProxyFact {
    pub(super) what: &'static str,
    pub(super) proxy: Option<String>,
    pub(super) why: String,
}

impl Facts {
    pub(super) fn gather(args: &NetworkArgs, options: &Options, url: Option<&Url>) -> Self {
        let given = args.given();
        let secure = match url.map(Url::scheme) {
            Some("wss") => &[true][..],
            Some(_) => &[false],
            None => &[false, true],
        };
        let excepted_by = match args.excepts_servers() {
            true => Some("--no-proxy"),
            false => ProxyOptions::no_proxy_variable(),
        };
        let proxies = secure
            .iter()
            .map(|&secure| proxy(secure, &options.proxy, url, &given, excepted_by))
            .collect();
        Self {
            system: format!("{} {}", env::consts::OS, env::consts::ARCH),
            tls_versions: match cfg!(any(feature = "ring", feature = "aws-lc-rs")) {
                true => &["TLS 1.3", "TLS 1.2"],
                false => &[],
            },
            compression: match options.compression.enabled {
                true => format!("permessage-deflate, level {}", options.compression.level),
                false => "permessage-deflate, not offered".to_owned(),
            },
            features: features(),
            open_files: open_files(),
            roots: args.roots(),
            proxies,
        }
    }
}

fn features() -> Vec<&'static str> {
    let all = [
        ("ring", cfg!(feature = "ring")),
        ("aws-lc-rs", cfg!(feature = "aws-lc-rs")),
        ("system-roots", cfg!(feature = "system-roots")),
        ("unix-sockets", cfg!(unix)),
        ("http-proxy", true),
        ("socks5-proxy", true),
    ];
    let there = all.into_iter().filter(|(_, there)| *there);
    there.map(|(name, _)| name).collect()
}

#[cfg(unix)]
fn open_files() -> Option<u64> {
    rlimit::getrlimit(rlimit::Resource::NOFILE)
        .ok()
        .map(|(soft, _)| soft)
}

#[cfg(not(unix))]
fn open_files() -> Option<u64> {
    None
}

fn proxy(
    secure: bool,
    options: &ProxyOptions,
    url: Option<&Url>,
    given: &Given,
    excepted_by: Option<&'static str>,
) -> ProxyFact {
    let what = if secure { "wss:" } else { "ws:" };
    let set = if secure { &options.wss } else { &options.ws };
    let from = given.proxy[usize::from(secure)];
    let Some(set) = set else {
        let (own, other) = if secure {
            ("HTTPS_PROXY", "ALL_PROXY")
        } else {
            ("HTTP_PROXY", "ALL_PROXY")
        };
        let why = match given.reads_environment {
            true => format!("neither --proxy nor {own} nor {other} is set"),
            false => "the environment is not looked at".to_owned(),
        };
        return ProxyFact {
            what,
            proxy: None,
            why,
        };
    };
    let from = from.unwrap_or("the options");
    let excepted = url.is_some_and(|url| options.proxy_for(url).is_none());
    if excepted {
        let by = excepted_by.unwrap_or("the options");
        return ProxyFact {
            what,
            proxy: None,
            why: format!("{by} excepts this server from {set}, which is that of {from}"),
        };
    }
    let but = match (url, excepted_by) {
        (None, Some(by)) => format!(", but not for the servers in {by}"),
        _ => String::new(),
    };
    ProxyFact {
        what,
        proxy: Some(set.to_string()),
        why: format!("from {from}{but}"),
    }
}

/// The versions, by name.
pub(super) const VERSIONS: [(&str, &str); 3] = [
    ("boaws", versions::BOAWS),
    ("Boa", versions::BOA),
    ("TLS", versions::TLS),
];

//! How servers are reached.

use std::{collections::HashMap, io, net::IpAddr, sync::Arc, time::Duration};

use clap::Args;

use crate::{
    extension::WebSocketExtensionBuilder,
    net::{Resolver, SystemResolver, TcpKeepAlive, known_addresses},
};

#[derive(Debug, Args)]
#[command(next_help_heading = "Reaching servers")]
pub(super) struct ReachArgs {
    /// Ask a silent peer every so many seconds if it is still there, by TCP; 0 for never. Default: 60.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(..=32_767))]
    tcp_keepalive: Option<u16>,

    /// Make several opening handshakes with one address at the same time, which RFC 6455 does not allow.
    #[arg(long)]
    parallel_handshakes: bool,

    /// Take these addresses for a host, as in --resolve example.org=192.0.2.1,192.0.2.2, instead of asking the system. May be
    /// given several times.
    #[arg(long, value_name = "HOST=ADDRESSES")]
    resolve: Vec<String>,

    /// Connect to the Unix-domain socket at PATH instead of HOST, or of HOST:PORT only. Script opens ws://HOST/ as ever. May
    /// be given several times.
    #[cfg(unix)]
    #[arg(long, value_name = "HOST=PATH")]
    unix_socket: Vec<String>,
}

impl ReachArgs {
    pub(super) fn apply(
        &self,
        builder: WebSocketExtensionBuilder,
    ) -> Result<WebSocketExtensionBuilder, String> {
        let resolver = self.resolver()?;
        let builder = builder.network(|options| {
            if let Some(seconds) = self.tcp_keepalive {
                let every = Duration::from_secs(seconds.into());
                options.tcp.keep_alive = (seconds > 0).then(|| TcpKeepAlive::every(every));
            }
            if self.parallel_handshakes {
                options.serial_handshakes = false;
            }
            if let Some(resolver) = resolver {
                options.resolver = Some(Arc::new(resolver));
            }
        });
        self.unix_sockets(builder)
    }

    fn resolver(&self) -> Result<Option<FixedAddresses>, String> {
        let mut fixed = FixedAddresses::default();
        for entry in &self.resolve {
            let invalid = |why: &str| format!("--resolve '{entry}': {why}");
            let Some((host, addresses)) = entry.split_once('=') else {
                return Err(invalid("it must be a host, '=' and addresses"));
            };
            let host = host_of_url(host).map_err(|why| invalid(&why))?;
            for address in addresses.split(',') {
                let bare = address.trim().trim_start_matches('[').trim_end_matches(']');
                let address = bare
                    .parse::<IpAddr>()
                    .map_err(|_| invalid(&format!("'{address}' is no IP address")))?;
                fixed.0.entry(host.clone()).or_default().push(address);
            }
        }
        Ok((!fixed.0.is_empty()).then_some(fixed))
    }

    #[cfg(unix)]
    fn unix_sockets(
        &self,
        builder: WebSocketExtensionBuilder,
    ) -> Result<WebSocketExtensionBuilder, String> {
        let mut failed = None;
        let builder = builder.network(|options| {
            for entry in &self.unix_socket {
                let added = split_unix_socket(entry).and_then(|(host, port, path)| {
                    let added = options.unix_sockets.insert(host, port, path);
                    added.map_err(|error| error.to_string())
                });
                if let Err(why) = added {
                    failed.get_or_insert(format!("--unix-socket '{entry}': {why}"));
                }
            }
        });
        failed.map_or(Ok(builder), Err)
    }

    /// There is no such argument here.
    #[cfg(not(unix))]
    fn unix_sockets(
        &self,
        builder: WebSocketExtensionBuilder,
    ) -> Result<WebSocketExtensionBuilder, String> {
        Ok(builder)
    }
}

/// Host, port and path of `HOST[:PORT]=PATH`.
#[cfg(unix)]
fn split_unix_socket(entry: &str) -> Result<(&str, Option<u16>, &str), String> {
    let Some((host, path)) = entry.split_once('=') else {
        return Err("it must be a host, '=' and a path".into());
    };
    match host.rsplit_once(':') {
        // A colon within brackets is of an IPv6 address.
        Some((host, port)) if !port.ends_with(']') => {
            let port = port.parse().map_err(|_| format!("'{port}' is no port"))?;
            Ok((host, Some(port), path))
        }
        _ => Ok((host, None, path)),
    }
}

/// A host in the form in which it is asked for, but for a dot at its end.
fn host_of_url(host: &str) -> Result<String, String> {
    match url::Host::parse(host) {
        Ok(host) if known_addresses(&host).is_none() => Ok(without_root(&host.to_string()).into()),
        Ok(url::Host::Domain(_)) => Err("it is always this machine".into()),
        Ok(_) => Err("an address needs no resolving".into()),
        Err(error) => Err(format!("'{host}' is no host: {error}")),
    }
}

/// `example.org.` is `example.org`.
fn without_root(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

/// Knows some names, and asks the system for the others.
#[derive(Debug, Default)]
struct FixedAddresses(HashMap<String, Vec<IpAddr>>);

impl Resolver for FixedAddresses {
    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        match self.0.get(without_root(host)) {
            Some(addresses) => Ok(addresses.clone()),
            None => SystemResolver.resolve(host),
        }
    }
}

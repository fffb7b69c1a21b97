//! A policy made of rules.

use std::{fmt, net::IpAddr, net::SocketAddr, ops::RangeInclusive, str::FromStr};

use ipnet::{IpNet, Ipv4Net};
use url::{Host, Url};

use super::{
    Denied, Policy,
    public::{readings, why_not_public},
};
use crate::net::resolver::known_addresses;

/// A [`Policy`] of rules about hosts, ports and networks. Without any, everything is allowed; once
/// there is a rule that allows, nothing else is; what a rule denies is never allowed.
///
/// | rule | is about |
/// |---|---|
/// | `example.org` | this name, not those below it |
/// | `*.example.org` | every name below it, not itself |
/// | `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]` | this address |
/// | `192.0.2.0/24`, `2001:db8::/32` | every address of this network |
/// | `*` | everything |
/// | `example.org:443`, `*:8000-8999`, `[2001:db8::/32]:80` | the same at these ports only |
///
/// A rule about names looks at the URL's host, as it was written there; one about addresses at the
/// host's address, be it in the URL or what its name resolves to. So where only names are allowed,
/// no other name is ever looked up, and a name that is allowed may have any address that is not
/// denied. An IPv4 address is the same one in all the forms it has in IPv6: mapped, and, where it
/// is to be denied, that of a translator (NAT64, 6to4). Where `127.0.0.1` or `::1` is denied, so is
/// `0.0.0.0` or `::`, which leads there.
///
/// Behind a proxy, and with a Unix-domain socket, there is no knowing a name's address. Rules that
/// allow addresses then allow no name, and those that deny addresses, [`deny_private`](Self::deny_private) with them, hold for
/// addresses in the URL alone: where that matters, allow names.
///
/// ```
/// use boa_websocket::net::PolicyRules;
///
/// let mut rules = PolicyRules::new();
/// rules.allow("example.org, *.example.org:443")?;
/// rules.deny("admin.example.org")?;
/// rules.deny_private();
/// # Ok::<(), boa_websocket::net::InvalidRule>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct PolicyRules {
    allow: Vec<Rule>,
    deny: Vec<Rule>,
    deny_private: bool,
}

impl PolicyRules {
    /// No rule.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds rules that allow, separated by commas.
    ///
    /// # Errors
    ///
    /// The first one that is none; no rule is added then.
    pub fn allow(&mut self, rules: &str) -> Result<(), InvalidRule> {
        self.allow.append(&mut parse(rules)?);
        Ok(())
    }

    /// Adds rules that deny, separated by commas.
    ///
    /// # Errors
    ///
    /// The first one that is none; no rule is added then.
    pub fn deny(&mut self, rules: &str) -> Result<(), InvalidRule> {
        self.deny.append(&mut parse(rules)?);
        Ok(())
    }

    /// Denies every address that is not of the public internet: loopback, private and unique
    /// local, link-local, a carrier's (100.64.0.0/10), multicast, unspecified, and what IANA has
    /// reserved for other purposes, in all forms; and the name `localhost`.
    pub fn deny_private(&mut self) {
        self.deny_private = true;
    }

    fn is_private(&self, address: IpAddr) -> Result<(), Denied> {
        match why_not_public(address) {
            Some(kind) if self.deny_private => Err(Denied::new(format!(
                "private networks are denied, and {address} is {kind}"
            ))),
            _ => Ok(()),
        }
    }
}

impl Policy for PolicyRules {
    fn check_url(&self, url: &Url) -> Result<(), Denied> {
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(Denied::new("the URL has no host"));
        };
        let host = host.to_owned();
        let known = known_addresses(&host);
        let addresses = known.as_deref().unwrap_or_default();
        for rule in &self.deny {
            let denied = |address: &IpAddr| rule.denies_address(*address, port);
            if rule.is_about_host(&host, port) || addresses.iter().any(denied) {
                return Err(rule.denial(&host));
            }
        }
        addresses
            .iter()
            .try_for_each(|address| self.is_private(*address))?;
        let allowed = |rule: &Rule| {
            rule.is_about_host(&host, port)
                || match &known {
                    Some(addresses) => addresses
                        .iter()
                        .any(|address| rule.allows_address(*address, port)),
                    // What it resolves to will tell.
                    None => rule.network.is_some() && rule.ports.contains(&port),
                }
        };
        if self.allow.is_empty() || self.allow.iter().any(allowed) {
            return Ok(());
        }
        Err(Denied::new(format!("no rule allows {host}:{port}")))
    }

    fn check_address(&self, url: &Url, address: SocketAddr) -> Result<(), Denied> {
        let (ip, port) = (address.ip(), address.port());
        for rule in &self.deny {
            if rule.denies_address(ip, port) {
                return Err(rule.denial(&ip));
            }
        }
        self.is_private(ip)?;
        let host = url.host().map(|host| host.to_owned());
        let allowed = |rule: &Rule| {
            let host = host.as_ref();
            rule.allows_address(ip, port) || host.is_some_and(|host| rule.is_about_host(host, port))
        };
        if self.allow.is_empty() || self.allow.iter().any(allowed) {
            return Ok(());
        }
        Err(Denied::new(format!("no rule allows {address}")))
    }

    fn check_without_address(&self, url: &Url) -> Result<(), Denied> {
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(Denied::new("the URL has no host"));
        };
        let host = host.to_owned();
        let named = |rule: &Rule| rule.is_about_host(&host, port);
        // Of a host with a known address, the URL has told all there is.
        if self.allow.is_empty() || known_addresses(&host).is_some() || self.allow.iter().any(named)
        {
            return Ok(());
        }
        Err(Denied::new(format!(
            "no rule allows the name {host} at port {port}, and its address is not known here"
        )))
    }
}

/// One rule.
#[derive(Debug, Clone)]
struct Rule {
    text: Box<str>,
    names: Names,
    network: Option<IpNet>,
    ports: RangeInclusive<u16>,
}

#[derive(Debug, Clone)]
enum Names {
    None,
    All,
    One(String),
    /// With the dot in front.
    Below(String),
}

impl Rule {
    /// Whether it names the host of a URL.
    fn is_about_host(&self, host: &Host<String>, port: u16) -> bool {
        let named = match (&self.names, host) {
            (Names::All, _) => true,
            (Names::One(name), Host::Domain(host)) => name == without_root(host),
            (Names::Below(suffix), Host::Domain(host)) => without_root(host)
                .strip_suffix(suffix.as_str())
                .is_some_and(|below| !below.is_empty()),
            _ => false,
        };
        named && self.ports.contains(&port)
    }

    fn allows_address(&self, address: IpAddr, port: u16) -> bool {
        let address = address.to_canonical();
        let within = |network: IpNet| network.contains(&address);
        self.network.is_some_and(within) && self.ports.contains(&port)
    }

    fn denies_address(&self, address: IpAddr, port: u16) -> bool {
        readings(address).any(|address| self.allows_address(address, port))
    }

    fn denial(&self, what: &impl fmt::Display) -> Denied {
        Denied::new(format!("the rule '{}' denies {what}", self.text))
    }
}

/// `example.org.` is `example.org`.
fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

fn parse(rules: &str) -> Result<Vec<Rule>, InvalidRule> {
    rules.split(',').map(|rule| rule.trim().parse()).collect()
}

/// A rule that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid rule '{rule}': {why}")]
pub struct InvalidRule {
    rule: Box<str>,
    why: Box<str>,
}

impl FromStr for Rule {
    type Err = InvalidRule;

    fn from_str(rule: &str) -> Result<Self, InvalidRule> {
        let invalid = |why: String| InvalidRule {
            // Behind a URL's user info stands what may be shown of it.
            rule: rule.rsplit('@').next().unwrap_or_default().into(),
            why: why.into(),
        };
        let (host, ports) = split_ports(rule).map_err(invalid)?;
        let ports = ports
            .map_or(Ok(0..=u16::MAX), parse_ports)
            .map_err(invalid)?;
        let (names, network) = parse_host(host).map_err(invalid)?;
        Ok(Self {
            text: rule.into(),
            names,
            network,
            ports,
        })
    }
}

/// A host without its brackets, and what stands behind its colon.
fn split_ports(rule: &str) -> Result<(&str, Option<&str>), String> {
    if rule.is_empty() {
        return Err("it is empty".into());
    }
    if rule.contains('@') {
        return Err("a user name or password has no place in it".into());
    }
    if rule.contains("://") {
        return Err("it is a URL, and must be a host, with or without a port".into());
    }
    if let Some(rest) = rule.strip_prefix('[') {
        let Some((host, ports)) = rest.split_once(']') else {
            return Err("']' is missing".into());
        };
        return match (ports.is_empty(), ports.strip_prefix(':')) {
            (true, _) => Ok((host, None)),
            (false, Some(ports)) => Ok((host, Some(ports))),
            (false, None) => Err("nothing but ':' and a port may follow ']'".into()),
        };
    }
    match rule.split_once(':') {
        // More than one colon: an IPv6 address, which needs brackets only for a port.
        Some((_, rest)) if rest.contains(':') => Ok((rule, None)),
        Some((host, ports)) => Ok((host, Some(ports))),
        None => Ok((rule, None)),
    }
}

fn parse_ports(text: &str) -> Result<RangeInclusive<u16>, String> {
    let port = |text: &str| match text.parse::<u16>() {
        Ok(port) if !text.starts_with('+') => Ok(port),
        _ => Err(format!("'{text}' is no port, a number up to 65535")),
    };
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (port(first)?, port(last)?),
        None => (port(text)?, port(text)?),
    };
    if first > last {
        return Err(format!("there is no port in {first}-{last}"));
    }
    Ok(first..=last)
}

fn parse_host(text: &str) -> Result<(Names, Option<IpNet>), String> {
    if text == "*" {
        return Ok((Names::All, None));
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok((Names::None, Some(address.to_canonical().into())));
    }
    if text.contains('/') {
        return Ok((Names::None, Some(parse_network(text)?)));
    }
    let (below, name) = match text.strip_prefix("*.") {
        Some(name) => (true, name),
        None => (false, text),
    };
    if name.contains('*') {
        return Err(
            "'*' can only be the whole host, or stand for names below one, as in *.example.org"
                .into(),
        );
    }
    // As the host of a URL is read, so that both are in the same form.
    match Host::parse(name) {
        Ok(Host::Domain(name)) if without_root(&name).is_empty() => {
            Err("there is no host in it".into())
        }
        Ok(Host::Domain(name)) if below => {
            Ok((Names::Below(format!(".{}", without_root(&name))), None))
        }
        Ok(Host::Domain(name)) => Ok((Names::One(without_root(&name).to_owned()), None)),
        Ok(_) if below => Err("there are no names below an address".into()),
        // URLs may say 10.0.0.1 so; who writes a rule means a network.
        Ok(Host::Ipv4(address)) => Err(format!(
            "'{name}' would be {address}; a network is written as in 192.0.2.0/24"
        )),
        Ok(Host::Ipv6(address)) => Ok((Names::None, Some(IpAddr::V6(address).into()))),
        Err(_) if name.is_empty() => Err("there is no host in it".into()),
        Err(error) => Err(format!("'{name}' is no host: {error}")),
    }
}

fn parse_network(text: &str) -> Result<IpNet, String> {
    let Ok(network) = text.parse::<IpNet>() else {
        return Err(format!(
            "'{text}' is no network, an address and the number of its bits that count, as in 192.0.2.0/24"
        ));
    };
    if network.trunc() != network {
        return Err(format!(
            "{} has bits that do not count; the network is {}",
            network.addr(),
            network.trunc()
        ));
    }
    // IPv4 written as IPv6.
    if let IpNet::V6(mapped) = network
        && let Some(address) = mapped.addr().to_ipv4_mapped()
        && let Some(prefix) = mapped.prefix_len().checked_sub(96)
        && let Ok(network) = Ipv4Net::new(address, prefix)
    {
        return Ok(network.into());
    }
    Ok(network)
}

#[cfg(test)]
mod tests;

//! Which addresses are of the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(first: u16, second: u16, third: u16, prefix: u8) -> Ipv6Net {
    let address = Ipv6Addr::new(first, second, third, 0, 0, 0, 0, 0);
    Ipv6Net::new_assert(address, prefix)
}

/// What is not reached over the public internet, by
/// <https://www.iana.org/assignments/iana-ipv4-special-registry>, and multicast.
const NOT_PUBLIC_V4: &[(Ipv4Net, &str)] = &[
    (v4(0, 0, 0, 0, 8), "unspecified"),
    (v4(10, 0, 0, 0, 8), "private"),
    (v4(100, 64, 0, 0, 10), "shared by a carrier's customers"),
    (v4(127, 0, 0, 0, 8), "loopback"),
    (v4(169, 254, 0, 0, 16), "link-local"),
    (v4(172, 16, 0, 0, 12), "private"),
    (v4(192, 0, 0, 0, 24), "for protocols"),
    (v4(192, 0, 2, 0, 24), "for documentation"),
    (v4(192, 88, 99, 0, 24), "reserved"),
    (v4(192, 168, 0, 0, 16), "private"),
    (v4(198, 18, 0, 0, 15), "for benchmarks"),
    (v4(198, 51, 100, 0, 24), "for documentation"),
    (v4(203, 0, 113, 0, 24), "for documentation"),
    (v4(224, 0, 0, 0, 4), "multicast"),
    (v4(240, 0, 0, 0, 4), "reserved"),
];

/// The same of IPv6, <https://www.iana.org/assignments/iana-ipv6-special-registry>.
const NOT_PUBLIC_V6: &[(Ipv6Net, &str)] = &[
    (
        Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 128),
        "unspecified",
    ),
    (Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128), "loopback"),
    (v6(0x2001, 0, 0, 23), "for protocols"),
    (v6(0x2001, 0xdb8, 0, 32), "for documentation"),
    (v6(0x3fff, 0, 0, 20), "for documentation"),
    (v6(0xfc00, 0, 0, 7), "unique local"),
    (v6(0xfe80, 0, 0, 10), "link-local"),
    (v6(0xff00, 0, 0, 8), "multicast"),
];

/// All that is given out for the public internet so far.
const GLOBAL_UNICAST: Ipv6Net = v6(0x2000, 0, 0, 3);

/// IPv4 in IPv6 by a translator, <https://www.rfc-editor.org/rfc/rfc6052#section-2.1>.
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 0, 96);

/// IPv4 in IPv6 by a stateless translator, <https://www.rfc-editor.org/rfc/rfc2765#section-2.1>.
const SIIT: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96);

/// A host's own IPv6 network made of its IPv4 address,
/// <https://www.rfc-editor.org/rfc/rfc3056#section-2>.
const SIX_TO_FOUR: Ipv6Net = v6(0x2002, 0, 0, 16);

/// The address itself, and the other one that a packet to it may end up at: the IPv4 address within
/// it, or, as operating systems take an unspecified address for this machine, a loopback address.
pub(super) fn readings(address: IpAddr) -> impl Iterator<Item = IpAddr> {
    let address = address.to_canonical();
    let other = match address {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Some(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V4(_) => None,
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Some(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V6(address) => embedded(address).map(IpAddr::V4),
    };
    std::iter::once(address).chain(other)
}

fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let octets = address.octets();
    let at = if SIX_TO_FOUR.contains(&address) {
        2
    } else if NAT64.contains(&address) || SIIT.contains(&address) {
        12
    } else {
        return None;
    };
    let inner = octets.get(at..at + 4)?;
    Some(Ipv4Addr::from(<[u8; 4]>::try_from(inner).ok()?))
}

/// What keeps an address from being one of the public internet: the kind of network it is in.
pub(super) fn why_not_public(address: IpAddr) -> Option<&'static str> {
    readings(address).find_map(|address| match address {
        IpAddr::V4(address) => {
            let mut kinds = NOT_PUBLIC_V4.iter();
            let (_, kind) = kinds.find(|(network, _)| network.contains(&address))?;
            Some(*kind)
        }
        IpAddr::V6(address) => {
            let mut kinds = NOT_PUBLIC_V6.iter();
            if let Some((_, kind)) = kinds.find(|(network, _)| network.contains(&address)) {
                return Some(*kind);
            }
            let translated = NAT64.contains(&address) || SIIT.contains(&address);
            (!translated && !GLOBAL_UNICAST.contains(&address))
                .then_some("not of the public internet")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(address: &str) -> Option<&'static str> {
        why_not_public(address.parse().unwrap())
    }

    #[test]
    fn both_ends_of_every_network_and_their_neighbours() {
        for (first, last, before, after) in [
            ("10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"),
            (
                "100.64.0.0",
                "100.127.255.255",
                "100.63.255.255",
                "100.128.0.0",
            ),
            (
                "127.0.0.0",
                "127.255.255.255",
                "126.255.255.255",
                "128.0.0.0",
            ),
            (
                "169.254.0.0",
                "169.254.255.255",
                "169.253.255.255",
                "169.255.0.0",
            ),
            (
                "172.16.0.0",
                "172.31.255.255",
                "172.15.255.255",
                "172.32.0.0",
            ),
            (
                "192.168.0.0",
                "192.168.255.255",
                "192.167.255.255",
                "192.169.0.0",
            ),
            (
                "198.18.0.0",
                "198.19.255.255",
                "198.17.255.255",
                "198.20.0.0",
            ),
            ("2001::", "2001:1ff:ffff::1", "2000:ffff::1", "2001:200::"),
            (
                "2001:db8::",
                "2001:db8:ffff::1",
                "2001:db7:ffff::1",
                "2001:db9::",
            ),
        ] {
            assert!(why(first).is_some() && why(last).is_some(), "{first}");
            assert_eq!((why(before), why(after)), (None, None), "{first}");
        }
    }

    #[test]
    fn kinds_are_named() {
        for (address, kind) in [
            ("0.0.0.0", "unspecified"),
            ("255.255.255.255", "reserved"),
            ("224.0.0.1", "multicast"),
            ("::", "unspecified"),
            ("::1", "loopback"),
            ("fc00::1", "unique local"),
            ("fdff:ffff::1", "unique local"),
            ("fe80::1", "link-local"),
            ("febf::1", "link-local"),
            ("fec0::1", "not of the public internet"),
            ("ff02::1", "multicast"),
            ("4000::1", "not of the public internet"),
            ("64:ff9b:1::a00:1", "not of the public internet"),
            ("::10.0.0.1", "not of the public internet"),
        ] {
            assert_eq!(why(address), Some(kind), "{address}");
        }
    }

    #[test]
    fn ipv4_is_seen_in_every_disguise() {
        for prefix in ["::ffff:", "64:ff9b::", "::ffff:0:"] {
            assert_eq!(
                why(&format!("{prefix}127.0.0.1")),
                Some("loopback"),
                "{prefix}"
            );
            assert_eq!(why(&format!("{prefix}8.8.8.8")), None, "{prefix}");
        }
        assert_eq!(why("2002:7f00:1::"), Some("loopback"));
        assert_eq!(why("2002:808:808::"), None);
    }

    #[test]
    fn the_public_internet_is_public() {
        for address in ["1.1.1.1", "203.0.114.1", "2606:4700::1111", "2a00::1"] {
            assert_eq!(why(address), None, "{address}");
        }
    }
}

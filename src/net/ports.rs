//! Ports that are never connected to.
//!
//! <https://fetch.spec.whatwg.org/#port-blocking>: a client that speaks HTTP to such a port could
//! be used to talk to a service that is not HTTP at all.

/// The Fetch Standard's bad ports, in ascending order.
const BAD_PORTS: &[u16] = &[
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101,
    102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427,
    465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990,
    993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667,
    6668, 6669, 6679, 6697, 10080,
];

/// Whether `port` is a [bad port](https://fetch.spec.whatwg.org/#bad-port).
pub(crate) fn is_bad_port(port: u16) -> bool {
    BAD_PORTS.binary_search(&port).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_the_search_finds_every_port() {
        assert!(BAD_PORTS.is_sorted());
        assert!(BAD_PORTS.iter().all(|&port| is_bad_port(port)));
    }

    #[test]
    fn neighbours_of_bad_ports_are_good() {
        for port in [2, 24, 80, 443, 6664, 6670, 8080, 10079, 10081, 65535] {
            assert!(!is_bad_port(port), "{port}");
        }
    }
}

use proptest::prelude::*;

use super::*;

fn rules(allow: &[&str], deny: &[&str], deny_private: bool) -> PolicyRules {
    let mut rules = PolicyRules::new();
    allow.iter().for_each(|rule| rules.allow(rule).unwrap());
    deny.iter().for_each(|rule| rules.deny(rule).unwrap());
    if deny_private {
        rules.deny_private();
    }
    rules
}

fn url_passes(rules: &PolicyRules, url: &str) -> bool {
    rules.check_url(&Url::parse(url).unwrap()).is_ok()
}

/// Whether `host` may be connected to once it has resolved to `address`.
fn passes(rules: &PolicyRules, host: &str, address: &str) -> bool {
    let url = Url::parse(&format!("ws://{host}:8080/")).unwrap();
    let address = SocketAddr::new(address.parse().unwrap(), 8080);
    rules.check_url(&url).is_ok() && rules.check_address(&url, address).is_ok()
}

#[test]
fn without_rules_everything_is_allowed() {
    let rules = PolicyRules::new();
    assert!(passes(&rules, "example.org", "192.0.2.1"));
    assert!(passes(&rules, "localhost", "127.0.0.1"));
}

#[test]
fn names_are_exact_and_a_star_is_for_those_below() {
    let exact = rules(&["Example.ORG"], &[], false);
    let below = rules(&["*.example.org"], &[], false);
    for (host, is_exact, is_below) in [
        ("example.org", true, false),
        ("EXAMPLE.org.", true, false),
        ("a.example.org", false, true),
        ("a.b.example.org.", false, true),
        ("notexample.org", false, false),
        ("example.org.evil.test", false, false),
        ("192.0.2.1", false, false),
    ] {
        assert_eq!(passes(&exact, host, "192.0.2.1"), is_exact, "{host}");
        assert_eq!(passes(&below, host, "192.0.2.1"), is_below, "{host}");
    }
    let idn = rules(&["bücher.example"], &[], false);
    assert!(passes(&idn, "xn--bcher-kva.example", "192.0.2.1"));
}

#[test]
fn ports_are_one_or_a_range_and_the_schemes_own_count() {
    let rules = rules(&["a.test:443", "b.test:8000-8002", "*:9"], &[], false);
    for (url, allowed) in [
        ("wss://a.test/", true),
        ("ws://a.test/", false),
        ("ws://a.test:443/", true),
        ("ws://b.test:7999/", false),
        ("ws://b.test:8000/", true),
        ("ws://b.test:8002/", true),
        ("ws://b.test:8003/", false),
        ("ws://c.test:9/", true),
        ("ws://[::1]:9/", true),
    ] {
        assert_eq!(url_passes(&rules, url), allowed, "{url}");
    }
}

#[test]
fn a_name_is_looked_up_only_where_its_address_can_matter() {
    let names = rules(&["example.org"], &[], false);
    assert!(!url_passes(&names, "ws://other.test/"));
    let networks = rules(&["example.org", "192.0.2.0/24:8080"], &[], false);
    assert!(url_passes(&networks, "ws://other.test:8080/"));
    assert!(!url_passes(&networks, "ws://other.test:8081/"));
    assert!(passes(&networks, "other.test", "192.0.2.9"));
    assert!(!passes(&networks, "other.test", "192.0.3.9"));
    assert!(passes(&networks, "192.0.2.9", "192.0.2.9"));
    assert!(!url_passes(&networks, "ws://192.0.3.9:8080/"));
}

#[test]
fn what_is_denied_is_never_allowed() {
    let both = rules(
        &["*.example.org", "10.0.0.0/8"],
        &["a.example.org", "10.1.0.0/16"],
        false,
    );
    assert!(passes(&both, "b.example.org", "192.0.2.1"));
    assert!(!passes(&both, "a.example.org", "192.0.2.1"));
    assert!(passes(&both, "b.example.org", "10.2.0.1"));
    assert!(!passes(&both, "b.example.org", "10.1.0.1"));
    let everything = rules(&["example.org"], &["*"], false);
    assert!(!passes(&everything, "example.org", "192.0.2.1"));
}

#[test]
fn an_ipv4_rule_holds_for_the_same_address_in_ipv6() {
    for rule in ["10.0.0.0/8", "::ffff:10.0.0.0/104"] {
        let deny = rules(&[], &[rule], false);
        for address in [
            "10.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:a00:1::",
        ] {
            assert!(!passes(&deny, "h.test", address), "{rule} {address}");
        }
        assert!(passes(&deny, "h.test", "11.0.0.1"));
        assert!(!url_passes(&deny, "ws://[::ffff:10.0.0.1]/"));
        assert!(
            !url_passes(&deny, "ws://0xa000001/"),
            "another way to write it"
        );
        let allow = rules(&[rule], &[], false);
        assert!(passes(&allow, "h.test", "::ffff:10.0.0.1"));
        assert!(
            !passes(&allow, "h.test", "64:ff9b::10.0.0.1"),
            "not surely the same"
        );
    }
}

#[test]
fn no_unspecified_address_leads_around_a_denial_of_this_machine() {
    let denied = rules(&[], &["127.0.0.0/8", "::1"], false);
    for host in ["0.0.0.0", "0", "[::]", "[::ffff:0.0.0.0]"] {
        assert!(!url_passes(&denied, &format!("ws://{host}/")), "{host}");
    }
    for address in ["0.0.0.0", "::"] {
        assert!(!passes(&denied, "example.org", address), "{address}");
    }
    // What allows one does not allow the other.
    let allowed = rules(&["127.0.0.1"], &[], false);
    assert!(!url_passes(&allowed, "ws://0.0.0.0/"));
}

#[test]
fn private_networks_are_denied_by_address_whatever_the_name() {
    let rules = rules(&["*"], &[], true);
    assert!(passes(&rules, "rebound.test", "1.1.1.1"));
    for address in [
        "127.0.0.1",
        "192.168.0.1",
        "::1",
        "::ffff:10.0.0.1",
        "fd00::1",
    ] {
        assert!(!passes(&rules, "rebound.test", address), "{address}");
    }
    for url in [
        "ws://localhost/",
        "ws://a.localhost./",
        "ws://[::1]/",
        "ws://127.1/",
    ] {
        assert!(!url_passes(&rules, url), "{url}");
    }
}

#[test]
fn a_denial_names_the_rule() {
    let deny = rules(&["*.example.org"], &["10.0.0.0/8"], true);
    let check = |address: &str| {
        let url = Url::parse("ws://a.example.org:80/").unwrap();
        let address = SocketAddr::new(address.parse().unwrap(), 80);
        deny.check_address(&url, address).unwrap_err().to_string()
    };
    assert_eq!(check("10.0.0.1"), "the rule '10.0.0.0/8' denies 10.0.0.1");
    assert_eq!(
        check("192.168.0.1"),
        "private networks are denied, and 192.168.0.1 is private"
    );
    let url = deny.check_url(&Url::parse("wss://other.test/").unwrap());
    assert_eq!(
        url.unwrap_err().to_string(),
        "no rule allows other.test:443"
    );
}

#[test]
fn what_is_no_rule_is_refused_with_a_reason() {
    for (rule, why) in [
        ("", "empty"),
        ("a,,b", "empty"),
        ("ws://example.org", "a URL"),
        ("ws://user:s3cret@example.org", "has no place"),
        ("user:s3cret@example.org", "has no place"),
        ("example.org/path", "no network"),
        ("10.0.0.1/8", "the network is 10.0.0.0/8"),
        ("10.0.0.0/33", "no network"),
        ("192.168", "would be 192.0.0.168"),
        ("10.1:80", "would be 10.0.0.1"),
        ("example.org:", "no port"),
        ("example.org:http", "no port"),
        ("example.org:65536", "no port"),
        ("example.org:9-1", "no port in 9-1"),
        ("a.*.org", "'*' can only"),
        ("*.10.0.0.1", "no names below"),
        ("[::1", "']' is missing"),
        ("[::1]80", "may follow"),
        (":80", "no host"),
        ("*.", "no host"),
        ("a b", "no host"),
        ("::x", "no host"),
    ] {
        let error = PolicyRules::new().allow(rule).unwrap_err().to_string();
        assert!(error.contains(why), "{rule}: {error}");
        assert!(error.starts_with("invalid rule '"), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
    let mut rules = PolicyRules::new();
    assert!(rules.deny("a.test, b.test:x").is_err());
    assert!(rules.deny.is_empty(), "none of them was taken");
    for rule in [
        "::1",
        "[::1]:80",
        "fd00::/8",
        "[fd00::/8]:1-2",
        "1.2.3.4:5",
        "a.test,*.b.test",
    ] {
        assert!(rules.allow(rule).is_ok(), "{rule}");
    }
}

#[test]
fn without_its_address_a_name_is_allowed_by_its_name_alone() {
    let passes = |rules: &PolicyRules, host: &str| {
        let url = Url::parse(&format!("ws://{host}:8080/")).unwrap();
        rules.check_url(&url).is_ok() && rules.check_without_address(&url).is_ok()
    };
    let networks = rules(&["192.0.2.0/24"], &[], false);
    assert!(passes(&networks, "192.0.2.1") && !passes(&networks, "192.0.3.1"));
    assert!(!passes(&networks, "example.org"), "who knows its address");
    let both = rules(&["192.0.2.0/24", "example.org"], &[], false);
    assert!(passes(&both, "example.org") && !passes(&both, "example.com"));
    let port = rules(&["192.0.2.0/24", "example.org:443"], &[], false);
    assert!(!passes(&port, "example.org"));
    let denied = rules(&[], &["192.0.2.0/24"], true);
    assert!(passes(&denied, "example.org") && !passes(&denied, "192.0.2.1"));
    assert!(!passes(&denied, "localhost") && !passes(&denied, "10.0.0.1"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_rules_or_is_refused(text in r"[\[\]*.:/,0-9a-f x-]{0,24}|\PC{0,12}") {
        let mut rules = PolicyRules::new();
        if rules.allow(&text).is_ok() {
            prop_assert!(!rules.allow.is_empty());
            prop_assert!(rules.deny(&text).is_ok());
            // Nothing that is denied is allowed.
            for address in ["10.0.0.1", "2001:db8::1"] {
                let address: SocketAddr = (address.parse::<IpAddr>().unwrap(), 80).into();
                let url = Url::parse(&format!("ws://{address}/")).unwrap();
                prop_assert!(rules.check_url(&url).is_err());
            }
        }
    }
}

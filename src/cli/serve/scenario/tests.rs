use std::{
    num::NonZeroU64,
    time::{Duration, Instant},
};

use super::{
    Scenario, Stage,
    play::expand,
    schema::{Action, What},
    script::{Agenda, MAX_RUNNING},
};

fn parse(text: &str) -> Scenario {
    Scenario::parse("x.json", text).unwrap()
}

#[track_caller]
fn refused(text: &str, place: (usize, usize), field: &str, what: &str) {
    let error = Scenario::parse("x.json", text).unwrap_err();
    let message = error.to_string();
    assert_eq!((error.line(), error.column()), place, "{message}");
    assert_eq!(error.field(), field, "{message}");
    assert!(message.contains(what), "{message}");
    assert!(
        message.starts_with(&format!("x.json:{}:{}: ", place.0, place.1)),
        "{message}"
    );
    assert!(!message.contains('\n'), "{message}");
}

#[test]
fn an_error_says_where_and_which_field() {
    refused("", (1, 0), "", "EOF");
    refused("{}", (1, 2), "", "missing field `path`");
    refused("{\"path\": \"/a\"} x", (1, 16), "", "trailing characters");
    refused(
        "{\n  \"path\": \"/a\",\n  \"on_opne\": []\n}",
        (3, 11),
        "on_opne",
        "unknown field `on_opne`",
    );
    refused("{\n \"path\": 7\n}", (2, 10), "path", "expected a string");
    let with = |rest: &str| format!("{{ \"path\": \"/a\",\n{rest}\n}}");
    refused(
        &with("\"on_open\": [{ \"send\": 7 }]"),
        (2, 23),
        "on_open[0].send",
        "expected a string",
    );
    refused(
        &with("\"on_message\": [{ \"do\": [{ \"close\": { \"code\": 70000 } }] }]"),
        (2, 50),
        "on_message[0].do[0].close.code",
        "expected u16",
    );
    refused(
        &with("\"refuse\": [{ \"status\": 101 }]"),
        (2, 28),
        "refuse[0].status",
        "200 to 999",
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (rest, what) in [
        ("\"on_open\": [{}]", "an action is one of"),
        (
            "\"on_open\": [{ \"send\": \"a\", \"cut\": true }]",
            "an action is one of",
        ),
        ("\"on_open\": [{ \"cut\": false }]", "cut is true"),
        (
            "\"on_open\": [{ \"send\": \"a\", \"times\": 0 }]",
            "needs an after_ms",
        ),
        (
            "\"on_open\": [{ \"send\": \"a\", \"after_ms\": 86400001 }]",
            "a day",
        ),
        ("\"on_open\": [{ \"send_base64\": \"?\" }]", "no base64"),
        (
            "\"on_open\": [{ \"close\": { \"reason\": \"x\" } }]",
            "needs a code",
        ),
        ("\"on_open\": [{ \"close\": null }]", "an action is one of"),
        (
            "\"accept\": { \"protocol\": \"a\\r\\nb\" }",
            "cannot stand in a header",
        ),
        (
            "\"accept\": { \"headers\": { \"a b\": \"c\" } }",
            "no name of a header",
        ),
        (
            "\"accept\": { \"headers\": { \"a\": \"c\\n\" } }",
            "cannot stand in a header",
        ),
        ("\"refuse\": [{ \"status\": 503, \"times\": 0 }]", "nonzero"),
        (
            "\"on_message\": [{ \"equals\": \"a\", \"type\": \"binary\", \"do\": [] }]",
            "no text",
        ),
        ("\"on_message\": [{ }]", "missing field `do`"),
        ("\"on_close\": \"later\"", "unknown variant `later`"),
    ] {
        let error = Scenario::parse("x", &format!("{{ \"path\": \"/a\", {rest} }}")).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
    let long = format!(
        "{{ \"path\": \"/a\", \"on_open\": [{{ \"ping\": \"{}\" }}] }}",
        "x".repeat(126)
    );
    assert!(Scenario::parse("x", &long).is_err());
    for path in ["", "a", "/a?b", "/a b", "/ä", "/a#"] {
        let text = format!("{{ \"path\": \"{path}\" }}");
        assert!(Scenario::parse("x", &text).is_err(), "{path}");
    }
}

#[test]
fn requests_are_refused_as_often_as_the_file_says() {
    let stage = Stage::new(parse(
        "{ \"path\": \"/\", \"refuse\": [{ \"status\": 503, \"times\": 2 }, { \"status\": 404, \"times\": 1 }] }",
    ));
    let statuses: Vec<_> = (0..5)
        .map(|_| stage.asked().map(|refuse| refuse.status.0))
        .collect();
    assert_eq!(statuses, [Some(503), Some(503), Some(404), None, None]);
    let stage = Stage::new(parse(
        "{ \"path\": \"/\", \"refuse\": [{ \"status\": 403 }] }",
    ));
    assert!((0..9).all(|_| stage.asked().is_some()));
}

#[test]
fn rules_fit_what_they_say() {
    let scenario = parse(
        "{ \"path\": \"/\", \"on_message\": [
            { \"equals\": \"a\", \"do\": [] },
            { \"starts_with\": \"b\", \"contains\": \"c\", \"do\": [] },
            { \"type\": \"text\", \"do\": [] },
            { \"type\": \"binary\", \"do\": [] },
            { \"do\": [] }
        ] }",
    );
    let fits = |text: Option<&str>| -> Vec<bool> {
        let rules = scenario.file.on_message.iter();
        rules.map(|rule| rule.fits(text)).collect()
    };
    assert_eq!(fits(Some("a")), [true, false, true, false, true]);
    assert_eq!(fits(Some("bxc")), [false, true, true, false, true]);
    assert_eq!(fits(Some("bx")), [false, false, true, false, true]);
    assert_eq!(fits(None), [false, false, false, true, true]);
}

#[test]
fn names_in_braces_are_replaced_and_other_braces_left() {
    let value = |name: &str| (name == "message").then(|| "{count} and {message}".to_owned());
    for (text, expected) in [
        ("", ""),
        ("{message}!", "{count} and {message}!"),
        (
            "{\"type\": \"{message}\"}",
            "{\"type\": \"{count} and {message}\"}",
        ),
        ("{", "{"),
        ("{{message}}", "{{count} and {message}}"),
        ("{other} }{", "{other} }{"),
    ] {
        assert_eq!(expand(text, value), expected);
    }
}

fn action(text: &str, after: u64, times: Option<u64>) -> Action {
    Action {
        what: What::Send(text.to_owned()),
        after: Duration::from_millis(after),
        times: times.and_then(NonZeroU64::new),
    }
}

/// What is done by then, in order.
fn done(agenda: &mut Agenda<'_, u8>, now: Instant) -> Vec<String> {
    let mut done = Vec::new();
    while let Some((action, cause)) = agenda.next(now) {
        let What::Send(text) = &action.what else {
            panic!("{action:?}");
        };
        done.push(format!("{text}{cause}"));
    }
    done
}

#[test]
fn actions_wait_repeat_and_keep_their_order() {
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    let list = [
        action("a", 0, Some(2)),
        action("b", 10, Some(2)),
        action("c", 0, Some(1)),
    ];
    let mut agenda = Agenda::new();
    assert_eq!(agenda.wait(start), None);
    agenda.start(&list, 1, start);
    agenda.start(&list[..1], 2, start);
    assert_eq!(done(&mut agenda, start), ["a1", "a1", "a2", "a2"]);
    assert_eq!(agenda.wait(at(4)), Some(Duration::from_millis(6)));
    assert_eq!(done(&mut agenda, at(9)), [""; 0]);
    assert_eq!(done(&mut agenda, at(11)), ["b1"]);
    // A beat is not moved by a little lateness.
    assert_eq!(agenda.wait(at(11)), Some(Duration::from_millis(9)));
    assert_eq!(done(&mut agenda, at(20)), ["b1", "c1"]);
    assert_eq!(agenda.wait(at(20)), None);
}

#[test]
fn what_goes_on_without_end_does_not_make_up_for_what_it_missed() {
    let start = Instant::now();
    let list = [action("t", 10, None)];
    let mut agenda = Agenda::new();
    agenda.start(&list, 0, start);
    let late = start + Duration::from_secs(100);
    assert_eq!(done(&mut agenda, late), ["t0"]);
    assert_eq!(agenda.wait(late), Some(Duration::from_millis(10)));
}

#[test]
fn so_many_lists_and_no_more() {
    let start = Instant::now();
    let list = [action("t", 10, Some(1))];
    let mut agenda = Agenda::new();
    for _ in 0..MAX_RUNNING {
        assert!(agenda.has_room());
        agenda.start(&list, 0, start);
    }
    assert!(!agenda.has_room());
    agenda.next(start + Duration::from_millis(10));
    assert!(agenda.has_room());
}

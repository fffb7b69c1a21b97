//! What does not pass under which executor, and why.

use super::{Executor, Kind};

/// In place of a subtest's name: the file as a whole.
pub(crate) const WHOLE_FILE: &str = "*";

/// A subtest that fails.
pub(crate) struct Failure {
    pub(crate) subtest: &'static str,
    /// It may pass as well: it depends on how many messages come at a time, or on which timer is looked at first.
    pub(crate) sometimes: bool,
}

const fn sometimes(subtest: &'static str) -> Failure {
    Failure {
        subtest,
        sometimes: true,
    }
}

/// The timers are `boa_runtime`'s, which take functions only.
const TIMERS_WITHOUT_STRINGS: &[Failure] = &[Failure {
    subtest: WHOLE_FILE,
    sometimes: false,
}];

/// These executors give each timer a future of its own, and futures that are ready together have no order.
const ORDER_OF_TIMERS: &[(&str, &[Failure])] = &[
    (
        "dom/abort-signal.any.js",
        &[sometimes("Timeouts stand in line with the other timers")],
    ),
    (
        "html/report-exception.any.js",
        &[sometimes("An uncaught error stops nothing else")],
    ),
];

/// Without a checkpoint the microtasks of all events of a batch come after the batch: what a test awaits between two
/// events, it sees when both are over.
const NO_CHECKPOINT: &[(&str, &[Failure])] = &[
    (
        "websocket/events.any.js",
        &[
            sometimes("A microtask checkpoint follows every listener"),
            sometimes("Each message is a task of its own"),
        ],
    ),
    (
        "websocket/close-by-server.any.js",
        &[sometimes(
            "The line is cut in the middle of a frame: what was complete arrives",
        )],
    ),
    (
        "websocket/close-method.any.js",
        &[sometimes("close() from event handlers")],
    ),
    (
        "websocket/compression.any.js",
        &[sometimes("compression is offered")],
    ),
    (
        "websocket/echo-large.any.js",
        &[sometimes("A lot in both directions at once")],
    ),
    (
        "websocket/receive.any.js",
        &[
            sometimes("A change of binaryType applies to the next message dispatched"),
            sometimes("Messages that arrive once the socket is CLOSING are dropped"),
        ],
    ),
];

/// Boa's `SimpleJobExecutor`, bare, runs all timers and then all tasks that are due before the next microtask, and an error that
/// no script catches ends its run with all jobs. Where that uses up a file's time, the whole file is listed.
const BARE_SIMPLE: &[(&str, &[Failure])] = &[
    (
        "dom/abort-signal.any.js",
        &[sometimes("Timeouts stand in line with the other timers")],
    ),
    ("html/report-exception.any.js", &[sometimes(WHOLE_FILE)]),
    (
        "html/timers.any.js",
        &[
            sometimes("A timer can be cleared until it runs"),
            sometimes("All microtasks run between two tasks, those they add included"),
        ],
    ),
    ("html/message-channel.any.js", &[sometimes(WHOLE_FILE)]),
    (
        "websocket/constructor.any.js",
        &[sometimes(
            "No event fires before the constructor's own task ends",
        )],
    ),
    ("websocket/receive.any.js", &[sometimes(WHOLE_FILE)]),
];

pub(crate) fn failures(_: Executor, _: &str) -> &'static [Failure] {
    &[]
}

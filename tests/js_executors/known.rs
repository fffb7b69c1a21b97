//! What does not pass under which executor, and why. All else does, wrapped in `Microtasks` and bare.

use super::{Executor, Kind};

/// In place of a subtest's name: the file is not run to its end.
pub(crate) const WHOLE_FILE: &str = "*";

/// A subtest that fails.
pub(crate) struct Failure {
    pub(crate) subtest: &'static str,
    /// It may pass as well: the moment at which a timer is due decides.
    pub(crate) sometimes: bool,
}

const fn always(subtest: &'static str) -> Failure {
    Failure {
        subtest,
        sometimes: false,
    }
}

const fn sometimes(subtest: &'static str) -> Failure {
    Failure {
        subtest,
        sometimes: true,
    }
}

type List = &'static [(&'static str, &'static [Failure])];

/// The crate's timers are its event loop's. Under other executors the host brings its own, here `boa_runtime`'s, which take
/// functions only.
const EVERYWHERE: List = &[(
    "html/timers-strings.any.js",
    &[
        always("A string is run as a script"),
        always("It does not see the scope in which the timer was set"),
        always("setInterval with a string"),
        always("Its microtasks run before the next timer"),
        always(
            "What a string throws, and why it cannot be compiled, is reported when the timer fires",
        ),
        always("A handler that cannot be a string"),
    ],
)];

/// There is no checkpoint between two listeners of one event: microtasks come when the executor has its turn, after the task.
const BARE: List = &[(
    "websocket/events.any.js",
    &[always("A microtask checkpoint follows every listener")],
)];

/// Boa's `SimpleJobExecutor`, bare, runs all timers and then all tasks that are due before the next microtask, of those what one
/// enqueues only with the next pass, and an error that no script catches ends its run with all jobs.
const BARE_SIMPLE: List = &[
    (
        "dom/abort-signal.any.js",
        &[sometimes("Timeouts stand in line with the other timers")],
    ),
    // The first error of a timer ends the run.
    ("html/report-exception.any.js", &[always(WHOLE_FILE)]),
    (
        "html/timers.any.js",
        &[
            sometimes("A timer can be cleared until it runs"),
            sometimes("All microtasks run between two tasks, those they add included"),
        ],
    ),
    // A subtest waits in a microtask for what has gone by then, until the time is up.
    ("html/message-channel.any.js", &[always(WHOLE_FILE)]),
];

/// Those of a test, the name of a file with its variant.
pub(crate) fn failures(executor: Executor, test: &str) -> Vec<&'static Failure> {
    let file = test.split('?').next().unwrap_or(test);
    let bare_simple = executor.bare && executor.kind == Kind::Simple;
    let lists = [
        (true, EVERYWHERE),
        (executor.bare, BARE),
        (bare_simple, BARE_SIMPLE),
    ];
    let lists = lists.iter().filter(|(holds, _)| *holds);
    let files = lists.flat_map(|(_, list)| *list);
    let files = files.filter(|(listed, _)| *listed == file);
    files.flat_map(|(_, failures)| *failures).collect()
}

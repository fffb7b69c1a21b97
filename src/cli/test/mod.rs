//! `boaws test`: runs files in the style of web-platform-tests' `testharness.js`.
//!
//! Each test, a file in one of its variants, runs in a process of its own, so that one that hangs or crashes is one failed
//! file and no more. With the harness of this crate and its embedded server, or with those of a checkout of
//! web-platform-tests.
//!
//! ```no_run
//! use boa_websocket::cli::test::{Environment, Tree};
//!
//! let tree = Tree { root: "js-tests".into(), html: false };
//! let environment = Environment::own("path/to/boaws")?;
//! for test in tree.find(&[".".into()])? {
//!     let outcome = environment.run(&test);
//!     assert!(outcome.is_ok(), "{}: {outcome:?}", test.id);
//! }
//! # Ok::<(), std::io::Error>(())
//! ```

pub(super) mod child;
mod command;
mod environment;
mod expectations;
mod html;
mod job;
mod meta;
mod outcome;
mod plan;
mod pool;
mod process;
mod realm;
mod report;
mod templates;
mod wpt;

pub(super) use self::command::main;
pub use self::{
    child::run_test_process,
    environment::Environment,
    outcome::{FileOutcome, FileStatus, Subtest, SubtestStatus},
    plan::{Kind, TestFile, Tree},
    realm::TestExecutor,
};

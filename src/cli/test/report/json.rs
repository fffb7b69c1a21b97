//! JSON in the shape of web-platform-tests' `wptreport`, which wpt.fyi and its kin read.

use std::{
    io::{self, Write},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use super::{Output, Record, Reporter, Totals};
use crate::cli::test::expectations::Judgement;

/// See the module. Everything is written at the end.
pub(in crate::cli::test) struct Json {
    output: Output,
    results: Vec<Value>,
}

impl Json {
    /// Writes to `output`.
    pub(in crate::cli::test) fn new(output: Output) -> Self {
        Self {
            output,
            results: Vec::new(),
        }
    }
}

/// The format has `expected` only where it differs from the result.
fn with_expected(mut value: Value, judgement: &Judgement, good: &str) -> Value {
    let (expected, reason) = match judgement {
        Judgement::Fine => return value,
        Judgement::Failure => (good, None),
        // The known status is the one that came out.
        Judgement::Known(reason) => {
            value["reason"] = json!(reason);
            return value;
        }
        Judgement::UnexpectedPass(reason) => ("FAIL", Some(reason)),
    };
    value["expected"] = json!(expected);
    if let Some(reason) = reason {
        value["reason"] = json!(reason);
    }
    value
}

impl Reporter for Json {
    fn file(&mut self, record: &Record<'_>) -> io::Result<()> {
        let subtests = record.subtests().map(|(subtest, judgement)| {
            let value = json!({
                "name": subtest.name,
                "status": subtest.status.to_string(),
                "message": subtest.message,
                "stack": subtest.stack,
                "known_intermittent": [],
            });
            with_expected(value, judgement, "PASS")
        });
        let absent = record.verdict.absent.iter().map(|name| {
            json!({
                "name": name,
                "status": "NOTRUN",
                "expected": "FAIL",
                "message": "there is no such subtest",
                "known_intermittent": [],
            })
        });
        let value = json!({
            "test": format!("/{}", record.test.id.trim_start_matches('/')),
            "status": record.outcome.status.to_string(),
            "message": record.outcome.message,
            "duration": milliseconds(record.outcome.duration.as_millis()),
            "known_intermittent": [],
            "subtests": subtests.chain(absent).collect::<Vec<_>>(),
        });
        self.results
            .push(with_expected(value, &record.verdict.file, "OK"));
        Ok(())
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        let since_epoch = |time: SystemTime| {
            let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
            milliseconds(since.as_millis())
        };
        let report = json!({
            "run_info": {
                "product": env!("CARGO_PKG_NAME"),
                "browser_version": env!("CARGO_PKG_VERSION"),
                "os": std::env::consts::OS,
                "processor": std::env::consts::ARCH,
            },
            "time_start": since_epoch(totals.started),
            "time_end": since_epoch(SystemTime::now()),
            "results": std::mem::take(&mut self.results),
        });
        writeln!(self.output, "{report:#}")?;
        self.output.flush()
    }
}

fn milliseconds(given: u128) -> u64 {
    u64::try_from(given).unwrap_or(u64::MAX)
}

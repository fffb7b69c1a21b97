//! What the runner tells the process that runs one test, as a line of JSON.

use std::{path::PathBuf, time::Duration};

use serde_json::{Value, json};

use super::plan::{Kind, Script, TestFile};

/// Everything a test's process needs to know.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    pub(super) title: Option<String>,
    pub(super) for_workers_only: bool,
    pub(super) scripts: Vec<Script>,
    /// The names by which script could find elements of its page.
    pub(super) elements: Vec<String>,
    pub(super) location: String,
    /// Until the test is asked to come to its end.
    pub(super) timeout: Duration,
    /// Certificates to trust, as PEM.
    pub(super) roots: Option<String>,
    pub(super) harness: Harness,
}

/// Whose harness a test runs with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Harness {
    /// The one of this crate, with the addresses of the embedded server.
    Own { ws: String, wss: String },
    /// `resources/testharness.js` of a checkout.
    Wpt {
        root: PathBuf,
        /// What the templates in `.sub.` files are filled with: the configuration of the checkout's servers.
        config: Value,
    },
}

impl Job {
    pub(super) fn new(
        test: &TestFile,
        location: String,
        timeout: Duration,
        harness: Harness,
    ) -> Self {
        Self {
            id: test.id.clone(),
            path: test.path.clone(),
            kind: test.kind,
            title: test.title.clone(),
            for_workers_only: test.for_workers_only,
            scripts: test.scripts.clone(),
            elements: test.elements.clone(),
            location,
            timeout,
            roots: None,
            harness,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let scripts = self.scripts.iter().map(|script| match script {
            Script::File(path) => json!({ "file": path }),
            Script::Inline { text, line } => json!({ "text": text, "line": line }),
        });
        json!({
            "id": self.id,
            "path": self.path,
            "kind": match self.kind {
                Kind::Any => "any",
                Kind::Window => "window",
                Kind::Html => "html",
                Kind::Worker => "worker",
            },
            "title": self.title,
            "for_workers_only": self.for_workers_only,
            "scripts": scripts.collect::<Vec<_>>(),
            "elements": self.elements,
            "location": self.location,
            "timeout": self.timeout.as_secs_f64(),
            "roots": self.roots,
            "harness": match &self.harness {
                Harness::Own { ws, wss } => json!({ "ws": ws, "wss": wss }),
                Harness::Wpt { root, config } => json!({ "root": root, "config": config }),
            },
        })
    }

    /// Reads what [`to_json`](Self::to_json) has made.
    pub(super) fn from_json(json: &str) -> Result<Self, String> {
        let job: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let required = |name: &str| text(&job[name]).ok_or_else(|| format!("no '{name}'"));
        let kind = match required("kind")?.as_str() {
            "any" => Kind::Any,
            "window" => Kind::Window,
            "html" => Kind::Html,
            "worker" => Kind::Worker,
            other => return Err(format!("an unknown kind: {other}")),
        };
        let scripts = job["scripts"].as_array().map_or(&[][..], Vec::as_slice);
        let scripts = scripts.iter().map(|script| {
            if let Some(path) = script["file"].as_str() {
                return Ok(Script::File(PathBuf::from(path)));
            }
            let line = script["line"]
                .as_u64()
                .and_then(|line| u32::try_from(line).ok());
            match (text(&script["text"]), line) {
                (Some(text), Some(line)) => Ok(Script::Inline { text, line }),
                _ => Err("a script without text".to_owned()),
            }
        });
        let elements = job["elements"].as_array().map_or(&[][..], Vec::as_slice);
        let harness = &job["harness"];
        let harness = match (
            text(&harness["ws"]),
            text(&harness["wss"]),
            text(&harness["root"]),
        ) {
            (Some(ws), Some(wss), _) => Harness::Own { ws, wss },
            (.., Some(root)) => Harness::Wpt {
                root: PathBuf::from(root),
                config: harness["config"].clone(),
            },
            _ => return Err("no harness".to_owned()),
        };
        let timeout = job["timeout"].as_f64().unwrap_or_default();
        Ok(Self {
            id: required("id")?,
            path: PathBuf::from(required("path")?),
            kind,
            title: text(&job["title"]),
            for_workers_only: job["for_workers_only"].as_bool().unwrap_or_default(),
            scripts: scripts.collect::<Result<_, _>>()?,
            elements: elements.iter().filter_map(text).collect(),
            location: required("location")?,
            timeout: Duration::try_from_secs_f64(timeout).map_err(|error| error.to_string())?,
            roots: text(&job["roots"]),
            harness,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_survives_the_way_there_and_back() {
        let own = Harness::Own {
            ws: "ws://a".into(),
            wss: "wss://a".into(),
        };
        let wpt = Harness::Wpt {
            root: "/wpt".into(),
            config: json!({ "ports": { "ws": [1] } }),
        };
        for (kind, harness) in [
            (Kind::Any, own.clone()),
            (Kind::Window, wpt),
            (Kind::Html, own),
        ] {
            let job = Job {
                id: "a/b.any.js?x".into(),
                path: "/r/a/b.any.js".into(),
                kind,
                title: Some("t".into()),
                for_workers_only: true,
                scripts: vec![
                    Script::File("/r/x.js".into()),
                    Script::Inline {
                        text: "a\n\"b\"".into(),
                        line: 3,
                    },
                ],
                elements: vec!["log".into()],
                location: "http://x/".into(),
                timeout: Duration::from_millis(2_500),
                roots: None,
                harness,
            };
            let line = job.to_json().to_string();
            assert!(!line.contains('\n'));
            assert_eq!(Job::from_json(&line), Ok(job));
        }
    }

    #[test]
    fn what_is_no_job_is_refused() {
        for json in ["", "{}", "[1]", r#"{"kind":"any"}"#] {
            assert!(Job::from_json(json).is_err(), "{json}");
        }
    }
}

//! What tests are run with: a harness, and the servers they talk to.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    job::{Harness, Job},
    outcome::{FileOutcome, FileStatus},
    plan::{TestFile, Unfit},
    process,
    wpt::WptServers,
};
use crate::cli::serve::{Server, ServerOptions};

/// How long a test may take that does not ask for more.
const NORMAL_TIMEOUT: Duration = Duration::from_secs(10);

/// How long one may take that asks for `timeout=long`.
const LONG_TIMEOUT: Duration = Duration::from_secs(60);

/// What tests are run with. Its servers end with it.
#[derive(Debug)]
pub struct Environment {
    program: PathBuf,
    arguments: Vec<OsString>,
    servers: Servers,
    timeout_multiplier: f64,
}

#[derive(Debug)]
enum Servers {
    Own(Box<Server>),
    Wpt(Box<WptServers>),
}

impl Environment {
    /// The harness of this crate and the embedded server. `program` is the binary `boaws`, which runs the tests.
    ///
    /// # Errors
    ///
    /// If the server cannot be started.
    pub fn own(program: impl Into<PathBuf>) -> io::Result<Self> {
        let server = Server::start(ServerOptions::default())?;
        Ok(Self::new(program, Servers::Own(Box::new(server))))
    }

    /// The harness and the servers of the checkout of web-platform-tests at `root`, which `python` runs.
    ///
    /// # Errors
    ///
    /// If there is no checkout, or its servers cannot be started.
    pub(super) fn wpt(
        program: impl Into<PathBuf>,
        root: &Path,
        python: &Path,
        verbose: bool,
    ) -> io::Result<Self> {
        let servers = WptServers::start(root, python, verbose)?;
        Ok(Self::new(program, Servers::Wpt(Box::new(servers))))
    }

    fn new(program: impl Into<PathBuf>, servers: Servers) -> Self {
        Self {
            program: program.into(),
            arguments: vec!["run-test".into()],
            servers,
            timeout_multiplier: 1.0,
        }
    }

    /// Starts the program with these arguments instead of `run-test`. It is one that calls
    /// [`run_test_process`](super::run_test_process).
    #[must_use]
    pub fn with_arguments(
        mut self,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Self {
        self.arguments = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// Lets every test take so many times as long.
    #[must_use]
    pub fn with_timeout_multiplier(mut self, multiplier: f64) -> Self {
        self.timeout_multiplier = multiplier;
        self
    }

    /// Runs a test in a process of its own. Whatever goes wrong is the outcome.
    #[must_use]
    pub fn run(&self, test: &TestFile) -> FileOutcome {
        match &test.unfit {
            Some(Unfit::Skip(why)) => FileOutcome::new(FileStatus::Skip, why),
            Some(Unfit::Error(what)) => FileOutcome::new(FileStatus::Error, what),
            None => process::run(&self.program, &self.arguments, &self.job(test)),
        }
    }

    fn job(&self, test: &TestFile) -> Job {
        let timeout = if test.long {
            LONG_TIMEOUT
        } else {
            NORMAL_TIMEOUT
        };
        let timeout = timeout.mul_f64(self.timeout_multiplier);
        match &self.servers {
            Servers::Own(server) => {
                let harness = Harness::Own {
                    ws: server.ws_url(),
                    wss: server.wss_url().unwrap_or_default(),
                };
                let address = server.address();
                let path = test.id.trim_start_matches('/');
                let mut job = Job::new(test, format!("http://{address}/{path}"), timeout, harness);
                job.roots = server.ca_pem().map(str::to_owned);
                job
            }
            Servers::Wpt(servers) => {
                let harness = Harness::Wpt {
                    root: servers.root().to_owned(),
                    config: servers.config().clone(),
                };
                let mut job = Job::new(test, servers.location(test), timeout, harness);
                job.roots = Some(servers.ca_pem().to_owned());
                job
            }
        }
    }
}

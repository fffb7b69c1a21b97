//! A `boaws` that runs while the test does something to it.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

/// Catches a hang, and is no measure of anything.
pub(crate) const HANG: Duration = Duration::from_secs(60);

/// Lines that another thread reads.
pub(crate) struct Lines(Receiver<String>);

impl Lines {
    fn of(stream: impl Read + Send + 'static) -> Self {
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self(lines)
    }

    /// The next line.
    #[track_caller]
    pub(crate) fn next(&self) -> String {
        self.0.recv_timeout(HANG).expect("a line")
    }

    /// The next line that has this in it; those before are passed over.
    #[track_caller]
    pub(crate) fn until(&self, part: &str) -> String {
        let mut passed = Vec::new();
        loop {
            match self.0.recv_timeout(HANG) {
                Ok(line) if line.contains(part) => return line,
                Ok(line) => passed.push(line),
                Err(error) => panic!("no {part:?}, {error}, but {passed:#?}"),
            }
        }
    }

    /// All that is still to come, once the process has ended.
    pub(crate) fn rest(&self) -> Vec<String> {
        let mut rest = Vec::new();
        while let Ok(line) = self.0.recv_timeout(HANG) {
            rest.push(line);
        }
        rest
    }
}

/// Waits for the end of a process.
#[track_caller]
pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if begun.elapsed() > HANG {
            let _ = child.kill();
            panic!("it goes on and on");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// A running process, ended with the test.
pub(crate) struct Boaws {
    child: Child,
    pub(crate) out: Lines,
    pub(crate) err: Lines,
}

impl Boaws {
    pub(crate) fn start(directory: &Path, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_boaws"))
            .args(args)
            .current_dir(directory)
            .env_remove("SSL_CERT_FILE")
            // Proxies of the place where the tests run do not lead to their servers.
            .env("no_proxy", "*")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = Lines::of(child.stdout.take().unwrap());
        let err = Lines::of(child.stderr.take().unwrap());
        Self { child, out, err }
    }

    /// Sends a signal, such as `INT`.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(status.success(), "{kill}");
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        wait(&mut self.child)
    }

    /// Waits for its end, which is to have this exit code.
    #[track_caller]
    pub(crate) fn ends_with(&mut self, code: i32) {
        let status = self.wait();
        assert_eq!(
            status.code(),
            Some(code),
            "{status}; {:#?}",
            self.err.rest()
        );
    }
}

impl Drop for Boaws {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

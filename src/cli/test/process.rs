//! A test in a process of its own: started, listened to, and ended when its time is up.

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use super::{
    job::Job,
    outcome::{FileOutcome, FileStatus},
};

/// How much is kept of what a test prints, in bytes.
const MAX_OUTPUT: usize = 64 << 10;

/// How many of the last lines a process printed are told of its crash.
const LAST_LINES: usize = 6;

/// A child process that does not outlive its owner.
struct Owned(Child);

impl Drop for Owned {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs `job` with `program` and says what came of it. Never fails: what goes wrong with the process is
/// the outcome.
pub(super) fn run(program: &Path, arguments: &[OsString], job: &Job) -> FileOutcome {
    let start = Instant::now();
    let mut outcome = match try_run(program, arguments, job) {
        Ok(outcome) => outcome,
        Err(error) => {
            let message = format!("cannot run {}: {error}", program.display());
            FileOutcome::new(FileStatus::Error, message)
        }
    };
    outcome.duration = start.elapsed();
    outcome
}

fn try_run(program: &Path, arguments: &[OsString], job: &Job) -> io::Result<FileOutcome> {
    let mut child = Owned(
        Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?,
    );
    let (sender, ended) = mpsc::channel();
    let report = collect(child.0.stdout.take(), usize::MAX, move || {
        // Nobody listens when the time was up before.
        let _ = sender.send(());
    })?;
    let output = collect(child.0.stderr.take(), MAX_OUTPUT, || {})?;
    // Held open until the end: its closing tells the process that we have gone.
    let mut stdin = child.0.stdin.take();
    if let Some(stdin) = &mut stdin {
        // A process that ends at once has said why, or has an exit status.
        let _ = writeln!(stdin, "{}", job.to_json()).and_then(|()| stdin.flush());
    }
    let in_time = match ended.recv_timeout(limit(job)) {
        Ok(()) | Err(RecvTimeoutError::Disconnected) => true,
        Err(RecvTimeoutError::Timeout) => false,
    };
    if !in_time {
        child.0.kill()?;
    }
    let status = child.0.wait()?;
    let text = |reader: thread::JoinHandle<Vec<u8>>| {
        let bytes = reader.join().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let (report, output) = (text(report), text(output));
    let mut outcome = if in_time {
        reported(&report, status, &output)
    } else {
        let seconds = limit(job).as_secs_f64();
        let message = format!("it did not end by itself and was killed after {seconds:.1} s");
        FileOutcome::new(FileStatus::Timeout, message)
    };
    outcome.output = output;
    Ok(outcome)
}

/// When a test is killed that was told to come to its end and has not.
fn limit(job: &Job) -> Duration {
    job.timeout.mul_f64(1.5) + Duration::from_secs(3)
}

/// Reads a pipe to its end on a thread, and keeps the first `limit` bytes.
fn collect(
    pipe: Option<impl Read + Send + 'static>,
    limit: usize,
    at_end: impl FnOnce() + Send + 'static,
) -> io::Result<thread::JoinHandle<Vec<u8>>> {
    let read = move || {
        let mut kept = Vec::new();
        if let Some(mut pipe) = pipe {
            let mut buffer = [0; 8 << 10];
            loop {
                match pipe.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(n) => {
                        let room = limit.saturating_sub(kept.len()).min(n);
                        kept.extend_from_slice(&buffer[..room]);
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            }
        }
        at_end();
        kept
    };
    thread::Builder::new()
        .name("boaws-collect".to_owned())
        .spawn(read)
}

fn reported(report: &str, status: ExitStatus, output: &str) -> FileOutcome {
    if status.success() {
        return FileOutcome::from_report(report)
            .unwrap_or_else(|message| FileOutcome::new(FileStatus::Error, message));
    }
    let lines = output.trim_end().lines().collect::<Vec<_>>();
    let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
    let message = format!("its process died ({status})");
    let message = if last.is_empty() {
        message
    } else {
        format!("{message}: {last}")
    };
    FileOutcome::new(FileStatus::Crash, message)
}

//! One run of one workload, from outside.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Instant,
};

use wait4::Wait4;

use crate::{Contender, Failure, Workload};

/// What came of a run.
#[derive(Clone, Default)]
pub(crate) struct Measurement {
    /// What the script says.
    pub(crate) value: f64,
    pub(crate) wall_ms: f64,
    /// Of all threads, user and system.
    pub(crate) cpu_s: f64,
    pub(crate) peak_mib: f64,
    /// Resident memory in KiB at the script's pauses. (Linux)
    resident_kib: HashMap<String, f64>,
}

impl Measurement {
    /// By how much resident memory has grown between two pauses, in KiB.
    pub(crate) fn grown_kib(&self, from: &str, to: &str) -> f64 {
        match (self.resident_kib.get(from), self.resident_kib.get(to)) {
            (Some(from), Some(to)) => to - from,
            _ => f64::NAN,
        }
    }

    /// How many times as much memory is resident at one pause as at another.
    pub(crate) fn resident_times(&self, from: &str, to: &str) -> f64 {
        match (self.resident_kib.get(from), self.resident_kib.get(to)) {
            (Some(from), Some(to)) => to / from,
            _ => f64::NAN,
        }
    }
}

/// Runs it; nothing comes of it where there is nothing to compare.
pub(crate) fn measure(
    contender: &Contender,
    workload: &Workload,
    server: &str,
) -> Result<Option<Measurement>, Failure> {
    let folder = tempfile::tempdir()?;
    let Some(mut command) = contender.command(workload, server, folder.path())? else {
        return Ok(None);
    };
    let mut run = Measurement {
        value: f64::NAN,
        ..Measurement::default()
    };
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot run {}: {error}", contender.name))?;
    let output = child.stdout.take().ok_or("no output")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        if let Some(name) = line.strip_prefix("PAUSE ") {
            run.resident_kib
                .insert(name.to_owned(), resident_kib(child.id()));
        } else if let Some(result) = line.strip_prefix("RESULT ") {
            let result: serde_json::Value = serde_json::from_str(result)?;
            run.value = result["value"].as_f64().unwrap_or(f64::NAN);
        } else {
            eprintln!("{}: {line}", contender.name);
        }
    }
    let used = child.wait4()?;
    run.wall_ms = start.elapsed().as_secs_f64() * 1_000.0;
    run.cpu_s = (used.rusage.utime + used.rusage.stime).as_secs_f64();
    run.peak_mib = used.rusage.maxrss as f64 / f64::from(1 << 20);
    if run.value.is_nan() {
        let (contender, workload) = (&contender.name, workload.name);
        return Err(format!("{contender} has not done {workload:?}").into());
    }
    Ok(Some(run))
}

fn resident_kib(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(f64::NAN)
}

/// `boaws serve`, for as long as this lives.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(boaws: &Path) -> Result<Self, Failure> {
        let mut child = Command::new(boaws)
            .args(["serve", "--quiet"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().ok_or("no output")?;
        for line in BufReader::new(output).lines() {
            let line = line?;
            if let Some(at) = line.find("ws://") {
                let url = line[at..].split_whitespace().next().unwrap_or_default();
                let url = url.trim_end_matches('/').to_owned();
                return Ok(Self { child, url });
            }
        }
        Err("the server has not said where it is".into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The same workloads under `boaws`, under tungstenite alone, and under other runtimes where they are installed, side by side.
//!
//! ```sh
//! cargo build --release
//! cargo bench --bench workloads -- --boaws target/release/boaws --peer node=/path/to/node --peer deno --peer bun --rounds 5
//! ```
//!
//! Each run is a process of its own against one `boaws serve`, and the contenders take turns, so that what else the machine does
//! falls on all of them. Of the rounds the median counts. Each script of `scripts/` gets the parameters `P` and the function
//! `report({ value })`. Nothing is asserted about times.

mod contender;
mod measure;
mod raw;
mod table;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;

use contender::Contender;
use measure::{Measurement, measure};
use table::Table;

/// What is measured, and how it is counted.
#[derive(Clone, Copy)]
struct Workload {
    name: &'static str,
    /// In `scripts/`, without its ending.
    script: &'static str,
    count: u64,
    size: u64,
    binary: bool,
    /// What the value is to be read as.
    unit: &'static str,
    /// Which of the numbers of a run is shown.
    shown: fn(&Measurement, &Workload) -> f64,
    /// Whether less is better.
    less: bool,
}

const fn workload(
    name: &'static str,
    script: &'static str,
    (count, size, binary): (u64, u64, bool),
    unit: &'static str,
) -> Workload {
    Workload {
        name,
        script,
        count,
        size,
        binary,
        unit,
        shown: |run, _| run.value,
        less: false,
    }
}

const fn less(mut workload: Workload, shown: fn(&Measurement, &Workload) -> f64) -> Workload {
    workload.less = true;
    workload.shown = shown;
    workload
}

const MIB: u64 = 1 << 20;

const WORKLOADS: [Workload; 23] = [
    less(
        workload("start to exit", "start", (1, 1, false), "ms"),
        |run, _| run.wall_ms,
    ),
    less(
        workload("start to exit, peak", "start", (1, 1, false), "MiB"),
        |run, _| run.peak_mib,
    ),
    workload(
        "receive 32 B text",
        "receive",
        (1_000_000, 32, false),
        "msg/s",
    ),
    workload(
        "receive 1 KiB binary",
        "receive",
        (500_000, 1024, true),
        "msg/s",
    ),
    workload("send 32 B text", "send", (1_000_000, 32, false), "msg/s"),
    workload("send 1 KiB binary", "send", (500_000, 1024, true), "msg/s"),
    workload("echo 1 MiB", "echo", (400, MIB, true), "MiB/s"),
    workload("echo 16 MiB", "echo", (30, 16 * MIB, true), "MiB/s"),
    workload("echo 64 B", "echo", (50_000, 64, false), "1/s"),
    less(
        workload(
            "echo 64 B, 100k, processor",
            "echo",
            (50_000, 64, false),
            "s",
        ),
        |run, workload| run.cpu_s * 100_000.0 / workload.count as f64,
    ),
    workload(
        "5,000 connects at once",
        "connects",
        (5_000, 0, false),
        "1/s",
    ),
    less(
        workload("one of 5,000 idle", "connects", (5_000, 0, false), "KiB"),
        |run, workload| run.grown_kib("before", "idle") / workload.count as f64,
    ),
    less(
        workload(
            "the same after an echo",
            "connects",
            (5_000, 0, false),
            "KiB",
        ),
        |run, workload| run.grown_kib("before", "echoed") / workload.count as f64,
    ),
    workload("connect, echo, close", "cycles", (5_000, 0, false), "1/s"),
    workload("dispatchEvent", "dispatch", (1_000_000, 0, false), "1/s"),
    workload("echo over 1 socket", "scale", (100_000, 1, false), "1/s"),
    workload(
        "echo over 100 sockets",
        "scale",
        (100_000, 100, false),
        "1/s",
    ),
    workload(
        "echo over 1,000 sockets",
        "scale",
        (100_000, 1_000, false),
        "1/s",
    ),
    workload(
        "echo over 10,000 sockets",
        "scale",
        (100_000, 10_000, false),
        "1/s",
    ),
    workload("timers, 0 waiting", "timers", (100_000, 0, false), "1/s"),
    workload(
        "timers, 10,000 waiting",
        "timers",
        (100_000, 10_000, false),
        "1/s",
    ),
    less(
        workload(
            "receive of 1 MiB, 100,000, peak",
            "receive",
            (100_000, MIB, true),
            "MiB",
        ),
        |run, _| run.peak_mib,
    ),
    less(
        workload(
            "soak, resident at the end to after a tenth",
            "soak",
            (1_000_000, 0, false),
            "×",
        ),
        |run, _| run.resident_times("tenth", "end"),
    ),
];

/// Takes minutes; only if asked for by name.
const LONG: [&str; 2] = ["receive of 1 MiB", "soak"];

/// Compares runtimes at the workloads of a WebSocket client.
#[derive(Parser)]
struct Args {
    /// The program that is measured, and whose server all talk to. Otherwise the one that Cargo has built for this benchmark:
    /// it unwinds at a panic, as Cargo has it for all that a benchmark needs, which the one of `cargo build --release` does not.
    #[arg(long, value_name = "PATH", default_value = env!("CARGO_BIN_EXE_boaws"), hide_default_value = true)]
    boaws: PathBuf,

    /// Another runtime: `node`, `deno` or `bun`, or `ws` for the package of that name under Node; with a path, or else from PATH
    /// (`ws`: the folder of the package); `boaws` with the path of another build. May be given several times.
    #[arg(long, value_name = "NAME[=PATH]")]
    peer: Vec<String>,

    /// How often each contender has its turn.
    #[arg(long, default_value_t = 5)]
    rounds: usize,

    /// Only workloads whose name contains this text. The two that take minutes, "receive of 1 MiB" and "soak", are done only so.
    #[arg(long, default_value = "")]
    only: String,

    /// Do a workload with tungstenite alone, in this process.
    #[arg(long, hide = true, num_args = 5)]
    raw: Vec<String>,

    /// What cargo passes.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match &args.raw[..] {
        [script, server, count, size, binary] => raw::run(script, server, count, size, binary),
        _ => compare(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

type Failure = Box<dyn std::error::Error>;

fn compare(args: &Args) -> Result<(), Failure> {
    let mut contenders = vec![Contender::boaws(&args.boaws), Contender::raw()?];
    for peer in &args.peer {
        contenders.push(Contender::peer(peer)?);
    }
    let server = measure::Server::start(&args.boaws)?;
    let table = Table::new(&contenders);
    println!("{}", table.head());
    let chosen = WORKLOADS
        .iter()
        .filter(|workload| workload.name.contains(&args.only))
        .filter(|workload| {
            let long = LONG.iter().any(|long| workload.name.starts_with(long));
            !long || !args.only.is_empty()
        });
    // Rows that only read another number off the same runs share them.
    let mut runs: Vec<Vec<Measurement>> = Vec::new();
    let mut runs_of = None;
    for workload in chosen {
        let key = (
            workload.script,
            workload.count,
            workload.size,
            workload.binary,
        );
        if runs_of != Some(key) {
            runs = vec![Vec::new(); contenders.len()];
            for _ in 0..args.rounds.max(1) {
                for (contender, runs) in contenders.iter().zip(&mut runs) {
                    runs.extend(measure(contender, workload, &server.url)?);
                }
            }
            runs_of = Some(key);
        }
        println!("{}", table.row(workload, &runs));
    }
    Ok(())
}

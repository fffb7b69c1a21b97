//! `boaws serve`.

use std::{fs, io::Read, path::Path, process::ExitCode, sync::Arc, thread};

use anstyle::{AnsiColor, Style};

use super::{
    args::ServeArgs,
    serve::{Entry, Log, LogEvent, Scenario, Server, ServerOptions, Side},
    terminal::{print, print_line},
    usage_error,
};

/// The largest scenario that is read, in bytes.
const MAX_SCENARIO: u64 = 64 << 20;

/// Starts the embedded server and keeps it running until the process is interrupted.
pub(super) fn main(args: &ServeArgs) -> ExitCode {
    let scenarios = match read_scenarios(&args.scenario) {
        Ok(scenarios) => scenarios,
        Err(error) => return usage_error(error),
    };
    let paths: Vec<_> = scenarios.iter().map(|one| one.path().to_owned()).collect();
    let options = ServerOptions {
        bind: args.bind,
        allow_remote: args.allow_remote,
        port: args.port,
        tls_port: args.tls_port,
        log: (!args.quiet).then(|| log(args.verbose)),
        scenarios,
        ..ServerOptions::default()
    };
    let server = match Server::start(options) {
        Ok(server) => server,
        Err(error) => return usage_error(format_args!("cannot serve on {}: {error}", args.bind)),
    };
    if let (Some(path), Some(pem)) = (&args.write_ca, server.ca_pem())
        && let Err(error) = fs::write(path, pem)
    {
        return usage_error(format_args!("cannot write {}: {error}", path.display()));
    }
    print_line(format_args!("{}", server.ws_url()));
    if let Some(url) = server.wss_url() {
        print_line(format_args!("{url}"));
    }
    if !args.quiet {
        for path in paths {
            print(
                anstream::stderr(),
                format_args!("scenario at {}{path}", server.ws_url()),
            );
        }
    }
    loop {
        thread::park();
    }
}

/// Reads scenarios, each of which must have a path of its own.
///
/// # Errors
///
/// Which file cannot be used, and why, as a text for people.
pub(super) fn read_scenarios(files: &[impl AsRef<Path>]) -> Result<Vec<Scenario>, String> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for file in files {
        let file = file.as_ref();
        let text =
            read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        let scenario = Scenario::parse(file, &text).map_err(|error| error.to_string())?;
        if scenarios
            .iter()
            .any(|other| other.path() == scenario.path())
        {
            let (file, path) = (file.display(), scenario.path());
            return Err(format!("{file}: another scenario is at {path} already"));
        }
        scenarios.push(scenario);
    }
    Ok(scenarios)
}

fn read(file: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let mut file = fs::File::open(file)?.take(MAX_SCENARIO + 1);
    if file.read_to_string(&mut text)? as u64 > MAX_SCENARIO {
        let message = format!("it is larger than {} MiB", MAX_SCENARIO >> 20);
        return Err(std::io::Error::new(
            std::io::ErrorKind::FileTooLarge,
            message,
        ));
    }
    Ok(text)
}

const RECEIVED: Style = AnsiColor::Cyan.on_default();
const SENT: Style = AnsiColor::Green.on_default();
const FAULT: Style = AnsiColor::Red.on_default();
const DIM: Style = Style::new().dimmed();

/// Prints a line for each thing, in colours on a terminal.
fn log(verbose: bool) -> Log {
    Arc::new(move |entry: &Entry<'_>| {
        let style = match entry.event {
            LogEvent::Request { .. } if !verbose => return,
            LogEvent::Request { headers, .. } => return print_request(entry, headers),
            LogEvent::Said { by, .. } | LogEvent::Close { by, .. } => match by {
                Side::Client => RECEIVED,
                Side::Server => SENT,
            },
            LogEvent::Fault(_) => FAULT,
            _ => Style::new(),
        };
        let time = entry.elapsed.as_millis();
        let time = match (verbose, entry.connection) {
            (true, Some(_)) => format!(" {DIM}({time} ms){DIM:#}"),
            _ => String::new(),
        };
        // As one piece: stderr has no buffer.
        let line = format!("{style}{entry}{style:#}{time}");
        print(anstream::stderr(), format_args!("{line}"));
    })
}

/// A request and its headers, as one: lines of other connections do not come between.
fn print_request(entry: &Entry<'_>, headers: &[(String, String)]) {
    let mut text = entry.to_string();
    for (name, value) in headers {
        text.push_str(&format!("\n  {DIM}{name}: {value}{DIM:#}"));
    }
    print(anstream::stderr(), format_args!("{text}"));
}

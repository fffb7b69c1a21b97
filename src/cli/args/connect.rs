//! The arguments of `boaws connect`.

use std::time::Duration;

use clap::{Args, value_parser};

use crate::cli::network::{NetworkArgs, seconds};

/// Talk to a WebSocket server by hand.
///
/// Each line that is typed, or of stdin, is sent as a text message. What arrives is shown with its
/// time; when stdout is no terminal, as lines of plain data. What is not data goes to stderr.
///
/// At the end of a stdin that is no terminal the connection is closed, with 1000, once everything is
/// sent and nothing more arrives (see --wait).
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 the connection was closed cleanly, with 1000, 1001, no code, or as we asked for; 1 it \
    could not be made, was lost or closed otherwise; 2 wrong usage; 130, 143 and 129 after the signals of Ctrl-C, kill \
    and a terminal that has gone.\n\
    Try: echo hello | boaws connect --one ws://localhost:9000/echo"
)]
pub(in crate::cli) struct ConnectArgs {
    /// Where to: ws:, wss:, http: or https:. Without a scheme it is ws: for this machine (localhost:9000, :9000) and
    /// wss: for all others.
    #[arg(value_name = "URL")]
    pub(in crate::cli) url: String,

    /// Ask for this subprotocol. May be given several times, the preferred one first.
    #[arg(short, long, value_name = "NAME")]
    pub(in crate::cli) protocol: Vec<String>,

    /// Send this first. May be given several times.
    #[arg(short, long, value_name = "TEXT")]
    pub(in crate::cli) message: Vec<String>,

    /// Send each line as a binary message.
    #[arg(short, long, group = "form")]
    pub(in crate::cli) binary: bool,

    /// Lines are base64, to be sent as binary messages; those that arrive are shown so.
    #[arg(long, group = "form")]
    pub(in crate::cli) base64: bool,

    /// Lines are hexadecimal, to be sent as binary messages; those that arrive are shown so.
    #[arg(long, group = "form")]
    pub(in crate::cli) hex: bool,

    /// For programs: write a JSON object a line for each event, with type (open, message, close, error), time (ms since
    /// 1970), data or base64, protocol, code, reason, wasClean, message. Read such lines: {"data": TEXT},
    /// {"base64": TEXT} or {"type": "close", "code": 1000, "reason": TEXT}.
    #[arg(short, long, group = "form")]
    pub(in crate::cli) json: bool,

    /// Leave after one message has arrived.
    #[arg(short = '1', long)]
    pub(in crate::cli) one: bool,

    /// At the end of stdin, go on for so long after the last message before closing.
    #[arg(short, long, value_name = "SECONDS", default_value = "1", value_parser = seconds, conflicts_with = "no_close")]
    pub(in crate::cli) wait: Duration,

    /// At the end of stdin, go on until the server closes.
    #[arg(short, long)]
    pub(in crate::cli) no_close: bool,

    /// Give up if it is not over after this time, with exit code 1. 0 is for ever.
    #[arg(short, long, value_name = "SECONDS", default_value = "0", value_parser = seconds)]
    pub(in crate::cli) timeout: Duration,

    /// Close with this code: 1000 to 4999, but those that may not be sent.
    #[arg(long, value_name = "CODE", default_value_t = 1000, value_parser = value_parser!(u16).range(1000..=4999))]
    pub(in crate::cli) close_code: u16,

    /// The reason to close with, of at most 123 bytes.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    pub(in crate::cli) close_reason: String,

    /// Take lines that begin with a slash as commands: `/close [CODE [REASON]]`; two slashes send one.
    #[arg(long, conflicts_with = "json")]
    pub(in crate::cli) slash: bool,

    /// Show on stderr each phase of the connection, and why it failed, as `boaws run --verbose` does.
    #[arg(short, long)]
    pub(in crate::cli) verbose: bool,

    #[command(flatten)]
    pub(in crate::cli) network: NetworkArgs,
}

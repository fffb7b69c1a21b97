//! How long to wait for the peer.

use std::time::Duration;

use clap::Args;

use crate::{
    extension::WebSocketExtensionBuilder,
    net::{Heartbeat, Timeouts},
};

#[derive(Debug, Args)]
#[command(next_help_heading = "Timeouts, in seconds, such as 30 or 0.5; 0 is for ever")]
pub(super) struct TimeoutArgs {
    /// Fail a connection that is not open after this time, lookup and TLS included. Default: 30.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    handshake_timeout: Option<Duration>,

    /// Cut a connection whose peer does not answer our Close frame within this time. Default: 10.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    close_timeout: Option<Duration>,

    /// Fail an open connection on which nothing was received for this time. Default: 0, never.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    idle_timeout: Option<Duration>,

    /// Send a Ping at this interval. Default: 0, none are sent.
    #[arg(long, visible_alias = "ping", value_name = "SECONDS", value_parser = seconds)]
    heartbeat: Option<Duration>,

    /// Fail a connection whose peer gives no sign of life within this time after a Ping. Default: 20.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, requires = "heartbeat")]
    pong_timeout: Option<Duration>,
}

impl TimeoutArgs {
    pub(super) fn apply(&self, builder: WebSocketExtensionBuilder) -> WebSocketExtensionBuilder {
        builder.network(|options| self.set(&mut options.timeouts, &mut options.heartbeat))
    }

    fn set(&self, timeouts: &mut Timeouts, heartbeat: &mut Heartbeat) {
        // Where the library takes zero as it is, "for ever" has to be said otherwise.
        let bound = |time: Duration| if time.is_zero() { Duration::MAX } else { time };
        if let Some(time) = self.handshake_timeout {
            timeouts.handshake = bound(time);
        }
        if let Some(time) = self.close_timeout {
            timeouts.close = bound(time);
        }
        if let Some(time) = self.idle_timeout {
            timeouts.idle = Some(time);
        }
        if let Some(time) = self.heartbeat {
            heartbeat.interval = Some(time);
        }
        if let Some(time) = self.pong_timeout {
            heartbeat.timeout = time;
        }
    }
}

/// Seconds, with or without decimals.
pub(in crate::cli) fn seconds(text: &str) -> Result<Duration, String> {
    let number: Result<f64, _> = text.parse();
    let time = number
        .ok()
        .and_then(|number| Duration::try_from_secs_f64(number).ok());
    time.ok_or_else(|| "it must be a number of seconds, such as 30 or 0.5".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        timeouts: TimeoutArgs,
    }

    fn set(args: &[&str]) -> (Timeouts, Heartbeat) {
        let line = Line::try_parse_from([&["x"], args].concat()).unwrap();
        let (mut timeouts, mut heartbeat) = Default::default();
        line.timeouts.set(&mut timeouts, &mut heartbeat);
        (timeouts, heartbeat)
    }

    #[test]
    fn each_argument_sets_its_own_time() {
        let (timeouts, heartbeat) = set(&[
            "--handshake-timeout=1",
            "--close-timeout=2.5",
            "--idle-timeout=3",
            "--heartbeat=4",
            "--pong-timeout=0.005",
        ]);
        assert_eq!(timeouts.handshake, Duration::from_secs(1));
        assert_eq!(timeouts.close, Duration::from_millis(2500));
        assert_eq!(timeouts.idle, Some(Duration::from_secs(3)));
        assert_eq!(heartbeat.interval, Some(Duration::from_secs(4)));
        assert_eq!(heartbeat.timeout, Duration::from_millis(5));
    }

    #[test]
    fn without_arguments_the_defaults_stand() {
        let (timeouts, heartbeat) = set(&[]);
        assert_eq!(timeouts.handshake, Duration::from_secs(30));
        assert_eq!(timeouts.close, Duration::from_secs(10));
        assert_eq!(timeouts.idle, None);
        assert_eq!(heartbeat, Heartbeat::default());
        assert_eq!(heartbeat.timeout, Duration::from_secs(20));
    }

    #[test]
    fn zero_is_for_ever() {
        let (timeouts, _) = set(&["--handshake-timeout=0", "--close-timeout=0"]);
        assert_eq!(timeouts.handshake, Duration::MAX);
        assert_eq!(timeouts.close, Duration::MAX);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "-1", "x", "NaN", "inf", "1e300", "1s"] {
            let argument = format!("--idle-timeout={text}");
            assert!(Line::try_parse_from(["x", &argument]).is_err(), "{text}");
        }
        let alone = ["x", "--pong-timeout=1"];
        assert!(Line::try_parse_from(alone).is_err(), "pongs without pings");
    }
}

//! `--stats`: what a run has done and used.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use crate::net::{Error, MessageView, Observer, Phase, SocketId};

/// Counts what the network does since it was made.
#[derive(Debug)]
pub(super) struct Stats {
    begun: Instant,
    used_before: Duration,
    opened: AtomicU64,
    failed: AtomicU64,
    lost: AtomicU64,
    received: Traffic,
    sent: Traffic,
}

impl Stats {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            begun: Instant::now(),
            used_before: Usage::now().processor.unwrap_or_default(),
            opened: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            received: Traffic::default(),
            sent: Traffic::default(),
        })
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [opened, failed, lost] =
            [&self.opened, &self.failed, &self.lost].map(|count| count.load(Relaxed));
        writeln!(
            f,
            "boaws: sockets: {opened} opened, {failed} failed, {lost} lost"
        )?;
        writeln!(f, "boaws: received: {}", self.received)?;
        writeln!(f, "boaws: sent: {}", self.sent)?;
        write!(
            f,
            "boaws: time: {:.3} s",
            self.begun.elapsed().as_secs_f64()
        )?;
        let usage = Usage::now();
        if let Some(used) = usage.processor {
            let used = used.saturating_sub(self.used_before);
            write!(f, ", of the processor {:.3} s", used.as_secs_f64())?;
        }
        if let Some(bytes) = usage.peak_memory {
            write!(f, "; peak memory: {}", Size(bytes))?;
        }
        Ok(())
    }
}

impl Observer for Stats {
    fn open(&self, _: SocketId, _: &str, _: &str) {
        self.opened.fetch_add(1, Relaxed);
    }

    fn message_in(&self, _: SocketId, message: MessageView<'_>) {
        self.received.add(message);
    }

    fn message_out(&self, _: SocketId, message: MessageView<'_>) {
        self.sent.add(message);
    }

    fn failed(&self, _: SocketId, error: &Error) {
        let was_open = matches!(error.phase(), Phase::Open | Phase::Close);
        let count = if was_open { &self.lost } else { &self.failed };
        count.fetch_add(1, Relaxed);
    }
}

/// Messages one way.
#[derive(Debug, Default)]
struct Traffic {
    messages: AtomicU64,
    bytes: AtomicU64,
}

impl Traffic {
    fn add(&self, message: MessageView<'_>) {
        self.messages.fetch_add(1, Relaxed);
        let length = u64::try_from(message.payload().len()).unwrap_or(u64::MAX);
        self.bytes.fetch_add(length, Relaxed);
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let messages = self.messages.load(Relaxed);
        let plural = if messages == 1 { "" } else { "s" };
        write!(
            f,
            "{messages} message{plural}, {}",
            Size(self.bytes.load(Relaxed))
        )
    }
}

/// Bytes, for people.
struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = *self;
        // A tenth is exact enough for people.
        let tenths = |unit: u64| (u128::from(bytes) * 10 + u128::from(unit) / 2) / u128::from(unit);
        let (tenths, unit) = match bytes {
            0..1024 => return write!(f, "{bytes} B"),
            0x400..0x10_0000 => (tenths(1 << 10), "KiB"),
            0x10_0000..0x4000_0000 => (tenths(1 << 20), "MiB"),
            _ => (tenths(1 << 30), "GiB"),
        };
        write!(f, "{}.{} {unit}", tenths / 10, tenths % 10)
    }
}

/// What the process has used so far, where the system tells.
#[derive(Default)]
struct Usage {
    processor: Option<Duration>,
    /// In bytes.
    peak_memory: Option<u64>,
}

impl Usage {
    #[cfg(unix)]
    fn now() -> Self {
        use nix::sys::{
            resource::{UsageWho, getrusage},
            time::TimeVal,
        };

        let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else {
            return Self::default();
        };
        let duration = |time: TimeVal| {
            let seconds = u64::try_from(time.tv_sec()).unwrap_or_default();
            let micros = u64::try_from(time.tv_usec()).unwrap_or_default();
            Duration::from_secs(seconds) + Duration::from_micros(micros)
        };
        let unit = if cfg!(target_vendor = "apple") {
            1
        } else {
            1024
        };
        let peak = u64::try_from(usage.max_rss()).unwrap_or_default();
        Self {
            processor: Some(duration(usage.user_time()) + duration(usage.system_time())),
            peak_memory: Some(peak.saturating_mul(unit)),
        }
    }

    #[cfg(not(unix))]
    fn now() -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let shown = |bytes| Size(bytes).to_string();
        assert_eq!(shown(0), "0 B");
        assert_eq!(shown(1023), "1023 B");
        assert_eq!(shown(1024), "1.0 KiB");
        assert_eq!(shown(1536), "1.5 KiB");
        assert_eq!(shown(10 << 20), "10.0 MiB");
        assert_eq!(shown(u64::MAX), "17179869184.0 GiB");
    }

    #[cfg(unix)]
    #[test]
    fn the_system_tells_what_was_used() {
        let usage = Usage::now();
        assert!(usage.processor.is_some());
        assert!(usage.peak_memory.is_some_and(|bytes| bytes > 100_000));
    }
}

//! What the network tells of one connection, with the time of each thing.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    layer::{Context, SubscriberExt},
};

use crate::{
    cli::verbose::Fields,
    net::{Destination, Error, Observer, ResponseHead, SocketId},
};

/// Something that the network has told.
#[derive(Clone, Debug)]
pub(super) enum Told {
    Begun,
    Resolved {
        addresses: String,
        proxy: String,
    },
    AddressFailed {
        address: String,
        why: String,
    },
    Connected {
        address: String,
    },
    Tunnel {
        proxy: String,
    },
    Tls {
        agreed: String,
    },
    Response(ResponseHead),
    Open {
        protocol: String,
        extensions: String,
    },
    Failed(Error),
    Closed {
        code: u16,
        clean: bool,
    },
    Warning(String),
}

/// Takes notes, as an observer and as what listens to the network's diagnostics: addresses and TLS are told there alone.
#[derive(Clone)]
pub(super) struct Record(Arc<Notes>);

struct Notes {
    begun: Instant,
    told: Mutex<Vec<(Duration, Told)>>,
}

impl Record {
    /// Listens from now on, for the whole process.
    pub(super) fn begin() -> Self {
        let record = Self(Arc::new(Notes {
            begun: Instant::now(),
            told: Mutex::default(),
        }));
        let subscriber = tracing_subscriber::registry()
            .with(Targets::new().with_target("boa_websocket", Level::DEBUG))
            .with(Listener(record.clone()));
        // There is none before: this process does nothing else.
        let _ = tracing::subscriber::set_global_default(subscriber);
        record
    }

    /// Everything so far, with the time since the beginning.
    pub(super) fn take(&self) -> Vec<(Duration, Told)> {
        let mut told = self.0.told.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *told)
    }

    fn note(&self, told: Told) {
        let time = self.0.begun.elapsed();
        let mut all = self.0.told.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((time, told));
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").finish_non_exhaustive()
    }
}

impl Observer for Record {
    fn connecting(&self, _: SocketId, _: Destination<'_>) {
        self.note(Told::Begun);
    }

    fn response(&self, _: SocketId, response: &ResponseHead) {
        self.note(Told::Response(response.clone()));
    }

    fn open(&self, _: SocketId, protocol: &str, extensions: &str) {
        self.note(Told::Open {
            protocol: protocol.to_owned(),
            extensions: extensions.to_owned(),
        });
    }

    fn failed(&self, _: SocketId, error: &Error) {
        self.note(Told::Failed(error.clone()));
    }

    fn closed(&self, _: SocketId, code: u16, _: &str, clean: bool) {
        self.note(Told::Closed { code, clean });
    }
}

struct Listener(Record);

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let get = |name| fields.get(name).to_owned();
        let told = match fields.get("message") {
            "resolved" => Told::Resolved {
                addresses: get("addresses").trim_matches(['[', ']']).to_owned(),
                proxy: get("proxy"),
            },
            "address failed" => Told::AddressFailed {
                address: get("address"),
                // Without what was being done, which stands there already.
                why: match get("error").split_once(": ") {
                    Some((_, why)) => why.to_owned(),
                    None => get("error"),
                },
            },
            "address denied" => Told::AddressFailed {
                address: get("address"),
                why: get("denied"),
            },
            "connected" => Told::Connected {
                address: get("address"),
            },
            "proxy" => Told::Tunnel {
                proxy: get("proxy"),
            },
            "tls" => Told::Tls {
                agreed: get("agreed"),
            },
            message if *event.metadata().level() <= Level::WARN => {
                Told::Warning(message.to_owned())
            }
            _ => return,
        };
        self.0.note(told);
    }
}

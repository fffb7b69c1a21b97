//! A resolver that needs no DNS.

use std::{
    io,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use boa_websocket::net::Resolver;

/// Says what it was told to say about every name.
#[derive(Debug, Default)]
pub(crate) struct Says {
    pub(crate) addresses: Mutex<Vec<IpAddr>>,
    pub(crate) asked: AtomicUsize,
}

impl Says {
    pub(crate) fn new(addresses: &[&str]) -> Arc<Self> {
        let addresses = addresses.iter().map(|text| text.parse().unwrap());
        Arc::new(Self {
            addresses: Mutex::new(addresses.collect()),
            asked: AtomicUsize::new(0),
        })
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolver for Says {
    fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(self.addresses.lock().unwrap().clone())
    }
}

//! What `boaws` can be told about the network: arguments, and the environment variables that people expect to be
//! heeded. One file a subject, each with its arguments and with what they do to the options of the library, which
//! reads no environment itself.

mod compression;
mod headers;
mod policy;
mod proxy;
mod reach;
mod timeouts;
mod tls;

use std::{env, ffi::OsString};

use clap::Args;

pub(super) use self::{timeouts::seconds, tls::Roots};
use super::hints::Given;
use crate::{
    extension::{WebSocketExtension, WebSocketExtensionBuilder},
    net::Options,
};

/// The arguments that all commands share that connect to somewhere.
#[derive(Debug, Args)]
pub(super) struct NetworkArgs {
    #[command(flatten)]
    tls: tls::TlsArgs,

    #[command(flatten)]
    headers: headers::HeaderArgs,

    #[command(flatten)]
    compression: compression::CompressionArgs,

    #[command(flatten)]
    proxy: proxy::ProxyArgs,

    #[command(flatten)]
    reach: reach::ReachArgs,

    #[command(flatten)]
    policy: policy::PolicyArgs,

    #[command(flatten)]
    timeouts: timeouts::TimeoutArgs,
}

impl NetworkArgs {
    /// Puts them into the options.
    ///
    /// # Errors
    ///
    /// What is wrong with them, as a text for people.
    pub(super) fn apply(
        &self,
        builder: WebSocketExtensionBuilder,
    ) -> Result<WebSocketExtensionBuilder, String> {
        self.apply_with(builder, &|name| env::var_os(name))
    }

    /// The same with variables that are not all of the environment.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply).
    pub(super) fn apply_with(
        &self,
        builder: WebSocketExtensionBuilder,
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<WebSocketExtensionBuilder, String> {
        let builder = self.tls.apply(builder, variable)?;
        let builder = self.headers.apply(builder)?;
        let builder = self.compression.apply(builder);
        let builder = self.proxy.apply(builder, variable)?;
        let builder = self.reach.apply(builder)?;
        let builder = self.timeouts.apply(builder);
        self.policy.apply(builder)
    }

    /// What hints depend on.
    pub(super) fn given(&self) -> Given {
        Given {
            proxy: Given::proxies(self.proxy.is_given(), self.proxy.reads_environment()),
            reads_environment: self.proxy.reads_environment(),
            roots_are_chosen: self.tls.chooses_roots(),
        }
    }

    /// Whose certificates are trusted.
    pub(super) fn roots(&self) -> Vec<Roots> {
        self.tls.roots()
    }

    /// Whether servers were named that are reached without a proxy.
    pub(super) fn excepts_servers(&self) -> bool {
        self.proxy.excepts_servers()
    }

    /// The options of a network without script.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply), and what contradicts each other.
    pub(super) fn options(&self) -> Result<Options, String> {
        let mut options = None;
        self.apply(WebSocketExtension::builder())?
            .network(|applied| options = Some(applied.clone()))
            .build()
            .map_err(|error| error.to_string())?;
        Ok(options.unwrap_or_default())
    }

    /// The `Origin` to send, if one was given.
    pub(super) fn origin(&self) -> Option<&str> {
        self.headers.origin()
    }

    /// Whether proxies may be those of the environment, which was not made for this program alone.
    pub(super) fn has_proxies_of_the_environment(&self) -> bool {
        self.proxy.reads_environment()
    }
}

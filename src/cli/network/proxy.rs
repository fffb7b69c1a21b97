//! Proxies.

use std::ffi::OsString;

use clap::Args;

use crate::{
    extension::WebSocketExtensionBuilder,
    net::{NoProxy, Proxy, ProxyOptions},
};

#[derive(Debug, Args)]
#[command(next_help_heading = "Proxies")]
pub(super) struct ProxyArgs {
    /// Go through this proxy: `[SCHEME://][USER:PASSWORD@]HOST[:PORT]`. SCHEME is http (the default), https or socks5;
    /// HTTP proxies are asked to CONNECT, and all of them resolve the server's name. A proxy that fails is never
    /// bypassed. Without this, the environment variables HTTPS_PROXY (for wss:), HTTP_PROXY (for ws:; not in a CGI
    /// program) and ALL_PROXY are heeded, and NO_PROXY with them; in lower case they come first.
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,

    /// Reach these servers without a proxy, whatever NO_PROXY says: names (with all below them), addresses and networks
    /// such as 10.0.0.0/8, separated by commas; a name or an address may have a :PORT. `*` is for all.
    #[arg(long, value_name = "LIST")]
    no_proxy: Option<String>,

    /// Use no proxy of the environment.
    #[arg(long)]
    ignore_proxy_env: bool,
}

impl ProxyArgs {
    /// Whether the environment has a say in it.
    pub(super) fn reads_environment(&self) -> bool {
        self.proxy.is_none() && !self.ignore_proxy_env
    }

    pub(super) fn apply(
        &self,
        builder: WebSocketExtensionBuilder,
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<WebSocketExtensionBuilder, String> {
        let options = self.options(variable).map_err(|error| error.to_string())?;
        Ok(builder.proxy(options))
    }

    fn options(
        &self,
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<ProxyOptions, crate::net::Error> {
        let mut options = match &self.proxy {
            Some(url) => ProxyOptions::all(Proxy::parse_from(url, "the proxy in --proxy")?),
            None if self.ignore_proxy_env => ProxyOptions::default(),
            None => ProxyOptions::from_variables(variable)?,
        };
        if let Some(list) = &self.no_proxy {
            options.no_proxy = NoProxy::parse(list)?;
        }
        Ok(options)
    }
}

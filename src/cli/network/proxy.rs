//! Proxies.

use clap::Args;

use crate::{
    extension::WebSocketExtensionBuilder,
    net::{NoProxy, Proxy, ProxyOptions},
};

#[derive(Debug, Args)]
#[command(next_help_heading = "Proxies")]
pub(super) struct ProxyArgs {
    /// Go through this proxy: [SCHEME://][USER:PASSWORD@]HOST[:PORT], where SCHEME is http (the default), https or
    /// socks5. None of the variables below is read then, NO_PROXY neither. Without it, the environment variables HTTPS_PROXY (for wss:), HTTP_PROXY
    /// (for ws:) and ALL_PROXY say which proxy is used; in lower case they come first.
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,

    /// Reach these servers without a proxy: names with all below them, addresses, networks as 192.0.2.0/24, each but
    /// the last with a :PORT if need be; `*` for all. Separated by commas. Without it, those in the environment
    /// variable NO_PROXY.
    #[arg(long, value_name = "LIST")]
    no_proxy: Option<String>,

    /// Read none of the environment variables about proxies.
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
    ) -> Result<WebSocketExtensionBuilder, String> {
        let options = self.options().map_err(|error| error.to_string())?;
        Ok(builder.proxy(options))
    }

    fn options(&self) -> Result<ProxyOptions, crate::net::Error> {
        let mut options = match &self.proxy {
            Some(url) => ProxyOptions::all(Proxy::parse_from(url, "the proxy in --proxy")?),
            None if self.ignore_proxy_env => ProxyOptions::default(),
            None => ProxyOptions::from_env()?,
        };
        if let Some(list) = &self.no_proxy {
            options.no_proxy = NoProxy::parse(list)?;
        }
        Ok(options)
    }
}

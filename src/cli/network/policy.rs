//! Which connections scripts may make.

use clap::Args;

use crate::{extension::WebSocketExtensionBuilder, net::PolicyRules};

#[derive(Debug, Args)]
#[command(next_help_heading = "Policy")]
pub(super) struct PolicyArgs {
    /// Connect to nothing but what these rules allow; without any, and by default, to everything. RULES are separated by
    /// commas, each a host (example.org, *.example.org for the names below it, * for all), an address or a network
    /// (10.0.0.0/8), and may end in a port or a range of them (example.org:443, *:8000-8999, [::1]:80). May be given several
    /// times.
    #[arg(
        long,
        value_name = "RULES",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "*"
    )]
    allow_net: Vec<String>,

    /// Never connect to what these rules deny, whatever else allows it. Rules about addresses also hold for what a name
    /// resolves to; not behind a proxy, which resolves it where nobody sees the address. May be given several times.
    #[arg(long, value_name = "RULES")]
    deny_net: Vec<String>,

    /// Never connect to an address that is not of the public internet: loopback, private, link-local, a carrier's, multicast,
    /// and the like. Behind a proxy, which may be one of the environment, this holds for addresses in URLs and for localhost
    /// only: there --ignore-proxy-env or --allow-net with names helps.
    #[arg(long)]
    deny_private: bool,
}

impl PolicyArgs {
    pub(super) fn apply(
        &self,
        builder: WebSocketExtensionBuilder,
    ) -> Result<WebSocketExtensionBuilder, String> {
        if self.allow_net.is_empty() && self.deny_net.is_empty() && !self.deny_private {
            return Ok(builder);
        }
        let mut rules = PolicyRules::new();
        for list in &self.allow_net {
            rules
                .allow(list)
                .map_err(|error| format!("--allow-net: {error}"))?;
        }
        for list in &self.deny_net {
            rules
                .deny(list)
                .map_err(|error| format!("--deny-net: {error}"))?;
        }
        if self.deny_private {
            rules.deny_private();
        }
        Ok(builder.policy(rules))
    }
}

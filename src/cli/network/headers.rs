//! What else stands in the request.

use std::{fs, path::Path};

use clap::Args;

use crate::extension::WebSocketExtensionBuilder;

#[derive(Debug, Args)]
#[command(next_help_heading = "Request headers")]
pub(super) struct HeaderArgs {
    /// Send this header with every opening handshake, 'Name: value'; @FILE reads such lines from a file, where other
    /// users do not see them. Headers that a script gives by the same name go before. May be given several times.
    #[arg(short = 'H', long, value_name = "HEADER")]
    header: Vec<String>,

    /// The User-Agent; an empty one for none.
    #[arg(long, value_name = "TEXT")]
    user_agent: Option<String>,

    /// The Origin, in place of that of --location.
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
}

impl HeaderArgs {
    /// The `Origin`, if one was given.
    pub(super) fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    pub(super) fn apply(
        &self,
        mut builder: WebSocketExtensionBuilder,
    ) -> Result<WebSocketExtensionBuilder, String> {
        for given in &self.header {
            builder = match given.strip_prefix('@') {
                None => add(builder, given)?,
                Some(path) => add_file(builder, Path::new(path))?,
            };
        }
        if let Some(agent) = &self.user_agent {
            // The library can say so only when it is too late.
            if http::HeaderValue::from_str(agent).is_err() {
                return Err("--user-agent cannot stand in a header".to_owned());
            }
            builder = builder.user_agent(agent);
        }
        if let Some(origin) = &self.origin {
            builder = builder.origin(origin);
        }
        Ok(builder)
    }
}

fn add_file(
    mut builder: WebSocketExtensionBuilder,
    path: &Path,
) -> Result<WebSocketExtensionBuilder, String> {
    let text = fs::read_to_string(path)
        .map_err(|error| format!("cannot read headers from {}: {error}", path.display()))?;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        builder = add(builder, line).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(builder)
}

fn add(
    builder: WebSocketExtensionBuilder,
    line: &str,
) -> Result<WebSocketExtensionBuilder, String> {
    // Not shown: it may be a value without its name.
    let (name, value) = line
        .split_once(':')
        .ok_or("a header is given as 'Name: value'")?;
    builder
        .default_header(name.trim_end(), value)
        .map_err(|error| error.to_string())
}

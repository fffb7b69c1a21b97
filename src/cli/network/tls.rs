//! Whom to trust.

use std::{env, path::PathBuf};

use clap::Args;

use crate::extension::WebSocketExtensionBuilder;

#[derive(Debug, Args)]
#[command(next_help_heading = "TLS")]
pub(super) struct TlsArgs {
    /// Trust the certificates in this PEM file too, in addition to Mozilla's roots and to those in the file that the
    /// environment variable SSL_CERT_FILE names. May be given several times.
    #[arg(long, value_name = "FILE")]
    ca_file: Vec<PathBuf>,
}

impl TlsArgs {
    pub(super) fn apply(
        &self,
        mut builder: WebSocketExtensionBuilder,
    ) -> Result<WebSocketExtensionBuilder, String> {
        let named = env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty());
        for path in self.ca_file.iter().cloned().chain(named.map(PathBuf::from)) {
            builder = builder
                .add_root_certificates(path)
                .map_err(|error| error.to_string())?;
        }
        Ok(builder)
    }
}

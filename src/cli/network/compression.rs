//! permessage-deflate.

use clap::{Args, value_parser};

use crate::extension::WebSocketExtensionBuilder;

#[derive(Debug, Args)]
#[command(next_help_heading = "Compression")]
pub(super) struct CompressionArgs {
    /// Do not offer permessage-deflate to servers.
    #[arg(long)]
    no_compression: bool,

    /// How hard to compress what is sent, from 0, not at all, to 9. Default: 3.
    #[arg(
        long, value_name = "LEVEL", value_parser = value_parser!(u8).range(0..=9), conflicts_with = "no_compression"
    )]
    compression_level: Option<u8>,

    /// Compress messages from this size on. Default: 256.
    #[arg(long, value_name = "BYTES", conflicts_with = "no_compression")]
    compression_threshold: Option<usize>,

    /// Compress each message by itself, and have the server do so: less memory for each connection, larger messages. A
    /// server that does not agree fails the handshake.
    #[arg(long, conflicts_with = "no_compression")]
    no_context_takeover: bool,
}

impl CompressionArgs {
    pub(super) fn apply(&self, builder: WebSocketExtensionBuilder) -> WebSocketExtensionBuilder {
        builder.network(|options| {
            let compression = &mut options.compression;
            compression.enabled &= !self.no_compression;
            if let Some(level) = self.compression_level {
                compression.level = level;
            }
            if let Some(threshold) = self.compression_threshold {
                compression.threshold = threshold;
            }
            compression.client_no_context_takeover |= self.no_context_takeover;
            compression.server_no_context_takeover |= self.no_context_takeover;
        })
    }
}

//! What is around scripts: the embedded server, their location, and what they may do on the network.

use std::io;

use super::{
    args::ServeScheme,
    network::NetworkArgs,
    serve::{Server, ServerOptions},
};
use crate::WebSocketExtension;

/// What a session is made from, and the server, which runs for as long as this is held.
pub(super) struct World {
    pub(super) extension: WebSocketExtension,
    pub(super) location: Option<String>,
    pub(super) server: Option<Server>,
}

impl World {
    /// Starts the server, if one is asked for.
    ///
    /// # Errors
    ///
    /// What is wrong with the arguments, as a text for people.
    pub(super) fn new(
        serve: Option<ServeScheme>,
        location: Option<&str>,
        network: &NetworkArgs,
    ) -> Result<Self, String> {
        let server = serve
            .map(start_server)
            .transpose()
            .map_err(|error| format!("cannot start the embedded server: {error}"))?;
        let location = match (&server, serve) {
            (Some(server), Some(scheme)) => Some(server_location(server, scheme)),
            _ => location.map(str::to_owned),
        };
        let extension = extension(network, location.as_deref(), server.as_ref())?;
        Ok(Self {
            extension,
            location,
            server,
        })
    }
}

fn start_server(scheme: ServeScheme) -> io::Result<Server> {
    Server::start(ServerOptions {
        // The certificate costs a few milliseconds.
        tls: scheme == ServeScheme::Wss,
        ..ServerOptions::default()
    })
}

fn server_location(server: &Server, scheme: ServeScheme) -> String {
    let url = match scheme {
        ServeScheme::Ws => server.ws_url(),
        ServeScheme::Wss => server.wss_url().unwrap_or_else(|| server.ws_url()),
    };
    // ws: → http:, wss: → https:
    format!("{}/", url.replacen("ws", "http", 1))
}

fn extension(
    network: &NetworkArgs,
    location: Option<&str>,
    server: Option<&Server>,
) -> Result<WebSocketExtension, String> {
    let mut builder = network.apply(WebSocketExtension::builder())?;
    if let Some(pem) = server.and_then(Server::ca_pem) {
        builder = builder
            .add_root_certificates_pem(pem)
            .map_err(|error| error.to_string())?;
    }
    if let Some(server) = server
        && network.has_proxies_of_the_environment()
    {
        // It is in this process: no proxy could lead there better, and one elsewhere not at all.
        builder = builder.network(|options| {
            options.proxy.except(server.address());
            if let Some(address) = server.tls_address() {
                options.proxy.except(address);
            }
        });
    }
    if let Some(location) = location {
        builder = builder.base_url(location);
    }
    builder.build().map_err(|error| error.to_string())
}

//! What is around scripts: the embedded server, their location, and what they may do on the network.

use std::{env, ffi::OsString, io};

use super::{
    args::ServeScheme,
    network::NetworkArgs,
    observers::Observers,
    serve::{Scenario, Server, ServerOptions},
    verbose::failure_lines,
};
use crate::{WebSocketExtension, extension::WebSocketExtensionBuilder};

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
        verbose: bool,
    ) -> Result<Self, String> {
        let start = |scheme| start_server(scheme, Vec::new());
        let server = serve.map(start).transpose()?;
        let location = location_of(serve, server.as_ref(), location);
        let variable = |name: &str| env::var_os(name);
        let extension = extension(network, &variable, location.as_deref(), server.as_ref())?;
        let observers = Observers {
            failures: Some(failure_lines(network.given(), verbose)),
            stats: None,
        };
        Ok(Self {
            extension: extension
                .our_observer(observers)
                .build()
                .map_err(|error| error.to_string())?,
            location,
            server,
        })
    }
}

/// Starts the embedded server.
///
/// # Errors
///
/// Why it cannot be, as a text for people.
pub(super) fn start_server(
    scheme: ServeScheme,
    scenarios: Vec<Scenario>,
) -> Result<Server, String> {
    let server = Server::start(ServerOptions {
        // The certificate costs a few milliseconds.
        tls: scheme == ServeScheme::Wss,
        scenarios,
        ..ServerOptions::default()
    });
    server.map_err(|error: io::Error| format!("cannot start the embedded server: {error}"))
}

/// Where scripts are from: the server, if there is one.
pub(super) fn location_of(
    serve: Option<ServeScheme>,
    server: Option<&Server>,
    location: Option<&str>,
) -> Option<String> {
    match (server, serve) {
        (Some(server), Some(scheme)) => Some(server_location(server, scheme)),
        _ => location.map(str::to_owned),
    }
}

fn server_location(server: &Server, scheme: ServeScheme) -> String {
    let url = match scheme {
        ServeScheme::Ws => server.ws_url(),
        ServeScheme::Wss => server.wss_url().unwrap_or_else(|| server.ws_url()),
    };
    // ws: → http:, wss: → https:
    format!("{}/", url.replacen("ws", "http", 1))
}

/// What scripts may do on the network.
///
/// # Errors
///
/// What is wrong with the arguments or the variables, as a text for people.
pub(super) fn extension(
    network: &NetworkArgs,
    variable: &dyn Fn(&str) -> Option<OsString>,
    location: Option<&str>,
    server: Option<&Server>,
) -> Result<WebSocketExtensionBuilder, String> {
    let mut builder = network.apply_with(WebSocketExtension::builder(), variable)?;
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
    Ok(builder)
}

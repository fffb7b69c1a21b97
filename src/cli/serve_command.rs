//! `boaws serve`.

use std::{process::ExitCode, sync::Arc, thread};

use super::{
    args::ServeArgs,
    serve::{Server, ServerOptions},
    terminal::{print_error, print_line},
    usage_error,
};

/// Starts the embedded server and keeps it running until the process is interrupted.
pub(super) fn main(args: &ServeArgs) -> ExitCode {
    let mut options = ServerOptions {
        bind: args.bind,
        allow_remote: args.allow_remote,
        port: args.port,
        tls_port: args.tls_port,
        ..ServerOptions::default()
    };
    if args.verbose {
        options.log = Some(Arc::new(|line: &str| print_error(format_args!("{line}"))));
    }
    let server = match Server::start(options) {
        Ok(server) => server,
        Err(error) => return usage_error(format_args!("cannot serve on {}: {error}", args.bind)),
    };
    if let (Some(path), Some(pem)) = (&args.write_ca, server.ca_pem())
        && let Err(error) = std::fs::write(path, pem)
    {
        return usage_error(format_args!("cannot write {}: {error}", path.display()));
    }
    print_line(format_args!("{}", server.ws_url()));
    if let Some(url) = server.wss_url() {
        print_line(format_args!("{url}"));
    }
    loop {
        thread::park();
    }
}

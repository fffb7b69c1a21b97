//! `boaws doctor`: what is supported, and a connection step by step.

mod facts;
mod probe;
mod record;
mod report;

use std::{process::ExitCode, time::Duration};

use url::Url;

use self::{facts::Facts, probe::Probe, report::Marks};
use super::{
    args::DoctorArgs,
    terminal::{Stream, print_line, print_styled},
    usage_error,
};
use crate::{
    WebSocketExtension,
    net::{ConnectRequest, Options},
};

/// Shows it, and says whether the connection works.
pub(super) fn main(args: &DoctorArgs) -> ExitCode {
    let request = match args
        .url
        .as_deref()
        .map(|url| request(url, args))
        .transpose()
    {
        Ok(request) => request,
        Err(error) => return usage_error(error),
    };
    let options = match options(args) {
        Ok(options) => options,
        Err(error) => return usage_error(error),
    };
    let given = args.network.given();
    let facts = Facts::gather(
        &args.network,
        &options,
        request.as_ref().map(|request| &request.url),
    );
    let marks = Marks::of_the_terminal();
    // What takes no time is shown before what may.
    if !args.json {
        print_styled(Stream::Stdout, report::facts(&facts));
    }
    let probe = request.map(|request| {
        if !args.json {
            let url = super::hints::url(crate::net::Destination::of(&request.url));
            print_line(format_args!("\nConnection to {url}"));
        }
        Probe::run(request, options, &given)
    });
    if args.json {
        print_line(format_args!("{:#}", report::json(&facts, probe.as_ref())));
    } else if let Some(probe) = &probe {
        print_styled(Stream::Stdout, report::probe(probe, marks));
    }
    match probe {
        Some(probe) if !probe.works() => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

fn options(args: &DoctorArgs) -> Result<Options, String> {
    let mut options = None;
    let builder = args.network.apply(WebSocketExtension::builder())?;
    let builder = builder.network(|all| options = Some(all.clone()));
    // The rest of it is of no use here, but tells what does not go together.
    builder.build().map_err(|error| error.to_string())?;
    options.ok_or_else(|| "there are no options".to_owned())
}

fn request(url: &str, args: &DoctorArgs) -> Result<ConnectRequest, String> {
    // Not repeated: there may be a password in it.
    let mut url = Url::parse(url).map_err(|error| format!("the URL is invalid: {error}"))?;
    let scheme = match url.scheme() {
        "ws" | "http" => "ws",
        "wss" | "https" => "wss",
        _ => return Err("the URL is not ws: or wss:".to_owned()),
    };
    if url.set_scheme(scheme).is_err() || url.host().is_none() {
        return Err("the URL is not one of a server".to_owned());
    }
    url.set_fragment(None);
    let mut request = ConnectRequest::new(url);
    request.protocols.clone_from(&args.protocol);
    request.origin = args.network.origin().map(str::to_owned);
    Ok(request)
}

/// Milliseconds, with a tenth where that says something.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

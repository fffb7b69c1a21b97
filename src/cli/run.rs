//! `boaws run`.

use std::{cell::RefCell, io, path::Path, process::ExitCode, thread};

use boa_engine::{
    Context, JsError, JsResult, JsValue, NativeFunction, Source,
    builtins::promise::PromiseState,
    object::{FunctionObjectBuilder, builtins::JsPromise},
};

use super::{
    EXIT_UNCAUGHT, EXIT_USAGE,
    args::{RunArgs, ServeScheme},
    diagnostics,
    module_loader::FileModuleLoader,
    serve::{Scenario, Server, ServerOptions},
    serve_command::read_scenarios,
    session::{STACK_SIZE, Session},
    sources::{self, SourceFile},
    terminal::print_error,
    usage_error,
    verbose::{show_what_the_network_does, tell_of_failures},
};
use crate::{
    WebSocketExtension,
    event_loop::{Turns, report_exception},
};

/// Runs the files and says how it went.
pub(super) fn main(args: RunArgs) -> ExitCode {
    let sources = match sources::read(&args.files, args.module) {
        Ok(sources) => sources,
        Err(message) => return usage_error(message),
    };
    show_what_the_network_does(args.verbose);
    let scenarios = match read_scenarios(&args.scenario) {
        Ok(scenarios) => scenarios,
        Err(error) => return usage_error(error),
    };
    let start = |scheme| start_server(scheme, scenarios);
    let server = match args.serve.map(start).transpose() {
        Ok(server) => server,
        Err(error) => {
            return usage_error(format_args!("cannot start the embedded server: {error}"));
        }
    };
    let location = match (&server, args.serve) {
        (Some(server), Some(scheme)) => Some(server_location(server, scheme)),
        _ => args.location.clone(),
    };
    let extension = match extension(&args, location.as_deref(), server.as_ref()) {
        Ok(extension) => extension,
        Err(error) => return usage_error(error),
    };
    // Boa's errors stay on their thread.
    let script = move || run(extension, location, &sources).map_err(|error| error.to_string());
    let joined = thread::Builder::new()
        .name("boaws-script".to_owned())
        .stack_size(STACK_SIZE)
        .spawn(script)
        .map(thread::JoinHandle::join);
    match joined {
        Ok(Ok(Ok(true))) => ExitCode::SUCCESS,
        Ok(Ok(Ok(false))) => ExitCode::from(EXIT_UNCAUGHT),
        // The panic has printed its message.
        Ok(Err(_)) => ExitCode::from(EXIT_UNCAUGHT),
        Ok(Ok(Err(error))) => {
            print_error(format_args!("boaws: {error}"));
            ExitCode::from(EXIT_UNCAUGHT)
        }
        Err(error) => {
            print_error(format_args!(
                "boaws: cannot start the script's thread: {error}"
            ));
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn start_server(scheme: ServeScheme, scenarios: Vec<Scenario>) -> io::Result<Server> {
    Server::start(ServerOptions {
        // The certificate costs a few milliseconds.
        tls: scheme == ServeScheme::Wss,
        scenarios,
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
    args: &RunArgs,
    location: Option<&str>,
    server: Option<&Server>,
) -> Result<WebSocketExtension, String> {
    let mut builder = args.network.apply(WebSocketExtension::builder())?;
    if let Some(pem) = server.and_then(Server::ca_pem) {
        builder = builder
            .add_root_certificates_pem(pem)
            .map_err(|error| error.to_string())?;
    }
    if let Some(server) = server
        && args.network.has_proxies_of_the_environment()
    {
        // It is in this process: no proxy could lead there better, and one elsewhere not at all.
        builder = builder.network(|options| {
            options.proxy.except(server.address());
            if let Some(address) = server.tls_address() {
                options.proxy.except(address);
            }
        });
    }
    if !args.quiet {
        builder = tell_of_failures(builder, args.network.given(), args.verbose);
    }
    if let Some(location) = location {
        builder = builder.base_url(location);
    }
    builder.build().map_err(|error| error.to_string())
}

/// Runs all files in one realm, then the event loop until nothing can happen any more. Returns whether
/// there was no uncaught error.
fn run(
    extension: WebSocketExtension,
    location: Option<String>,
    sources: &[SourceFile],
) -> JsResult<bool> {
    let Session {
        event_loop,
        loader,
        mut context,
        failed,
    } = Session::new(extension, location.as_deref())?;

    let cell = RefCell::new(&mut context);
    let mut turns = event_loop.turns(&cell);
    for source in sources {
        if source.is_module {
            run_module(source, &loader, &mut turns, &cell)?;
        } else {
            run_script(source, &mut cell.borrow_mut());
        }
    }
    turns.run()?;
    Ok(!failed.get())
}

fn run_script(source: &SourceFile, context: &mut Context) {
    let script = Source::from_bytes(&source.text).with_path(&source.name);
    if let Err(error) = context.eval(script) {
        diagnostics::report_in_file(error, &source.name, context);
    }
    crate::event_loop::clean_up_after_running_script(context);
}

/// Runs a module to the end of its top-level awaits, or until nothing can happen any more.
fn run_module(
    source: &SourceFile,
    loader: &FileModuleLoader,
    turns: &mut Turns<'_, '_>,
    cell: &RefCell<&mut Context>,
) -> JsResult<()> {
    let promise = {
        let context: &mut Context = &mut cell.borrow_mut();
        match loader.parse(&source.text, &source.name, context) {
            Ok(module) => {
                let promise = module.load_link_evaluate(context);
                report_rejection(&promise, context)?;
                promise
            }
            Err(error) => {
                diagnostics::report_in_file(error, &source.name, context);
                return Ok(());
            }
        }
    };
    turns.run_until(|_| !matches!(promise.state(), PromiseState::Pending))?;
    if matches!(promise.state(), PromiseState::Pending) {
        unsettled(&source.name, &mut cell.borrow_mut());
    }
    Ok(())
}

/// What ends a module's evaluation is an uncaught error like any other.
fn report_rejection(promise: &JsPromise, context: &mut Context) -> JsResult<()> {
    let report = FunctionObjectBuilder::new(
        context.realm(),
        NativeFunction::from_fn_ptr(|_, args, context| {
            let reason = args.first().cloned().unwrap_or_default();
            report_exception(JsError::from_opaque(reason), context);
            Ok(JsValue::undefined())
        }),
    )
    .build();
    promise.catch(report, context)?;
    Ok(())
}

fn unsettled(name: &Path, context: &mut Context) {
    let name = name.display();
    let error = boa_engine::JsNativeError::error().with_message(format!(
        "{name}: a top-level await can never settle: nothing is left that could happen"
    ));
    report_exception(error.into(), context);
}

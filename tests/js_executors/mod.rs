//! The conformance suite under other executors than the crate's own.

pub(crate) mod known;

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    pin::pin,
    process::{self, ExitCode},
    rc::Rc,
    task::Poll,
    time::Duration,
};

use boa_engine::{
    Context, JsResult,
    context::ContextBuilder,
    job::{JobExecutor, SimpleJobExecutor},
};
use boa_runtime::{RuntimeExtension, extensions::TimeoutExtension};
use boa_websocket::{
    Microtasks,
    cli::test::{TestExecutor, run_test_process},
};
use futures_lite::future;

use crate::{event_loop_smol::SmolExecutor, event_loop_tokio::TokioExecutor};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Simple,
    Tokio,
    Smol,
}

/// An executor, wrapped in `Microtasks` or bare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Executor {
    pub(crate) kind: Kind,
    pub(crate) bare: bool,
}

const NAMES: [(&str, Kind, bool); 6] = [
    ("simple", Kind::Simple, false),
    ("tokio", Kind::Tokio, false),
    ("smol", Kind::Smol, false),
    ("bare-simple", Kind::Simple, true),
    ("bare-tokio", Kind::Tokio, true),
    ("bare-smol", Kind::Smol, true),
];

impl Executor {
    pub(crate) fn named(name: &str) -> Self {
        match NAMES.iter().find(|(known, ..)| *known == name) {
            Some(&(_, kind, bare)) => Self { kind, bare },
            None => {
                let names = NAMES.map(|(name, ..)| name).join(", ");
                eprintln!("no executor is named '{name}'; there are {names}");
                process::exit(2);
            }
        }
    }

    pub(crate) fn name(self) -> &'static str {
        let found = NAMES
            .iter()
            .find(|(_, kind, bare)| (*kind, *bare) == (self.kind, self.bare));
        found.map_or("", |(name, ..)| name)
    }
}

/// Runs the one test that the runner asks for.
pub(crate) fn run_test(executor: Executor) -> ExitCode {
    match executor.kind {
        Kind::Simple => run(executor, SimpleJobExecutor::new),
        Kind::Tokio => run(executor, TokioExecutor::default),
        Kind::Smol => run(executor, SmolExecutor::default),
    }
}

fn run<E: JobExecutor + 'static>(executor: Executor, make: fn() -> E) -> ExitCode {
    let kind = executor.kind;
    if executor.bare {
        run_test_process(move || Running {
            kind,
            executor: Rc::new(make()),
        })
    } else {
        run_test_process(move || Running {
            kind,
            executor: Microtasks::new(Rc::new(make())),
        })
    }
}

struct Running<E> {
    kind: Kind,
    executor: Rc<E>,
}

impl<E: JobExecutor + 'static> TestExecutor for Running<E> {
    fn context(&self, builder: ContextBuilder) -> JsResult<Context> {
        let mut context = builder.job_executor(Rc::clone(&self.executor)).build()?;
        TimeoutExtension.register(None, &mut context)?;
        Ok(context)
    }

    fn run(&self, context: &mut Context, limit: Duration, done: &dyn Fn() -> bool) -> JsResult<()> {
        let cell = RefCell::new(context);
        let jobs = async {
            let mut jobs = pin!(Rc::clone(&self.executor).run_jobs_async(&cell));
            poll_fn(|cx| match jobs.as_mut().poll(cx) {
                Poll::Pending if done() => Poll::Ready(Ok(())),
                poll => poll,
            })
            .await
        };
        let late = async {
            match self.kind {
                Kind::Tokio => tokio::time::sleep(limit).await,
                Kind::Simple | Kind::Smol => drop(smol::Timer::after(limit).await),
            }
            Ok(())
        };
        let jobs = future::or(jobs, late);
        match self.kind {
            // It spins, so that any way of blocking will do.
            Kind::Simple => future::block_on(jobs),
            Kind::Smol => smol::block_on(jobs),
            Kind::Tokio => tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .expect("a runtime can be made")
                .block_on(jobs),
        }
    }
}

//! Who takes part.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Failure, Workload};

/// What a script is given before its own text.
const REPORT: &str =
    "globalThis.report = (result) => console.log('RESULT ' + JSON.stringify(result));";

enum Kind {
    /// `boaws run`, of this build or of another.
    Boaws(PathBuf),
    /// This program, with tungstenite.
    Raw(PathBuf),
    /// `program ARGUMENTS script`
    Runtime {
        program: PathBuf,
        arguments: &'static [&'static str],
        /// What comes before the script.
        prelude: String,
    },
}

/// A program that can do the workloads.
pub(crate) struct Contender {
    pub(crate) name: String,
    kind: Kind,
}

impl Contender {
    pub(crate) fn boaws(program: &Path) -> Self {
        Self {
            name: "boaws".into(),
            kind: Kind::Boaws(program.into()),
        }
    }

    pub(crate) fn raw() -> Result<Self, Failure> {
        Ok(Self {
            name: "tungstenite".into(),
            kind: Kind::Raw(env::current_exe()?),
        })
    }

    /// From `NAME[=PATH]`.
    pub(crate) fn peer(text: &str) -> Result<Self, Failure> {
        let (name, path) = text.split_once('=').unwrap_or((text, text));
        if name == "boaws" {
            return Ok(Self {
                name: path.to_owned(),
                kind: Kind::Boaws(path.into()),
            });
        }
        let (program, arguments, prelude): (&str, &[&str], String) = match name {
            "node" | "bun" => (path, &[], String::new()),
            "deno" => (path, &["run", "--allow-net", "--quiet"], String::new()),
            "ws" => {
                let package = fs::canonicalize(path)?;
                let prelude = format!("globalThis.WebSocket = require({:?});\n", package);
                ("node", &[], prelude)
            }
            _ => {
                return Err(format!(
                    "unknown runtime {name:?}; there are node, deno, bun, ws and boaws"
                )
                .into());
            }
        };
        Ok(Self {
            name: name.to_owned(),
            kind: Kind::Runtime {
                program: program.into(),
                arguments,
                prelude,
            },
        })
    }

    /// The command for a workload, its script written to `folder`; `None` where there is nothing to compare.
    pub(crate) fn command(
        &self,
        workload: &Workload,
        server: &str,
        folder: &Path,
    ) -> Result<Option<Command>, Failure> {
        let Workload {
            script,
            count,
            size,
            binary,
            ..
        } = *workload;
        if let Kind::Raw(this) = &self.kind {
            if ["dispatch", "scale", "timers", "soak"].contains(&script) {
                return Ok(None);
            }
            let mut command = Command::new(this);
            command.args(["--raw", script, server]);
            command.args([count.to_string(), size.to_string(), binary.to_string()]);
            return Ok(Some(command));
        }
        let source = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("benches/workloads/scripts")
            .join(script)
            .with_extension("js");
        let prelude = match &self.kind {
            Kind::Runtime { prelude, .. } => prelude,
            _ => "",
        };
        let text = format!(
            "{prelude}{REPORT}\nconst P = {{ server: {server:?}, count: {count}, size: {size}, binary: {binary} }};\n{}",
            fs::read_to_string(source)?
        );
        let path = folder.join(format!("{script}.js"));
        fs::write(&path, text)?;
        let mut command = match &self.kind {
            Kind::Runtime {
                program, arguments, ..
            } => {
                let mut command = Command::new(program);
                command.args(*arguments);
                command
            }
            Kind::Boaws(program) | Kind::Raw(program) => {
                let mut command = Command::new(program);
                // The other runtimes do not keep the rule that there be one handshake at a time.
                command.args(["run", "--parallel-handshakes"]);
                command
            }
        };
        command.arg(path);
        Ok(Some(command))
    }
}

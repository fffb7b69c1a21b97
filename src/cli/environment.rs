//! Variables: for scripts those that were asked for, as the global `env`; for `boaws` itself those of the environment and of
//! the files in `--env-file`.
//!
//! Scripts may not be trusted with everything: no other variable of the process reaches them.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fmt, fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use boa_engine::{
    Context, JsResult, js_string,
    object::{IntegrityLevel, JsObject},
    property::{Attribute, PropertyKey},
};
use clap::Args;

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Variables for scripts, in the global object `env`")]
pub(super) struct EnvironmentArgs {
    /// Hand on the environment variable NAME, or one with this value. May be given several times.
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,

    /// Hand on the variables in this file, of lines NAME=VALUE; those that the environment has too are
    /// taken from there. Proxies, SSL_CERT_FILE and the like count for boaws as well. May be given several times;
    /// later files go before.
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,
}

impl EnvironmentArgs {
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.env_file
    }
}

/// What became of the arguments.
#[derive(Clone, Default)]
pub(super) struct Environment {
    from_files: BTreeMap<String, String>,
    for_scripts: BTreeMap<String, String>,
}

impl fmt::Debug for Environment {
    /// The names alone: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.for_scripts.keys()).finish()
    }
}

impl Environment {
    /// Reads the files and the process's environment.
    ///
    /// # Errors
    ///
    /// What is wrong where, without a value.
    pub(super) fn read(args: &EnvironmentArgs) -> Result<Self, String> {
        let mut environment = Self::default();
        for path in &args.env_file {
            environment.from_files.extend(read_file(path)?);
        }
        for (name, value) in &environment.from_files {
            let value = match variable_of_process(name)? {
                Some(already) => already,
                None => value.clone(),
            };
            environment.for_scripts.insert(name.clone(), value);
        }
        for given in &args.env {
            let (name, value) = match given.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (given.as_str(), variable_of_process(given)?),
            };
            if name.is_empty() {
                return Err("--env: a variable is given as NAME or NAME=VALUE".to_owned());
            }
            let from_file = environment.from_files.get(name).cloned();
            let value = value.or(from_file).ok_or_else(|| {
                format!("--env {name}: there is no such variable (--env {name}=VALUE gives it one)")
            })?;
            environment.for_scripts.insert(name.to_owned(), value);
        }
        Ok(environment)
    }

    /// A variable as `boaws` itself heeds it.
    pub(super) fn variable(&self, name: &str) -> Option<OsString> {
        env::var_os(name).or_else(|| self.from_files.get(name).map(OsString::from))
    }

    /// Defines the global `env`: a frozen object without a prototype. Scripts may have an `env` of their own instead.
    ///
    /// # Errors
    ///
    /// None, but Boa wants to be asked.
    pub(super) fn define(&self, context: &mut Context) -> JsResult<()> {
        let object = JsObject::with_null_proto();
        for (name, value) in &self.for_scripts {
            let name = PropertyKey::from(js_string!(name.as_str()));
            object.create_data_property_or_throw(name, js_string!(value.as_str()), context)?;
        }
        object.set_integrity_level(IntegrityLevel::Frozen, context)?;
        let attributes = Attribute::WRITABLE | Attribute::CONFIGURABLE;
        context.register_global_property(js_string!("env"), object, attributes)
    }
}

fn variable_of_process(name: &str) -> Result<Option<String>, String> {
    // The system's functions take neither.
    if name.is_empty() || name.contains('\0') {
        return Ok(None);
    }
    match env::var_os(name).map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some(value)),
        Some(Err(_)) => Err(format!("the environment variable {name} is not UTF-8")),
    }
}

fn read_file(path: &Path) -> Result<BTreeMap<String, String>, String> {
    let shown = path.display();
    let bytes =
        fs::read(path).map_err(|error| format!("--env-file: cannot read {shown}: {error}"))?;
    parse(&bytes).map_err(|(line, why)| format!("--env-file: {shown}:{line}: {why}"))
}

/// The variables, or the line where something is wrong and what.
fn parse(bytes: &[u8]) -> Result<BTreeMap<String, String>, (usize, &'static str)> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Err(error) = std::str::from_utf8(text) {
        let valid = &text[..error.valid_up_to()];
        let line = valid.iter().filter(|&&byte| byte == b'\n').count() + 1;
        return Err((line, "not UTF-8"));
    }
    let mut lines = Lines { text, given: 0 };
    let mut variables = BTreeMap::new();
    for item in dotenvy::from_read_iter(&mut lines) {
        match item {
            Ok((name, value)) => variables.insert(name, value),
            Err(dotenvy::Error::LineParse(entry, _)) => {
                // An entry may have several lines. Not shown: it may be a value without its name.
                let line = (lines.given + 1).saturating_sub(entry.lines().count().max(1));
                let why = if entry.contains('=') {
                    "the value cannot be read: spaces and quotes have to stand in quotes, which have to be closed"
                } else {
                    "a variable is given as NAME=VALUE"
                };
                return Err((line, why));
            }
            Err(_) => return Err((lines.given, "it cannot be read")),
        };
    }
    Ok(variables)
}

/// Gives out a line at a time, so that it is known how far somebody has read who buffers.
struct Lines<'a> {
    text: &'a [u8],
    given: usize,
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = self.text.iter().position(|&byte| byte == b'\n');
        let line = end.map_or(self.text.len(), |end| end + 1);
        let length = line.min(buffer.len());
        buffer[..length].copy_from_slice(&self.text[..length]);
        self.text = &self.text[length..];
        // The last one may have no line feed.
        self.given += usize::from(length == line && length > 0);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_as_people_write_them() {
        let text = "\u{feff}# tokens\nA=1\n\nexport B='two words'\r\nC=\"x\ny\" # both\nA=2\nD=\n";
        let variables = parse(text.as_bytes()).unwrap();
        let found: Vec<_> = variables
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(found, ["A=2", "B=two words", "C=x\ny", "D="]);
        assert_eq!(parse(b""), Ok(BTreeMap::new()));
    }

    #[test]
    fn mistakes_have_a_line() {
        for (text, line) in [
            (&b"secret"[..], 1),
            (b"A=1\nsecret\nB=2", 2),
            (b"A=1\n\n# x\nB=s3 cret\n", 4),
            (b"A=1\nB=\"secret\nC=2\n", 2),
            (b"A=\"x\ny\"\nB=\"\n", 3),
            (b"A=1\nB=\xff\n", 2),
        ] {
            let (found, why) = parse(text).unwrap_err();
            assert_eq!(found, line, "{}", text.escape_ascii());
            assert!(!why.contains("cret"));
        }
    }

    #[test]
    fn values_are_not_shown() {
        let args = EnvironmentArgs {
            env: vec!["TOKEN=s3cret".into()],
            env_file: Vec::new(),
        };
        let environment = Environment::read(&args).unwrap();
        assert_eq!(format!("{environment:?}"), r#"{"TOKEN"}"#);
    }
}

//! The scripts named and given on the command line.

use std::{
    cell::OnceCell,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::args::Piece;

/// A script that was read.
#[derive(Debug)]
pub(super) struct SourceFile {
    /// As it is shown in errors.
    pub(super) name: PathBuf,
    pub(super) text: String,
    pub(super) is_module: bool,
    /// Whether its value is wanted.
    pub(super) prints: bool,
}

/// Reads the scripts, again and again if need be.
#[derive(Debug)]
pub(super) struct Sources {
    pieces: Vec<Piece>,
    all_modules: bool,
    /// Standard input, which can be read only once.
    stdin: OnceCell<Vec<u8>>,
}

impl Sources {
    pub(super) fn new(pieces: Vec<Piece>, all_modules: bool) -> Self {
        Self {
            pieces,
            all_modules,
            stdin: OnceCell::new(),
        }
    }

    /// The files that are read.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::File(path) if !is_stdin(path) => Some(path.as_path()),
            _ => None,
        })
    }

    pub(super) fn use_stdin(&self) -> bool {
        let mut pieces = self.pieces.iter();
        pieces.any(|piece| matches!(piece, Piece::File(path) if is_stdin(path)))
    }

    /// Reads all of them before the first one runs, so that a mistyped name ends nothing halfway.
    ///
    /// # Errors
    ///
    /// Which file could not be read, and why.
    pub(super) fn read(&self) -> Result<Vec<SourceFile>, String> {
        let mut codes = 0;
        let mut code = |text: &str, prints| {
            codes += 1;
            let name = match codes {
                1 => "<eval>".to_owned(),
                _ => format!("<eval {codes}>"),
            };
            SourceFile {
                name: name.into(),
                text: text.to_owned(),
                is_module: self.all_modules,
                prints,
            }
        };
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::File(path) => self.read_file(path),
                Piece::Eval(text) => Ok(code(text, false)),
                Piece::Print(text) => Ok(code(text, true)),
            })
            .collect()
    }

    fn read_file(&self, path: &Path) -> Result<SourceFile, String> {
        let stdin = is_stdin(path);
        let bytes = if stdin {
            self.read_stdin()
        } else {
            fs::read(path)
        };
        let name = if stdin { Path::new("<stdin>") } else { path };
        let shown = name.display();
        let bytes = bytes.map_err(|error| format!("cannot read {shown}: {error}"))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            format!("cannot run {shown}: it is not UTF-8 (byte {at})")
        })?;
        Ok(SourceFile {
            name: name.to_owned(),
            is_module: self.all_modules || path.extension().is_some_and(|ext| ext == "mjs"),
            text: without_byte_order_mark(text),
            prints: false,
        })
    }

    fn read_stdin(&self) -> io::Result<Vec<u8>> {
        if self.stdin.get().is_none() {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes)?;
            let _ = self.stdin.set(bytes);
        }
        Ok(self.stdin.get().cloned().unwrap_or_default())
    }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn without_byte_order_mark(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

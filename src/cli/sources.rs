//! The script files named on the command line.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// A file that was read.
#[derive(Debug)]
pub(super) struct SourceFile {
    /// As it is shown in errors.
    pub(super) name: PathBuf,
    pub(super) text: String,
    pub(super) is_module: bool,
}

/// Reads all of them before the first one runs, so that a mistyped name ends nothing halfway.
///
/// # Errors
///
/// Which file could not be read, and why.
pub(super) fn read(files: &[PathBuf], all_modules: bool) -> Result<Vec<SourceFile>, String> {
    files
        .iter()
        .map(|path| {
            let stdin = path.as_os_str() == "-";
            let bytes = if stdin { read_stdin() } else { fs::read(path) };
            let name = if stdin { Path::new("<stdin>") } else { path };
            let shown = name.display();
            let bytes = bytes.map_err(|error| format!("cannot read {shown}: {error}"))?;
            let text = String::from_utf8(bytes).map_err(|error| {
                let at = error.utf8_error().valid_up_to();
                format!("cannot run {shown}: it is not UTF-8 (byte {at})")
            })?;
            Ok(SourceFile {
                name: name.to_owned(),
                is_module: all_modules || path.extension().is_some_and(|ext| ext == "mjs"),
                text: without_byte_order_mark(text),
            })
        })
        .collect()
}

fn read_stdin() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn without_byte_order_mark(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

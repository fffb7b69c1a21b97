//! What went wrong with an import, in words one can act on. Boa knows no line of an import: texts are looked through, which
//! costs nothing while all goes well.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

/// What people leave out at the end.
const ENDINGS: [&str; 5] = [".mjs", ".js", ".json", "/index.mjs", "/index.js"];

/// Folders with more entries are not looked through.
const MAX_ENTRIES: usize = 10_000;

/// An import that failed: `cannot import './a.mjs' from main.mjs:3`.
pub(super) struct Import<'a> {
    pub(super) specifier: &'a str,
    pub(super) referrer: Option<&'a Path>,
}

impl fmt::Display for Import<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot import '{}'", self.specifier)?;
        let Some(referrer) = self.referrer else {
            return Ok(());
        };
        write!(f, " from {}", referrer.display())?;
        let text = fs::read_to_string(referrer).unwrap_or_default();
        match line_of_specifier(self.specifier, &text) {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

/// The line, from 1, where the specifier stands in quotes, best behind `import` or `from`.
fn line_of_specifier(specifier: &str, text: &str) -> Option<usize> {
    let quoted = ['\'', '"', '`'].map(|quote| format!("{quote}{specifier}{quote}"));
    let mut first = None;
    for (number, line) in (1..).zip(text.lines()) {
        let Some(at) = quoted.iter().find_map(|quoted| line.find(quoted)) else {
            continue;
        };
        let before = &line[..at];
        let comment = ["//", "*", "/*"]
            .iter()
            .any(|start| before.trim_start().starts_with(start));
        if !comment && ["import", "from"].iter().any(|word| before.contains(word)) {
            return Some(number);
        }
        first = first.or(Some(number));
    }
    first
}

/// Why a file could not be read, and which one may have been meant.
pub(super) fn cannot_read(specifier: &str, path: &Path, error: &io::Error) -> String {
    let shown = path.display();
    if path.is_dir() {
        return match with_ending(path, &["/index.mjs", "/index.js"]) {
            Some(ending) => {
                let specifier = specifier.trim_end_matches('/');
                format!("it is a folder; did you mean '{specifier}{ending}'?")
            }
            None => "it is a folder".to_owned(),
        };
    }
    let why = match error.kind() {
        io::ErrorKind::NotFound => format!("there is no file {shown}"),
        io::ErrorKind::InvalidData => format!("{shown} is not UTF-8"),
        _ => format!("cannot read {shown}: {error}"),
    };
    match suggestion(specifier, path) {
        Some(meant) if error.kind() == io::ErrorKind::NotFound => {
            format!("{why}; did you mean '{meant}'?")
        }
        _ => why,
    }
}

/// Why a specifier names no file that looks like a package's name.
pub(super) fn bare(specifier: &str, directory: &Path) -> String {
    let why = "a specifier has to start with './', '../', '/' or 'file:'";
    let path = directory.join(specifier);
    let relative = format!("./{specifier}");
    let meant = if path.is_file() {
        Some(relative)
    } else {
        suggestion(&relative, &path)
    };
    match meant {
        Some(meant) => format!("{why}; did you mean '{meant}'?"),
        None => format!("{why}; there are no packages here"),
    }
}

/// The specifier of a file that is there and has nearly that name.
fn suggestion(specifier: &str, path: &Path) -> Option<String> {
    if let Some(ending) = with_ending(path, &ENDINGS) {
        return Some(format!("{specifier}{ending}"));
    }
    // Another ending, or capitals where there are none.
    let name = path.file_name()?.to_str()?;
    let stem = |name: &str| {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        stem.to_lowercase()
    };
    let folder = match path.parent()? {
        folder if folder == Path::new("") => Path::new("."),
        folder => folder,
    };
    let entries = fs::read_dir(folder).ok()?.take(MAX_ENTRIES);
    let mut names: Vec<_> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|entry| stem(entry) == stem(name))
        .filter(|entry| {
            [".js", ".mjs", ".json"]
                .iter()
                .any(|end| entry.ends_with(end))
        })
        .collect();
    names.sort_by_key(|entry| (entry.to_lowercase() != name.to_lowercase(), entry.clone()));
    let start = specifier.strip_suffix(name)?;
    Some(format!("{start}{}", names.first()?))
}

fn with_ending<'a>(path: &Path, endings: &[&'a str]) -> Option<&'a str> {
    let there = |ending: &&&str| {
        let mut longer = path.as_os_str().to_owned();
        longer.push(ending);
        Path::new(&longer).is_file()
    };
    endings.iter().find(there).copied()
}

/// Names the import behind Boa's "could not find export `name`", if it is found in one of these modules.
pub(super) fn missing_export(message: &str, modules: &[&Path]) -> Option<String> {
    let name = message
        .strip_prefix("could not find export `")?
        .strip_suffix('`')?;
    let mut found = None;
    for module in modules {
        let text = fs::read_to_string(module).unwrap_or_default();
        for (line, specifier) in imports_of(name, &text) {
            let folder = module.parent().unwrap_or(Path::new(""));
            let target: PathBuf = folder.join(specifier);
            let words = fs::read_to_string(target).unwrap_or_default();
            let named = words
                .split(|letter: char| !(letter.is_alphanumeric() || "_$".contains(letter)))
                .any(|word| word == name);
            let text = format!(
                "'{specifier}' has no export `{name}`, which {}:{line} imports",
                module.display()
            );
            if !named {
                return Some(text);
            }
            found = found.or(Some(text));
        }
    }
    found
}

/// The lines and specifiers of the declarations that import or export `name` from elsewhere.
fn imports_of<'a>(name: &str, text: &'a str) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    for keyword in ["import", "export"] {
        for (at, _) in text.match_indices(keyword) {
            // Declarations begin a statement; what stands in a comment does not.
            let before = text[..at].rsplit('\n').next().unwrap_or_default().trim();
            if !before.is_empty() && ![";", "}", "*/"].iter().any(|end| before.ends_with(end)) {
                continue;
            }
            let rest = &text[at + keyword.len()..];
            // Up to the specifier; what has a semicolon or parenthesis before it is something else.
            let Some(end) = rest.find(['\'', '"', ';', '(']) else {
                continue;
            };
            let Some(quote) = rest[end..]
                .chars()
                .next()
                .filter(|quote| "'\"".contains(*quote))
            else {
                continue;
            };
            let Some(specifier) = rest[end + 1..].split(quote).next() else {
                continue;
            };
            let Some(clause) = rest[..end].trim_end().strip_suffix("from") else {
                continue;
            };
            let (before, braces) = clause.split_once('{').unwrap_or((clause, ""));
            let listed = braces
                .split(['}', ','])
                .any(|entry| entry.split_whitespace().next() == Some(name));
            let before = before.trim().trim_end_matches(',');
            let default = keyword == "import" && !before.is_empty() && !before.starts_with('*');
            if listed || default && name == "default" {
                let line = text[..at].matches('\n').count() + 1;
                found.push((line, specifier));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_specifier() {
        let text = "// './a.mjs'\nconst a = './a.mjs';\nimport a from \"./a.mjs\";\n";
        assert_eq!(line_of_specifier("./a.mjs", text), Some(3));
        assert_eq!(line_of_specifier("./a.mjs", "const a = './a.mjs'"), Some(1));
        assert_eq!(line_of_specifier("./b.mjs", text), None);
    }

    #[test]
    fn who_imports_a_name() {
        let text = "import a, {\n  b as c,\n  d } from './1.mjs';\nexport { e } from \"./2.mjs\"\n  import './3.mjs'";
        assert_eq!(imports_of("b", text), [(1, "./1.mjs")]);
        assert_eq!(imports_of("d", text), [(1, "./1.mjs")]);
        assert_eq!(imports_of("default", text), [(1, "./1.mjs")]);
        assert_eq!(imports_of("e", text), [(4, "./2.mjs")]);
        assert_eq!(imports_of("c", text), []);
        assert_eq!(
            imports_of("x", "import('./1.mjs'); export const x = 'y'"),
            []
        );
    }
}

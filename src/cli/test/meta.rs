//! The `// META: key=value` lines at the head of a test file.

/// What they say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Meta {
    pub(super) title: Option<String>,
    /// Paths relative to the file, or to the root of the tree when they begin with a slash.
    pub(super) scripts: Vec<String>,
    /// Each begins with `?` or `#`, or is empty.
    pub(super) variants: Vec<String>,
    pub(super) long: bool,
    /// The kinds of global object that the file is for; empty when it does not say.
    pub(super) globals: Vec<String>,
}

impl Meta {
    /// Reads the lines up to the first that is none of them.
    ///
    /// # Errors
    ///
    /// A line that cannot be understood, with its number.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut meta = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let Some(line) = line.strip_prefix("//").map(str::trim_start) else {
                break;
            };
            let Some(entry) = line.strip_prefix("META:") else {
                break;
            };
            let entry = entry.trim();
            let Some((key, value)) = entry.split_once('=') else {
                return Err(format!("line {number}: a META line without '=': {entry}"));
            };
            let value = value.to_owned();
            match (key, value.as_str()) {
                ("title", _) => meta.title = Some(value),
                ("script", _) => meta.scripts.push(value),
                ("variant", _) => meta.variants.push(value),
                ("timeout", "long") => meta.long = true,
                ("timeout", "normal") => {}
                ("global", _) => meta.globals = value.split(',').map(str::to_owned).collect(),
                _ => return Err(format!("line {number}: an unknown META line: {entry}")),
            }
        }
        Ok(meta)
    }

    /// Whether the file is one for a window, a worker, or any global object.
    pub(super) fn is_for_us(&self) -> bool {
        let ours = ["window", "worker", "dedicatedworker", "jsshell", "!default"];
        self.globals.is_empty()
            || self
                .globals
                .iter()
                .any(|global| ours.contains(&global.trim()))
    }

    /// Whether the file is for workers and not for windows.
    pub(super) fn is_for_workers_only(&self) -> bool {
        !self.globals.is_empty()
            && !self
                .globals
                .iter()
                .any(|global| ["window", "jsshell"].contains(&global.trim()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_are_understood() {
        let meta = Meta::read(
            "// META: title=A title = b\n//META: script=a.js\n// META: script=/b.js\n\
             // META: variant=?x\n// META: variant=\n// META: timeout=long\n\
             // META: global=window,worker\ncode();\n// META: script=no.js\n",
        );
        let expected = Meta {
            title: Some("A title = b".into()),
            scripts: vec!["a.js".into(), "/b.js".into()],
            variants: vec!["?x".into(), String::new()],
            long: true,
            globals: vec!["window".into(), "worker".into()],
        };
        assert_eq!(meta, Ok(expected));
    }

    #[test]
    fn a_file_without_them_has_the_defaults() {
        for text in ["", "// a comment\n// META: timeout=long", "code()"] {
            assert_eq!(Meta::read(text), Ok(Meta::default()), "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let error = Meta::read("// META: title=x\n// META: timeout=longer").unwrap_err();
        assert_eq!(error, "line 2: an unknown META line: timeout=longer");
        assert!(Meta::read("// META: nonsense").is_err());
    }

    #[test]
    fn the_kind_of_global_object_counts() {
        let read = |globals: &str| Meta::read(&format!("// META: global={globals}")).unwrap();
        assert!(Meta::default().is_for_us() && !Meta::default().is_for_workers_only());
        assert!(read("window,worker").is_for_us());
        assert!(!read("serviceworker").is_for_us());
        assert!(!read("window,worker").is_for_workers_only());
        assert!(read("worker").is_for_workers_only());
    }
}

//! Which files there are to run, and what each of them says about itself.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

use super::{
    html::{Page, PageScript},
    meta::Meta,
};

/// What the suite's server sends in place of what was asked for.
const REWRITES: [(&str, &str); 1] = [(
    "/resources/WebIDLParser.js",
    "/resources/webidl2/lib/webidl2.js",
)];

/// What kind of file a test is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `*.any.js`: a script for any global object.
    Any,
    /// `*.window.js`: a script for a window.
    Window,
    /// A page, of which the scripts are run.
    Html,
    /// `*.worker.js`: a script of a worker, which imports the harness itself.
    Worker,
}

impl Kind {
    /// Whether its global object is a window.
    pub(super) const fn is_for_a_window(self) -> bool {
        matches!(self, Self::Window | Self::Html)
    }
}

/// A script that belongs to a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Script {
    File(PathBuf),
    Inline {
        text: String,
        /// Where it begins in the test's own file, from 1.
        line: u32,
    },
}

/// One test: a file in one of its variants.
#[derive(Clone, Debug)]
pub struct TestFile {
    /// The path below the root, with `/` between its parts, and the variant.
    pub id: String,
    pub(super) path: PathBuf,
    /// What begins with `?` or `#`, or nothing.
    pub(super) variant: String,
    pub(super) kind: Kind,
    pub(super) title: Option<String>,
    /// Whether the file asks for the long timeout.
    pub(super) long: bool,
    pub(super) for_workers_only: bool,
    /// All of them, the test file itself included.
    pub(super) scripts: Vec<Script>,
    /// The names by which script could find elements of the page.
    pub(super) elements: Vec<String>,
    /// Why it is not run.
    pub(super) unfit: Option<Unfit>,
}

/// Why a test is not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// Nothing is wrong with it, but it is not for us.
    Skip(String),
    /// It cannot be understood.
    Error(String),
}

impl TestFile {
    /// The id without the variant.
    #[must_use]
    pub fn file_id(&self) -> &str {
        &self.id[..self.id.len() - self.variant.len()]
    }
}

/// Where to look for tests.
#[derive(Clone, Debug)]
pub struct Tree {
    /// What ids are relative to, and scripts whose path begins with a slash.
    pub root: PathBuf,
    /// Whether `.html`, `.htm`, `.window.js` and `.worker.js` files are tests too.
    pub html: bool,
}

impl Tree {
    /// All tests in `paths`, files and folders, ordered by id; one that is named twice is run once. A path that is
    /// relative is looked up below the root, and may end in a variant.
    ///
    /// # Errors
    ///
    /// A path that is not there or cannot be read; its text says which.
    pub fn find(&self, paths: &[PathBuf]) -> io::Result<Vec<TestFile>> {
        let mut tests = Vec::new();
        for path in paths {
            self.find_in(path, &mut tests)?;
        }
        tests.sort_by(|a, b| a.id.cmp(&b.id));
        tests.dedup_by(|a, b| a.id == b.id);
        Ok(tests)
    }

    fn find_in(&self, given: &Path, tests: &mut Vec<TestFile>) -> io::Result<()> {
        let path = self.root.join(given);
        if path.is_dir() {
            return self.walk(&path, tests);
        }
        if path.is_file() {
            let before = tests.len();
            // A file that is named is wanted, whatever its kind.
            let tree = Self {
                html: true,
                ..self.clone()
            };
            tree.read(&path, tests)?;
            if tests.len() == before {
                let message = format!("{} is no test file", given.display());
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
            return Ok(());
        }
        let shown = given.to_string_lossy();
        if let Some(at) = shown.find(['?', '#']) {
            let mut all = Vec::new();
            self.find_in(Path::new(&shown[..at]), &mut all)?;
            let before = tests.len();
            tests.extend(all.into_iter().filter(|test| test.variant == shown[at..]));
            if tests.len() > before {
                return Ok(());
            }
        }
        let message = format!("there is no test file or folder {shown}");
        Err(io::Error::new(io::ErrorKind::NotFound, message))
    }

    fn walk(&self, directory: &Path, tests: &mut Vec<TestFile>) -> io::Result<()> {
        let name = |error: io::Error| {
            let message = format!("cannot read {}: {error}", directory.display());
            io::Error::new(error.kind(), message)
        };
        let mut paths = fs::read_dir(directory)
            .and_then(|entries| {
                entries
                    .map(|entry| Ok(entry?.path()))
                    .collect::<io::Result<Vec<_>>>()
            })
            .map_err(name)?;
        paths.sort();
        for path in paths {
            let hidden = path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if hidden {
                continue;
            }
            if path.is_dir() {
                self.walk(&path, tests)?;
            } else {
                self.read(&path, tests)?;
            }
        }
        Ok(())
    }

    /// Adds each variant of the file at `path`, if it is a test.
    fn read(&self, path: &Path, tests: &mut Vec<TestFile>) -> io::Result<()> {
        let name = path.to_string_lossy();
        let kind = if name.ends_with(".any.js") {
            Kind::Any
        } else if self.html && name.ends_with(".window.js") {
            Kind::Window
        } else if self.html && name.ends_with(".worker.js") {
            Kind::Worker
        } else if self.html && (name.ends_with(".html") || name.ends_with(".htm")) {
            Kind::Html
        } else {
            return Ok(());
        };
        let text = fs::read(path).map(text_of).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot read {name}: {error}"))
        })?;
        let mut test = TestFile {
            id: self.id(path),
            path: path.to_owned(),
            variant: String::new(),
            kind,
            title: None,
            long: false,
            for_workers_only: false,
            scripts: Vec::new(),
            elements: Vec::new(),
            unfit: None,
        };
        let variants = match kind {
            Kind::Html => {
                let page = Page::read(&text);
                if !page.is_test() {
                    return Ok(());
                }
                self.describe_page(page, &mut test)
            }
            Kind::Any | Kind::Window | Kind::Worker => self.describe_script(&text, &mut test),
        };
        if variants.is_empty() {
            tests.push(test);
            return Ok(());
        }
        tests.extend(variants.into_iter().map(|variant| {
            let http2 = variant.contains("wpt_flags=h2");
            TestFile {
                id: format!("{}{variant}", test.id),
                unfit: test
                    .unfit
                    .clone()
                    .or_else(|| http2.then(|| Unfit::Skip("WebSocket over HTTP/2".to_owned()))),
                variant,
                ..test.clone()
            }
        }));
        Ok(())
    }

    fn describe_script(&self, text: &str, test: &mut TestFile) -> Vec<String> {
        let meta = match Meta::read(text) {
            Ok(meta) => meta,
            Err(error) => {
                test.unfit = Some(Unfit::Error(error));
                return Vec::new();
            }
        };
        if !meta.is_for_us() {
            let globals = meta.globals.join(", ");
            test.unfit = Some(Unfit::Skip(format!("it is for {globals}")));
        }
        test.for_workers_only = test.kind == Kind::Worker || meta.is_for_workers_only();
        test.title = meta.title;
        test.long = meta.long;
        for script in &meta.scripts {
            test.scripts.push(self.script(script, &test.path));
        }
        test.scripts.push(Script::File(test.path.clone()));
        meta.variants
    }

    fn describe_page(&self, page: Page, test: &mut TestFile) -> Vec<String> {
        test.unfit = page
            .needs_document
            .map(|what| Unfit::Skip(format!("it needs a document: {what}")));
        test.elements = page.elements;
        test.title = page.title;
        test.long = page.long;
        for script in page.scripts {
            match script {
                // The harness goes before all others, and reports to us.
                PageScript::Src(src)
                    if src.ends_with("/testharness.js")
                        || src.ends_with("/testharnessreport.js") => {}
                PageScript::Src(src) if src.contains(':') || src.starts_with("//") => {
                    let why = format!("a script that is no file of the tree: {src}");
                    test.unfit = test.unfit.take().or(Some(Unfit::Skip(why)));
                }
                PageScript::Src(src) => test.scripts.push(self.script(&src, &test.path)),
                PageScript::Inline { text, line } => {
                    test.scripts.push(Script::Inline { text, line });
                }
            }
        }
        page.variants
    }

    /// A script as the file at `path` names it.
    fn script(&self, named: &str, path: &Path) -> Script {
        Script::File(script_path(named, path, &self.root))
    }

    fn id(&self, path: &Path) -> String {
        let path = normal(path);
        let below = path.strip_prefix(normal(&self.root)).unwrap_or(&path);
        below.display().to_string().replace('\\', "/")
    }
}

/// Where a script is that the file at `path` names.
pub(super) fn script_path(named: &str, path: &Path, root: &Path) -> PathBuf {
    let named = named.split(['?', '#']).next().unwrap_or_default();
    let served = REWRITES.iter().find(|(from, _)| *from == named);
    let named = served.map_or(named, |(_, to)| to);
    match named.strip_prefix('/') {
        Some(absolute) => root.join(absolute),
        None => normal(&path.parent().unwrap_or(root).join(named)),
    }
}

/// The path without `.` and, where what they undo is known, `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(normal.components().next_back(), Some(Component::Normal(_))) =>
            {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

/// A file's text: UTF-8, or what an old page may be in instead.
pub(super) fn text_of(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) => match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        },
        Err(error) => error.into_bytes().into_iter().map(char::from).collect(),
    }
}

/// A test of which only the id counts.
#[cfg(test)]
pub(super) fn test_file(path: &str, variant: &str) -> TestFile {
    TestFile {
        id: format!("{path}{variant}"),
        path: PathBuf::from(path),
        variant: variant.to_owned(),
        kind: Kind::Any,
        title: None,
        long: false,
        for_workers_only: false,
        scripts: Vec::new(),
        elements: Vec::new(),
        unfit: None,
    }
}

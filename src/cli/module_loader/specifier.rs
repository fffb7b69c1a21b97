//! Which file a specifier means.

use std::{
    env,
    path::{self, Path, PathBuf},
};

use url::Url;

use super::explain;

/// A file, and what stands behind a `?`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    pub(super) path: PathBuf,
    pub(super) query: Option<String>,
}

/// <https://html.spec.whatwg.org/multipage/webappapis.html#resolve-a-module-specifier>, for files.
///
/// # Errors
///
/// Why there can be no such file, as a text for people.
pub(super) fn resolve(specifier: &str, referrer: Option<&Path>) -> Result<Resolved, String> {
    let directory = referrer.and_then(Path::parent).unwrap_or(Path::new(""));
    let relative = ["./", "../"]
        .iter()
        .any(|start| specifier.starts_with(start));
    if relative || specifier.starts_with('/') {
        if specifier.contains(['%', '?', '#']) {
            return resolve_as_url(specifier, directory);
        }
        let path = directory.join(specifier.strip_prefix("./").unwrap_or(specifier));
        return Ok(Resolved { path, query: None });
    }
    match Url::parse(specifier) {
        Ok(url) if url.scheme() == "file" => of_url(&url),
        Ok(url) => Err(format!(
            "only files can be imported, not '{}:'",
            url.scheme()
        )),
        Err(_) => Err(explain::bare(specifier, directory)),
    }
}

/// What has more than a path of a file in it.
fn resolve_as_url(specifier: &str, directory: &Path) -> Result<Resolved, String> {
    let base = match directory {
        directory if directory == Path::new("") => env::current_dir(),
        directory => path::absolute(directory),
    };
    let base = base.map_err(|error| error.to_string())?;
    let url = Url::from_directory_path(base).and_then(|base| base.join(specifier).map_err(|_| ()));
    let mut resolved = of_url(&url.map_err(|()| "it is no URL of a file")?)?;
    // As the others are shown.
    if directory.is_relative()
        && let Ok(current) = env::current_dir()
        && let Ok(path) = resolved.path.strip_prefix(current)
    {
        resolved.path = path.to_owned();
    }
    Ok(resolved)
}

fn of_url(url: &Url) -> Result<Resolved, String> {
    Ok(Resolved {
        path: url
            .to_file_path()
            .map_err(|()| "not a path of this machine".to_owned())?,
        query: url.query().map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers() {
        let resolve = |specifier| {
            let resolved = resolve(specifier, Some(Path::new("dir/main.mjs"))).ok()?;
            let path = resolved.path.display().to_string();
            Some(format!("{path} {}", resolved.query.unwrap_or_default()))
        };
        let found = |text: &str| Some(text.to_owned());
        assert_eq!(resolve("./a.mjs"), found("dir/a.mjs "));
        assert_eq!(resolve("../a.mjs"), found("dir/../a.mjs "));
        assert_eq!(resolve("/a.mjs"), found("/a.mjs "));
        assert_eq!(resolve("./a%20b.mjs?v=1#x"), found("dir/a b.mjs v=1"));
        assert_eq!(resolve("../a.mjs?v"), found("a.mjs v"));
        assert_eq!(resolve("bare"), None);
        assert_eq!(resolve("https://example.org/a.mjs"), None);
        #[cfg(unix)]
        assert_eq!(resolve("file:///a%20b.mjs"), found("/a b.mjs "));
    }
}

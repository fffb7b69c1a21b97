//! Parsing URLs: the crate `url`, and the standard where the two part and little is needed.

use std::borrow::Cow;

use url::{ParseError, Position, Url};

/// The URL parser, without an encoding other than UTF-8. <https://url.spec.whatwg.org/#concept-url-parser>
pub(super) fn parse(input: &str, base: Option<&Url>) -> Result<Url, ParseError> {
    let input = match base {
        Some(base) => what_the_crate_reads_as_meant(input, base),
        None => Cow::Borrowed(input),
    };
    let url = Url::options().base_url(base).parse(&input)?;
    Ok(with_path_encoded(url))
}

/// The crate takes the slashes of a relative URL otherwise than the standard in two cases.
fn what_the_crate_reads_as_meant<'a>(input: &'a str, base: &Url) -> Cow<'a, str> {
    // The basic URL parser, steps 1.2. and 3.: leading C0 controls and spaces, and tabs and line breaks.
    let trimmed = input.trim_start_matches(|c| c <= ' ');
    let is_slash = |c: char| matches!(c, '/' | '\\');
    let mut chars = without_tabs_and_line_breaks(trimmed);
    if is_special(base) && base.scheme() != "file" {
        // "///host/": the special authority ignore slashes state. The crate finds an empty host, unless there is a scheme.
        if chars.by_ref().take(3).filter(|&c| is_slash(c)).count() == 3 {
            return Cow::Owned(format!("{}:{trimmed}", base.scheme()));
        }
    } else if !is_special(base) && chars.next() == Some('\\') {
        // "\name": no slash for a scheme that is not special.
        return Cow::Owned(format!("./{trimmed}"));
    }
    Cow::Borrowed(input)
}

/// <https://url.spec.whatwg.org/#path-percent-encode-set> has `^`; the space at the end of an opaque path is encoded as well.
fn with_path_encoded(url: Url) -> Url {
    let path = url.path();
    let path = if url.cannot_be_a_base() {
        match path.strip_suffix(' ') {
            Some(path) => format!("{path}%20"),
            None => return url,
        }
    } else if path.contains('^') {
        path.replace('^', "%5E")
    } else {
        return url;
    };
    let before = &url[..Position::BeforePath];
    let after = &url[Position::AfterPath..];
    Url::parse(&format!("{before}{path}{after}")).unwrap_or(url)
}

/// <https://url.spec.whatwg.org/#is-special>
pub(super) fn is_special(url: &Url) -> bool {
    matches!(
        url.scheme(),
        "ftp" | "file" | "http" | "https" | "ws" | "wss"
    )
}

/// ASCII tab or newline, which the basic URL parser leaves out.
pub(super) fn without_tabs_and_line_breaks(input: &str) -> impl Iterator<Item = char> {
    input.chars().filter(|c| !matches!(c, '\t' | '\n' | '\r'))
}

/// <https://url.spec.whatwg.org/#concept-url-origin>, serialized. The crate gives a `blob:` URL the origin of any URL in its path.
pub(super) fn origin(url: &Url) -> String {
    if url.scheme() != "blob" {
        return url.origin().ascii_serialization();
    }
    match Url::parse(url.path()) {
        Ok(inner) if matches!(inner.scheme(), "http" | "https") => {
            inner.origin().ascii_serialization()
        }
        _ => "null".to_owned(),
    }
}

//! Changing the parts of a URL: the crate's `quirks`, and the standard where the two part and little is needed.
//!
//! A value that cannot be set changes nothing, and the crate's error says no more than that.

use url::{Position, Url, quirks};

use super::url_parser::{is_special, without_tabs_and_line_breaks};

/// <https://url.spec.whatwg.org/#dom-url-protocol>
pub(super) fn set_protocol(url: &mut Url, value: &str) {
    quirks::set_protocol(url, value).ok();
}

/// <https://url.spec.whatwg.org/#dom-url-username>
pub(super) fn set_username(url: &mut Url, value: &str) {
    quirks::set_username(url, value).ok();
}

/// <https://url.spec.whatwg.org/#dom-url-password>
pub(super) fn set_password(url: &mut Url, value: &str) {
    quirks::set_password(url, value).ok();
}

/// <https://url.spec.whatwg.org/#dom-url-host>
pub(super) fn set_host(url: &mut Url, value: &str) {
    quirks::set_host(url, value).ok();
    mark_path(url);
}

/// <https://url.spec.whatwg.org/#dom-url-hostname>
pub(super) fn set_hostname(url: &mut Url, value: &str) {
    quirks::set_hostname(url, value).ok();
    mark_path(url);
}

/// <https://url.spec.whatwg.org/#dom-url-port>
pub(super) fn set_port(url: &mut Url, value: &str) {
    // Nothing but what the parser leaves out is no port; only the empty string removes it.
    if value.is_empty() || without_tabs_and_line_breaks(value).next().is_some() {
        quirks::set_port(url, value).ok();
    }
}

/// <https://url.spec.whatwg.org/#dom-url-pathname>
pub(super) fn set_pathname(url: &mut Url, value: &str) {
    // 1. An opaque path stays.
    if url.cannot_be_a_base() {
        return;
    }
    let empty = without_tabs_and_line_breaks(value).next().is_none();
    if empty && !is_special(url) && has_authority(url) {
        let before = &url[..Position::BeforePath];
        let after = &url[Position::AfterPath..];
        replace(url, &format!("{before}{after}"));
        return;
    }
    // The path percent-encode set has it.
    quirks::set_pathname(url, &value.replace('^', "%5E"));
    mark_path(url);
}

/// <https://url.spec.whatwg.org/#dom-url-hash>
pub(super) fn set_hash(url: &mut Url, value: &str) {
    quirks::set_hash(url, value);
}

/// What stands between scheme and path tells; a path may begin with slashes of its own.
fn has_authority(url: &Url) -> bool {
    url[Position::AfterScheme..Position::BeforePath].starts_with("://")
}

/// The URL serializer puts "/." before a path that begins with "//", unless there is a host; the crate does so only when it parses.
/// <https://url.spec.whatwg.org/#url-serializing>, step 3.
fn mark_path(url: &mut Url) {
    if is_special(url) || url.cannot_be_a_base() {
        return;
    }
    let path = url.path();
    // No path has a segment "." of its own, so this one is a mark that was left.
    let path = match path.strip_prefix("/.") {
        Some(unmarked) if unmarked.starts_with('/') => unmarked,
        _ => path,
    };
    let scheme = url.scheme();
    let after = &url[Position::AfterPath..];
    let serialized = if has_authority(url) {
        let authority = &url[Position::BeforeUsername..Position::AfterPort];
        format!("{scheme}://{authority}{path}{after}")
    } else if path.starts_with("//") {
        format!("{scheme}:/.{path}{after}")
    } else {
        format!("{scheme}:{path}{after}")
    };
    if serialized != url.as_str() {
        replace(url, &serialized);
    }
}

/// The text is put together from parts of a URL, so that it is one.
fn replace(url: &mut Url, serialized: &str) {
    if let Ok(parsed) = Url::parse(serialized) {
        *url = parsed;
    }
}

//! Parsing URLs, and changing their parts.

use url::{ParseError, Url, quirks};

pub(super) fn parse(input: &str, base: Option<&Url>) -> Result<Url, ParseError> {
    Url::options().base_url(base).parse(input)
}

pub(super) fn set_protocol(url: &mut Url, value: &str) {
    quirks::set_protocol(url, value).ok();
}
pub(super) fn set_username(url: &mut Url, value: &str) {
    quirks::set_username(url, value).ok();
}
pub(super) fn set_password(url: &mut Url, value: &str) {
    quirks::set_password(url, value).ok();
}
pub(super) fn set_host(url: &mut Url, value: &str) {
    quirks::set_host(url, value).ok();
}
pub(super) fn set_hostname(url: &mut Url, value: &str) {
    quirks::set_hostname(url, value).ok();
}
pub(super) fn set_port(url: &mut Url, value: &str) {
    quirks::set_port(url, value).ok();
}
pub(super) fn set_pathname(url: &mut Url, value: &str) {
    quirks::set_pathname(url, value);
}
pub(super) fn set_hash(url: &mut Url, value: &str) {
    quirks::set_hash(url, value);
}

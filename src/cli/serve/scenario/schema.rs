//! What stands in the file.

use std::{collections::BTreeMap, num::NonZeroU64, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue};
use serde::Deserialize;

/// The longest wait: a day.
const MAX_MS: u64 = 86_400_000;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) path: ServedPath,
    #[serde(default)]
    pub(super) about: String,
    #[serde(default)]
    pub(super) refuse: Vec<Refuse>,
    #[serde(default)]
    pub(super) accept: Accept,
    #[serde(default)]
    pub(super) on_open: Vec<Action>,
    #[serde(default)]
    pub(super) on_message: Vec<Rule>,
    #[serde(default)]
    pub(super) on_close: OnClose,
}

/// A path without a query.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct ServedPath(String);

impl ServedPath {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ServedPath {
    type Error = &'static str;

    fn try_from(path: String) -> Result<Self, Self::Error> {
        let graphic = path.bytes().all(|byte| byte.is_ascii_graphic());
        match path.starts_with('/') && graphic && !path.contains(['?', '#']) {
            true => Ok(Self(path)),
            false => Err("a path begins with '/' and has no query, spaces or letters beyond ASCII"),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refuse {
    pub(super) status: Status,
    #[serde(default)]
    pub(super) headers: Headers,
    #[serde(default)]
    pub(super) body: String,
    #[serde(default)]
    pub(super) after_ms: Millis,
    pub(super) times: Option<NonZeroU64>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u16")]
pub(super) struct Status(pub(super) u16);

impl TryFrom<u16> for Status {
    type Error = &'static str;

    fn try_from(status: u16) -> Result<Self, Self::Error> {
        match status {
            200..=999 => Ok(Self(status)),
            _ => Err("a status that refuses is one of 200 to 999"),
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Accept {
    #[serde(default)]
    pub(super) after_ms: Millis,
    pub(super) protocol: Option<Value>,
    #[serde(default)]
    pub(super) headers: Headers,
}

/// Names and values as they may stand in a response.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "BTreeMap<String, Value>")]
pub(super) struct Headers(BTreeMap<String, Value>);

impl Headers {
    pub(super) fn pairs(&self) -> Vec<(&str, &str)> {
        let pairs = self.0.iter();
        pairs
            .map(|(name, value)| (&**name, value.as_str()))
            .collect()
    }
}

impl TryFrom<BTreeMap<String, Value>> for Headers {
    type Error = String;

    fn try_from(headers: BTreeMap<String, Value>) -> Result<Self, String> {
        for name in headers.keys() {
            HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| format!("'{}' is no name of a header", name.escape_debug()))?;
        }
        Ok(Self(headers))
    }
}

/// The value of a header.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Value(String);

impl Value {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Value {
    type Error = &'static str;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        match HeaderValue::from_str(&value) {
            Ok(_) => Ok(Self(value)),
            Err(_) => Err("it cannot stand in a header"),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(try_from = "u64")]
pub(super) struct Millis(u64);

impl Millis {
    pub(super) fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

impl TryFrom<u64> for Millis {
    type Error = String;

    fn try_from(ms: u64) -> Result<Self, String> {
        match ms <= MAX_MS {
            true => Ok(Self(ms)),
            false => Err(format!("the longest wait is a day, {MAX_MS}")),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum OnClose {
    #[default]
    Answer,
    Ignore,
    Cut,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Type {
    Text,
    Binary,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawRule")]
pub(super) struct Rule {
    equals: Option<String>,
    contains: Option<String>,
    starts_with: Option<String>,
    type_: Option<Type>,
    pub(super) times: Option<NonZeroU64>,
    pub(super) actions: Vec<Action>,
}

impl Rule {
    /// Whether it is for this message; `None`: a binary one.
    pub(super) fn fits(&self, text: Option<&str>) -> bool {
        let wants = |wanted: &Option<String>, test: fn(&str, &str) -> bool| match (wanted, text) {
            (None, _) => true,
            (Some(wanted), Some(text)) => test(text, wanted),
            (Some(_), None) => false,
        };
        wants(&self.equals, |text, wanted| text == wanted)
            && wants(&self.contains, |text, wanted| text.contains(wanted))
            && wants(&self.starts_with, |text, wanted| text.starts_with(wanted))
            && match self.type_ {
                None => true,
                Some(Type::Text) => text.is_some(),
                Some(Type::Binary) => text.is_none(),
            }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    equals: Option<String>,
    contains: Option<String>,
    starts_with: Option<String>,
    r#type: Option<Type>,
    times: Option<NonZeroU64>,
    r#do: Vec<Action>,
}

impl TryFrom<RawRule> for Rule {
    type Error = &'static str;

    fn try_from(raw: RawRule) -> Result<Self, Self::Error> {
        let wants_text =
            raw.equals.is_some() || raw.contains.is_some() || raw.starts_with.is_some();
        if wants_text && raw.r#type == Some(Type::Binary) {
            return Err("a binary message has no text that could be compared");
        }
        Ok(Self {
            equals: raw.equals,
            contains: raw.contains,
            starts_with: raw.starts_with,
            type_: raw.r#type,
            times: raw.times,
            actions: raw.r#do,
        })
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawAction")]
pub(super) struct Action {
    pub(super) what: What,
    pub(super) after: Duration,
    /// How often it is done; `None`: without end.
    pub(super) times: Option<NonZeroU64>,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Send(String),
    SendBinary(Vec<u8>),
    Raw(Vec<u8>),
    Ping(Vec<u8>),
    Close(CloseFrame),
    Cut,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "RawClose")]
pub(super) struct CloseFrame {
    pub(super) code: Option<u16>,
    pub(super) reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClose {
    code: Option<u16>,
    #[serde(default)]
    reason: String,
}

impl TryFrom<RawClose> for CloseFrame {
    type Error = &'static str;

    fn try_from(RawClose { code, reason }: RawClose) -> Result<Self, Self::Error> {
        match code.is_none() && !reason.is_empty() {
            true => Err("a reason needs a code"),
            false => Ok(Self { code, reason }),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAction {
    send: Option<String>,
    send_base64: Option<Base64>,
    raw_base64: Option<Base64>,
    ping: Option<String>,
    close: Option<CloseFrame>,
    cut: Option<bool>,
    #[serde(default)]
    after_ms: Millis,
    times: Option<u64>,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Base64(Vec<u8>);

impl TryFrom<String> for Base64 {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bytes = STANDARD.decode(text);
        bytes
            .map(Self)
            .map_err(|error| format!("it is no base64: {error}"))
    }
}

impl TryFrom<RawAction> for Action {
    type Error = &'static str;

    fn try_from(raw: RawAction) -> Result<Self, Self::Error> {
        const ONE: &str = "an action is one of send, send_base64, raw_base64, ping, close and cut";
        let ping = raw.ping.map(String::into_bytes);
        if ping.as_ref().is_some_and(|payload| payload.len() > 125) {
            return Err("a ping has at most 125 bytes");
        }
        if raw.cut == Some(false) {
            return Err("cut is true, or is not there");
        }
        let mut all = [
            raw.send.map(What::Send),
            raw.send_base64.map(|bytes| What::SendBinary(bytes.0)),
            raw.raw_base64.map(|bytes| What::Raw(bytes.0)),
            ping.map(What::Ping),
            raw.close.map(What::Close),
            raw.cut.map(|_| What::Cut),
        ]
        .into_iter()
        .flatten();
        let (Some(what), None) = (all.next(), all.next()) else {
            return Err(ONE);
        };
        let after = raw.after_ms.duration();
        if raw.times == Some(0) && after.is_zero() {
            return Err("what is done without end needs an after_ms");
        }
        Ok(Self {
            what,
            after,
            times: NonZeroU64::new(raw.times.unwrap_or(1)),
        })
    }
}

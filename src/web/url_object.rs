//! URL. <https://url.spec.whatwg.org/#url-class>
//!
//! ```webidl
//! [Exposed=*, LegacyWindowAlias=webkitURL]
//! interface URL {
//!   constructor(USVString url, optional USVString base);
//!   static URL? parse(USVString url, optional USVString base);
//!   static boolean canParse(USVString url, optional USVString base);
//!   stringifier attribute USVString href;
//!   readonly attribute USVString origin;
//!            attribute USVString protocol;
//!            attribute USVString username;
//!            attribute USVString password;
//!            attribute USVString host;
//!            attribute USVString hostname;
//!            attribute USVString port;
//!            attribute USVString pathname;
//!            attribute USVString search;
//!   [SameObject] readonly attribute URLSearchParams searchParams;
//!            attribute USVString hash;
//!   USVString toJSON();
//! };
//! ```
//!
//! There is no window, and so no `webkitURL`.

use boa_engine::{
    Context, Finalize, JsArgs, JsData, JsError, JsObject, JsResult, JsString, JsValue, Trace,
};
use url::{ParseError, Url, form_urlencoded, quirks};

use super::{
    url_parser::{self, origin},
    url_search_params, url_setters as setters,
};
use crate::webidl::{
    Interface, Member, NativeFn, construct_platform_object, illegal_invocation,
    new_platform_object, required_arguments, type_error, usv_string,
};

/// The interface `URL`.
pub static URL: Interface = Interface {
    name: "URL",
    parent: None,
    constructor: Some((1, constructor)),
    members: &[
        Member::StaticOperation {
            name: "parse",
            length: 1,
            call: parse,
        },
        Member::StaticOperation {
            name: "canParse",
            length: 1,
            call: can_parse,
        },
        attribute("href", href, set_href),
        operation("toString", href),
        Member::readonly("origin", |this, _, _| get(this, |url| origin(url).into())),
        attribute(
            "protocol",
            |this, _, _| get(this, |url| quirks::protocol(url).into()),
            |this, args, context| set(this, args, setters::set_protocol, context),
        ),
        attribute(
            "username",
            |this, _, _| get(this, |url| quirks::username(url).into()),
            |this, args, context| set(this, args, setters::set_username, context),
        ),
        attribute(
            "password",
            |this, _, _| get(this, |url| quirks::password(url).into()),
            |this, args, context| set(this, args, setters::set_password, context),
        ),
        attribute(
            "host",
            |this, _, _| get(this, |url| quirks::host(url).into()),
            |this, args, context| set(this, args, setters::set_host, context),
        ),
        attribute(
            "hostname",
            |this, _, _| get(this, |url| quirks::hostname(url).into()),
            |this, args, context| set(this, args, setters::set_hostname, context),
        ),
        attribute(
            "port",
            |this, _, _| get(this, |url| quirks::port(url).into()),
            |this, args, context| set(this, args, setters::set_port, context),
        ),
        attribute(
            "pathname",
            |this, _, _| get(this, |url| quirks::pathname(url).into()),
            |this, args, context| set(this, args, setters::set_pathname, context),
        ),
        attribute(
            "search",
            |this, _, _| get(this, |url| quirks::search(url).into()),
            set_search,
        ),
        Member::readonly("searchParams", search_params),
        attribute(
            "hash",
            |this, _, _| get(this, |url| quirks::hash(url).into()),
            |this, args, context| set(this, args, setters::set_hash, context),
        ),
        operation("toJSON", href),
    ],
};

const fn attribute(name: &'static str, get: NativeFn, set: NativeFn) -> Member {
    Member::Attribute {
        name,
        get,
        set: Some(set),
    }
}

const fn operation(name: &'static str, call: NativeFn) -> Member {
    Member::Operation {
        name,
        length: 0,
        call,
    }
}

/// The data of a URL object.
#[derive(Debug, Trace, Finalize, JsData)]
struct UrlData {
    /// Text, nothing of the collector's.
    #[unsafe_ignore_trace]
    url: Url,
    /// The URLSearchParams object, once somebody could tell it from one made now.
    query_object: Option<JsObject>,
}

/// Creates a URL object in the context's current realm.
///
/// # Errors
///
/// A TypeError if the interface is not defined in the realm.
pub fn new_url(url: Url, context: &mut Context) -> JsResult<JsObject> {
    let data = UrlData {
        url,
        query_object: None,
    };
    new_platform_object(&URL, data, context)
}

/// The URL of a URL object, or `None` if the object is not one.
///
/// URLs are parsed by the crate `url`. Where it departs from the standard and little is needed, this crate makes up for it; what is left:
///
/// * `file:` URLs: slashes at the start of the path become one, and a host before a drive letter (`file://host/C:/`) is dropped;
/// * a path segment that looks like a drive letter (`C:`) at the end of a path is not removed by `..`, whatever the scheme;
/// * a host in ASCII with a label that begins with `xn--` and is not valid Punycode is refused.
#[must_use]
pub fn url_of(object: &JsObject) -> Option<Url> {
    object
        .downcast_ref::<UrlData>()
        .map(|data| data.url.clone())
}

/// Sets the query of a URL object, without telling its URLSearchParams object; `None` for no query.
pub(super) fn set_query(object: &JsObject, query: Option<&str>) {
    if let Some(mut data) = object.downcast_mut::<UrlData>() {
        data.url.set_query(query);
    }
}

fn get(this: &JsValue, read: impl FnOnce(&Url) -> JsString) -> JsResult<JsValue> {
    this.as_object()
        .and_then(|object| Some(read(&object.downcast_ref::<UrlData>()?.url).into()))
        .ok_or_else(|| illegal_invocation(URL.name))
}

/// A setter that does not touch the query.
fn set(
    this: &JsValue,
    args: &[JsValue],
    change: impl FnOnce(&mut Url, &str),
    context: &mut Context,
) -> JsResult<JsValue> {
    let object = this_url(this)?;
    required_arguments(args, 1, URL.name, "setter")?;
    let value = usv_string(args.get_or_undefined(0), context)?;
    if let Some(mut data) = object.downcast_mut::<UrlData>() {
        change(&mut data.url, &value);
    }
    Ok(JsValue::undefined())
}

/// The brand check.
fn this_url(this: &JsValue) -> JsResult<JsObject> {
    this.as_object()
        .filter(|object| object.is::<UrlData>())
        .ok_or_else(|| illegal_invocation(URL.name))
}

/// The arguments of the constructor, of `parse` and of `canParse`.
fn url_and_base(args: &[JsValue], context: &mut Context) -> JsResult<(String, Option<String>)> {
    let url = usv_string(args.get_or_undefined(0), context)?;
    let base = match args.get_or_undefined(1) {
        value if value.is_undefined() => None,
        value => Some(usv_string(value, context)?),
    };
    Ok((url, base))
}

/// <https://url.spec.whatwg.org/#api-url-parser>
fn api_url_parser((url, base): &(String, Option<String>)) -> JsResult<Url> {
    // 1. – 2. The base, and its failure.
    let base = match base {
        Some(base) => Some(
            url_parser::parse(base, None).map_err(|why| invalid_url("the base URL", base, why))?,
        ),
        None => None,
    };
    // 3. The URL.
    url_parser::parse(url, base.as_ref()).map_err(|why| invalid_url("the URL", url, why))
}

fn invalid_url(what: &str, url: &str, why: ParseError) -> JsError {
    let shown = shown(url);
    type_error(match why {
        ParseError::RelativeUrlWithoutBase => format!("{what} '{shown}' is not absolute"),
        why => format!("{what} '{shown}' is invalid: {why}"),
    })
}

/// As much of a text as a message shows: one line, not too long, and no password.
fn shown(url: &str) -> String {
    const LONGEST: usize = 100;
    let (hidden, rest) = match url.rsplit_once('@') {
        Some((_, rest)) => ("…@", rest),
        None => ("", url),
    };
    let start: String = rest.chars().take(LONGEST).collect();
    let more = if start.len() < rest.len() { "…" } else { "" };
    format!("{hidden}{}{more}", start.escape_debug())
}

/// <https://url.spec.whatwg.org/#dom-url-url>
fn constructor(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let parts = url_and_base(args, context)?;
    let url = api_url_parser(&parts)?;
    let data = UrlData {
        url,
        query_object: None,
    };
    Ok(construct_platform_object(&URL, new_target, data, context)?.into())
}

/// <https://url.spec.whatwg.org/#dom-url-parse>
fn parse(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    required_arguments(args, 1, URL.name, "parse")?;
    let parts = url_and_base(args, context)?;
    match api_url_parser(&parts) {
        Ok(url) => Ok(new_url(url, context)?.into()),
        Err(_) => Ok(JsValue::null()),
    }
}

/// <https://url.spec.whatwg.org/#dom-url-canparse>
fn can_parse(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    required_arguments(args, 1, URL.name, "canParse")?;
    let parts = url_and_base(args, context)?;
    Ok(api_url_parser(&parts).is_ok().into())
}

fn href(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    get(this, |url| quirks::href(url).into())
}

/// The href setter. <https://url.spec.whatwg.org/#dom-url-href>
fn set_href(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let object = this_url(this)?;
    required_arguments(args, 1, URL.name, "setter")?;
    let value = usv_string(args.get_or_undefined(0), context)?;
    // 1. – 2. Parse; failure: TypeError.
    let url = url_parser::parse(&value, None).map_err(|why| invalid_url("the URL", &value, why))?;
    // 3. – 6. The URL, and the list of the query object.
    let list = query_list(&url);
    let query_object = object.downcast_mut::<UrlData>().and_then(|mut data| {
        data.url = url;
        data.query_object.clone()
    });
    if let Some(query_object) = query_object {
        url_search_params::set_list(&query_object, list);
    }
    Ok(JsValue::undefined())
}

fn query_list(url: &Url) -> Vec<(String, String)> {
    let query = url.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

/// The search setter. <https://url.spec.whatwg.org/#dom-url-search>
fn set_search(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let object = this_url(this)?;
    required_arguments(args, 1, URL.name, "setter")?;
    let value = usv_string(args.get_or_undefined(0), context)?;
    let input = value.strip_prefix('?').unwrap_or(&value);
    // 2. – 5. The query: none for the empty string, a lone `?` is an empty one.
    set_query(&object, (!value.is_empty()).then_some(input));
    // 6. The list comes from the input, which has what the parser removes: tabs and line breaks. An object that is made only
    // later would have it from the query.
    let list = form_urlencoded::parse(input.as_bytes());
    let list = list.into_owned().collect();
    let query_object = query_object(&object, context)?;
    url_search_params::set_list(&query_object, list);
    Ok(JsValue::undefined())
}

/// <https://url.spec.whatwg.org/#dom-url-searchparams>
fn search_params(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let object = this_url(this)?;
    Ok(query_object(&object, context)?.into())
}

/// The query object, made at the first call.
fn query_object(object: &JsObject, context: &mut Context) -> JsResult<JsObject> {
    let list = {
        let data = object
            .downcast_ref::<UrlData>()
            .ok_or_else(|| illegal_invocation(URL.name))?;
        if let Some(query_object) = &data.query_object {
            return Ok(query_object.clone());
        }
        query_list(&data.url)
    };
    let query_object = url_search_params::new_query_object(list, object.clone(), context)?;
    if let Some(mut data) = object.downcast_mut::<UrlData>() {
        data.query_object = Some(query_object.clone());
    }
    Ok(query_object)
}

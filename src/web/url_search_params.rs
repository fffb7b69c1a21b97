//! URLSearchParams. <https://url.spec.whatwg.org/#interface-urlsearchparams>
//!
//! ```webidl
//! [Exposed=*]
//! interface URLSearchParams {
//!   constructor(optional (sequence<sequence<USVString>> or record<USVString, USVString> or USVString) init = "");
//!   readonly attribute unsigned long size;
//!   undefined append(USVString name, USVString value);
//!   undefined delete(USVString name, optional USVString value);
//!   USVString? get(USVString name);
//!   sequence<USVString> getAll(USVString name);
//!   boolean has(USVString name, optional USVString value);
//!   undefined set(USVString name, USVString value);
//!   undefined sort();
//!   iterable<USVString, USVString>;
//!   stringifier;
//! };
//! ```

use std::collections::HashMap;

use boa_engine::{
    Context, Finalize, JsArgs, JsData, JsObject, JsResult, JsString, JsSymbol, JsValue, Trace,
    object::builtins::JsArray,
};
use url::form_urlencoded;

use super::url_object::set_query;
use crate::webidl::{
    Interface, Member, NativeFn, PairIterator, construct_platform_object,
    conversions::sequence_from_iterable, illegal_invocation, new_platform_object, record,
    required_arguments, sequence, type_error, usv_string,
};

/// The interface `URLSearchParams`.
pub static URL_SEARCH_PARAMS: Interface = Interface {
    name: "URLSearchParams",
    parent: None,
    constructor: Some((0, constructor)),
    members: &[
        Member::readonly("size", size),
        operation("append", 2, append),
        operation("delete", 1, delete),
        operation("get", 1, get),
        operation("getAll", 1, get_all),
        operation("has", 1, has),
        operation("set", 2, set),
        operation("sort", 0, sort),
        Member::Iterable(&PAIRS),
        operation("toString", 0, to_string),
    ],
};

static PAIRS: PairIterator = PairIterator {
    interface: "URLSearchParams",
    pair_at: |this, index| {
        with_list(this, |list| {
            let (name, value) = list.get(index)?;
            Some((text(name), text(value)))
        })
    },
};

const fn operation(name: &'static str, length: usize, call: NativeFn) -> Member {
    Member::Operation { name, length, call }
}

/// Names and values, in order.
type List = Vec<(String, String)>;

/// The data of a URLSearchParams object.
#[derive(Debug, Trace, Finalize, JsData)]
struct SearchParams {
    /// Text, nothing of the collector's.
    #[unsafe_ignore_trace]
    list: List,
    url: Option<JsObject>,
}

/// The query object of a URL object.
pub(super) fn new_query_object(
    list: List,
    url: JsObject,
    context: &mut Context,
) -> JsResult<JsObject> {
    let url = Some(url);
    new_platform_object(&URL_SEARCH_PARAMS, SearchParams { list, url }, context)
}

/// Replaces the list, without telling the URL.
pub(super) fn set_list(object: &JsObject, list: List) {
    if let Some(mut data) = object.downcast_mut::<SearchParams>() {
        data.list = list;
    }
}

/// The names and values of a URLSearchParams object in their order, or `None` if the object is not one.
#[must_use]
pub fn search_params_of(object: &JsObject) -> Option<Vec<(String, String)>> {
    object
        .downcast_ref::<SearchParams>()
        .map(|data| data.list.clone())
}

fn text(text: &str) -> JsValue {
    JsString::from(text).into()
}

/// Hands the list to `read`, unless `this` is not a URLSearchParams.
fn with_list<R>(this: &JsValue, read: impl FnOnce(&List) -> R) -> JsResult<R> {
    this.as_object()
        .and_then(|object| Some(read(&object.downcast_ref::<SearchParams>()?.list)))
        .ok_or_else(|| illegal_invocation(URL_SEARCH_PARAMS.name))
}

fn check_brand(this: &JsValue) -> JsResult<()> {
    with_list(this, |_| ())
}

/// Changes the list, and runs the update steps: the URL gets the list as its query.
/// <https://url.spec.whatwg.org/#concept-urlsearchparams-update>
fn update(this: &JsValue, change: impl FnOnce(&mut List)) -> JsResult<JsValue> {
    let (url, query) = this
        .as_object()
        .and_then(|object| {
            let mut data = object.downcast_mut::<SearchParams>()?;
            change(&mut data.list);
            let url = data.url.clone();
            let query = url.as_ref().map(|_| serialize(&data.list));
            Some((url, query.unwrap_or_default()))
        })
        .ok_or_else(|| illegal_invocation(URL_SEARCH_PARAMS.name))?;
    if let Some(url) = url {
        set_query(&url, (!query.is_empty()).then_some(query.as_str()));
    }
    Ok(JsValue::undefined())
}

/// <https://url.spec.whatwg.org/#concept-urlencoded-serializer>
fn serialize(list: &List) -> String {
    let mut output = String::new();
    form_urlencoded::Serializer::new(&mut output).extend_pairs(list);
    output
}

/// <https://url.spec.whatwg.org/#dom-urlsearchparams-urlsearchparams>
fn constructor(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let list = match args.get_or_undefined(0) {
        value if value.is_undefined() => List::new(),
        value => match value.as_object() {
            Some(object) => list_from_object(&object, context)?,
            None => {
                let init = usv_string(value, context)?;
                let init = init.strip_prefix('?').unwrap_or(&init);
                let list = form_urlencoded::parse(init.as_bytes());
                list.into_owned().collect()
            }
        },
    };
    let data = SearchParams { list, url: None };
    Ok(construct_platform_object(&URL_SEARCH_PARAMS, new_target, data, context)?.into())
}

/// The conversion to the union of a sequence and a record, and the initialization with it.
/// <https://url.spec.whatwg.org/#urlsearchparams-initialize>
fn list_from_object(object: &JsObject, context: &mut Context) -> JsResult<List> {
    let method = object.get(JsSymbol::iterator(), context)?;
    if method.is_null_or_undefined() {
        return Ok(without_duplicates(record(
            object, context, usv_string, usv_string,
        )?));
    }
    let what = "URLSearchParams: the list of pairs";
    let mut pair = |pair: JsValue, context: &mut Context| {
        let what = "URLSearchParams: an element of the list";
        sequence(&pair, what, context, |text, context| {
            usv_string(&text, context)
        })
    };
    // All are converted before any is looked at.
    let pairs = sequence_from_iterable(object, &method, what, context, &mut pair)?;
    let pairs = pairs
        .into_iter()
        .map(|pair| match <[String; 2]>::try_from(pair) {
            Ok([name, value]) => Ok((name, value)),
            Err(pair) => Err(type_error(format!(
                "URLSearchParams: an element of the list is not a pair: it has {} elements",
                pair.len()
            ))),
        });
    pairs.collect()
}

/// Keys that the conversion has made equal, by replacing lone surrogates, are one: at the first place, with the last value.
/// <https://webidl.spec.whatwg.org/#js-to-record>
fn without_duplicates(list: List) -> List {
    let mut places = HashMap::with_capacity(list.len());
    let mut result = List::with_capacity(list.len());
    for (name, value) in list {
        let next = result.len();
        let place = *places.entry(name.clone()).or_insert(next);
        match result.get_mut(place) {
            Some((_, old)) => *old = value,
            None => result.push((name, value)),
        }
    }
    result
}

fn argument(args: &[JsValue], index: usize, context: &mut Context) -> JsResult<String> {
    usv_string(args.get_or_undefined(index), context)
}

/// A name, and a value unless that is left out.
fn name_and_value(args: &[JsValue], context: &mut Context) -> JsResult<(String, Option<String>)> {
    let name = argument(args, 0, context)?;
    let value = match args.get_or_undefined(1) {
        value if value.is_undefined() => None,
        value => Some(usv_string(value, context)?),
    };
    Ok((name, value))
}

fn size(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    with_list(this, |list| list.len().into())
}

/// <https://url.spec.whatwg.org/#dom-urlsearchparams-append>
fn append(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    check_brand(this)?;
    required_arguments(args, 2, URL_SEARCH_PARAMS.name, "append")?;
    let name = argument(args, 0, context)?;
    let value = argument(args, 1, context)?;
    update(this, |list| list.push((name, value)))
}

/// <https://url.spec.whatwg.org/#dom-urlsearchparams-delete>
fn delete(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    check_brand(this)?;
    required_arguments(args, 1, URL_SEARCH_PARAMS.name, "delete")?;
    let (name, value) = name_and_value(args, context)?;
    update(this, |list| {
        list.retain(|(n, v)| *n != name || value.as_ref().is_some_and(|value| v != value));
    })
}

/// <https://url.spec.whatwg.org/#dom-urlsearchparams-get>
fn get(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    check_brand(this)?;
    required_arguments(args, 1, URL_SEARCH_PARAMS.name, "get")?;
    let name = argument(args, 0, context)?;
    with_list(this, |list| {
        let found = list.iter().find(|(n, _)| *n == name);
        found.map_or_else(JsValue::null, |(_, value)| text(value))
    })
}

/// <https://url.spec.whatwg.org/#dom-urlsearchparams-getall>
fn get_all(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    check_brand(this)?;
    required_arguments(args, 1, URL_SEARCH_PARAMS.name, "getAll")?;
    let name = argument(args, 0, context)?;
    let values: Vec<JsValue> = with_list(this, |list| {
        let found = list.iter().filter(|(n, _)| *n == name);
        found.map(|(_, value)| text(value)).collect()
    })?;
    Ok(JsArray::from_iter(values, context).into())
}

/// <https://url.spec.whatwg.org/#dom-urlsearchparams-has>
fn has(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    check_brand(this)?;
    required_arguments(args, 1, URL_SEARCH_PARAMS.name, "has")?;
    let (name, value) = name_and_value(args, context)?;
    with_list(this, |list| {
        list.iter()
            .any(|(n, v)| *n == name && value.as_ref().is_none_or(|value| v == value))
            .into()
    })
}

/// <https://url.spec.whatwg.org/#dom-urlsearchparams-set>
fn set(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    check_brand(this)?;
    required_arguments(args, 2, URL_SEARCH_PARAMS.name, "set")?;
    let name = argument(args, 0, context)?;
    let value = argument(args, 1, context)?;
    update(this, |list| {
        // 1. The first of the name gets the value, the others go. 2. Without any, append.
        let Some(first) = list.iter().position(|(n, _)| *n == name) else {
            list.push((name, value));
            return;
        };
        let mut index = 0;
        list.retain(|(n, _)| {
            index += 1;
            index - 1 <= first || *n != name
        });
        if let Some((_, old)) = list.get_mut(first) {
            *old = value;
        }
    })
}

/// <https://url.spec.whatwg.org/#dom-urlsearchparams-sort>
fn sort(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    // By code units, which is not the order of code points. The order of equal names stays.
    update(this, |list| {
        list.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    })
}

fn to_string(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    with_list(this, |list| text(&serialize(list)))
}

//! File. <https://w3c.github.io/FileAPI/#file-section>
//!
//! ```webidl
//! [Exposed=(Window,Worker), Serializable]
//! interface File : Blob {
//!   constructor(sequence<BlobPart> fileBits,
//!               USVString fileName,
//!               optional FilePropertyBag options = {});
//!   readonly attribute DOMString name;
//!   readonly attribute long long lastModified;
//! };
//!
//! dictionary FilePropertyBag : BlobPropertyBag {
//!   long long lastModified;
//! };
//! ```

use boa_engine::{Context, JsArgs, JsResult, JsString, JsValue, js_string};

use super::blob::{BLOB, Blob, blob_parts, process_blob_parts, read_property_bag, this_blob};
use crate::webidl::{
    Dictionary, Interface, Member, construct_platform_object, illegal_invocation, long_long,
    usv_js_string,
};

/// The interface `File`.
pub static FILE: Interface = Interface {
    name: "File",
    parent: Some(&BLOB),
    constructor: Some((2, constructor)),
    members: &[
        Member::readonly("name", name),
        Member::readonly("lastModified", last_modified),
    ],
};

/// What a File has beside a Blob.
#[derive(Clone, Debug)]
pub(super) struct FileProperties {
    name: JsString,
    /// In milliseconds since the Unix epoch.
    last_modified: i64,
}

/// <https://w3c.github.io/FileAPI/#file-constructor>
fn constructor(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let parts = blob_parts(args.get_or_undefined(0), context)?;
    let name = usv_js_string(args.get_or_undefined(1), context)?;
    let options = Dictionary::new(args.get_or_undefined(2), "the options of a File")?;
    let properties = read_property_bag(&options, context)?;
    // 3.2. The time given, or now.
    let last_modified = match options.get(js_string!("lastModified"), context)? {
        Some(value) => long_long(&value, context)?,
        None => context.clock().system_time_millis(),
    };
    // 1. The bytes of the parts. 2. The name. 3.1. The type.
    let bytes = process_blob_parts(parts, properties.native_endings);
    let mut data = Blob::new(bytes, &properties.type_);
    data.file = Some(FileProperties {
        name,
        last_modified,
    });
    Ok(construct_platform_object(&FILE, new_target, data, context)?.into())
}

fn this_file(this: &JsValue) -> JsResult<FileProperties> {
    let file = this_blob(this).ok().and_then(|blob| blob.file.clone());
    file.ok_or_else(|| illegal_invocation(FILE.name))
}

fn name(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_file(this)?.name.into())
}

fn last_modified(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_file(this)?.last_modified.into())
}

//! TextDecoder. <https://encoding.spec.whatwg.org/#interface-textdecoder>
//!
//! ```webidl
//! interface mixin TextDecoderCommon {
//!   readonly attribute DOMString encoding;
//!   readonly attribute boolean fatal;
//!   readonly attribute boolean ignoreBOM;
//! };
//! dictionary TextDecoderOptions { boolean fatal = false; boolean ignoreBOM = false; };
//! dictionary TextDecodeOptions { boolean stream = false; };
//! [Exposed=*]
//! interface TextDecoder {
//!   constructor(optional DOMString label = "utf-8", optional TextDecoderOptions options = {});
//!   USVString decode(optional AllowSharedBufferSource input, optional TextDecodeOptions options = {});
//! };
//! TextDecoder includes TextDecoderCommon;
//! ```

use boa_engine::{
    Context, Finalize, JsArgs, JsData, JsNativeError, JsObject, JsResult, JsString, JsValue, Trace,
    js_string, string::JsStr,
};
use encoding_rs::{
    CoderResult, Decoder, DecoderResult, Encoding, UTF_8,
    mem::{convert_utf16_to_latin1_lossy, is_ascii, is_utf16_latin1},
};

use super::bytes_of_argument;
use crate::webidl::{
    Dictionary, Interface, Member, construct_platform_object, dom_string, illegal_invocation,
    is_buffer_source, type_error,
};

/// The interface `TextDecoder`.
pub static TEXT_DECODER: Interface = Interface {
    name: "TextDecoder",
    parent: None,
    constructor: Some((0, constructor)),
    members: &[
        Member::readonly("encoding", encoding),
        Member::readonly("fatal", fatal),
        Member::readonly("ignoreBOM", ignore_bom),
        Member::Operation {
            name: "decode",
            length: 0,
            call: decode,
        },
    ],
};

/// The data of a TextDecoder object: nothing of the collector's.
#[derive(Trace, Finalize, JsData)]
struct TextDecoder {
    #[unsafe_ignore_trace]
    encoding: &'static Encoding,
    fatal: bool,
    ignore_bom: bool,
    /// The decoder and the "BOM seen" of a stream that goes on, that is, while "do not flush" is set.
    #[unsafe_ignore_trace]
    stream: Option<Decoder>,
    /// What is left in the stream's I/O queue behind a fatal error.
    #[unsafe_ignore_trace]
    queue: Vec<u8>,
}

/// The constructor steps. <https://encoding.spec.whatwg.org/#dom-textdecoder>
fn constructor(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let label = match args.get_or_undefined(0) {
        value if value.is_undefined() => None,
        value => Some(dom_string(value, context)?),
    };
    let options = Dictionary::new(args.get_or_undefined(1), "the options of a TextDecoder")?;
    let fatal = options.boolean(js_string!("fatal"), context)?;
    let ignore_bom = options.boolean(js_string!("ignoreBOM"), context)?;
    // 1. Get an encoding from the label. 2. Failure, or replacement: RangeError. 3. – 5. The members.
    let encoding = match label {
        Some(label) => encoding_for(&label)?,
        None => UTF_8,
    };
    let data = TextDecoder {
        encoding,
        fatal,
        ignore_bom,
        stream: None,
        queue: Vec::new(),
    };
    Ok(construct_platform_object(&TEXT_DECODER, new_target, data, context)?.into())
}

fn encoding_for(label: &JsString) -> JsResult<&'static Encoding> {
    // What a message shows of a label; the longest that means something has 19 characters.
    const SHOWN: usize = 40;
    let text = label.to_std_string_lossy();
    Encoding::for_label_no_replacement(text.as_bytes()).ok_or_else(|| {
        let shown: String = text.chars().take(SHOWN).collect();
        let message = format!("TextDecoder: '{}' is no encoding", shown.escape_debug());
        JsNativeError::range().with_message(message).into()
    })
}

/// Hands the data to `read`, unless `this` is not a TextDecoder.
fn with_decoder<R>(this: &JsValue, read: impl FnOnce(&mut TextDecoder) -> R) -> JsResult<R> {
    this.as_object()
        .and_then(|object| Some(read(&mut *object.downcast_mut::<TextDecoder>()?)))
        .ok_or_else(|| illegal_invocation(TEXT_DECODER.name))
}

fn encoding(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let encoding = with_decoder(this, |decoder| decoder.encoding)?;
    Ok(JsString::from(encoding.name().to_ascii_lowercase()).into())
}

fn fatal(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    with_decoder(this, |decoder| decoder.fatal.into())
}

fn ignore_bom(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    with_decoder(this, |decoder| decoder.ignore_bom.into())
}

/// <https://encoding.spec.whatwg.org/#dom-textdecoder-decode>
fn decode(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    with_decoder(this, |_| ())?;
    let input = input(args.get_or_undefined(0))?;
    let options = Dictionary::new(args.get_or_undefined(1), "the options of decode")?;
    let stream = options.boolean(js_string!("stream"), context)?;
    let decoded = match input {
        Some(input) => {
            let bytes = bytes_of_argument(&input, "decode: the input", context)?;
            bytes.read(|bytes| with_decoder(this, |decoder| decoder.decode(bytes, stream)))?
        }
        None => with_decoder(this, |decoder| decoder.decode(&[], stream))?,
    };
    match decoded {
        Some(text) => Ok(text.into()),
        None => Err(type_error("decode: the input is not valid in the encoding")),
    }
}

fn input(value: &JsValue) -> JsResult<Option<JsObject>> {
    if value.is_undefined() {
        return Ok(None);
    }
    value
        .as_object()
        .filter(is_buffer_source)
        .map(Some)
        .ok_or_else(|| type_error("decode: the input is neither a buffer nor a view of one"))
}

impl TextDecoder {
    /// Decodes what comes next, and with `stream` leaves what is not complete for the next time. `None`: a fatal error.
    fn decode(&mut self, bytes: &[u8], stream: bool) -> Option<JsString> {
        // 1. Not the continuation of a stream: a new decoder.
        let Some(decoder) = self.stream.take() else {
            // The usual case, at the price of one copy.
            if !stream && self.encoding.is_ascii_compatible() && is_ascii(bytes) {
                return Some(JsString::from(JsStr::latin1(bytes)));
            }
            return self.run(self.new_decoder(), bytes, stream);
        };
        if self.queue.is_empty() {
            return self.run(decoder, bytes, stream);
        }
        // 3. Push the input to the queue, in which something was left.
        let mut queue = std::mem::take(&mut self.queue);
        queue.extend_from_slice(bytes);
        self.run(decoder, &queue, stream)
    }

    fn new_decoder(&self) -> Decoder {
        if self.ignore_bom {
            self.encoding.new_decoder_without_bom_handling()
        } else {
            self.encoding.new_decoder_with_bom_removal()
        }
    }

    /// Steps 2., 4. and 5.
    fn run(&mut self, mut decoder: Decoder, bytes: &[u8], stream: bool) -> Option<JsString> {
        let length = decoder.max_utf16_buffer_length(bytes.len())?;
        let mut units = vec![0_u16; length];
        let (read, written, valid) = if self.fatal {
            let (result, read, written) =
                decoder.decode_to_utf16_without_replacement(bytes, &mut units, !stream);
            (read, written, result == DecoderResult::InputEmpty)
        } else {
            let (result, read, written, _) = decoder.decode_to_utf16(bytes, &mut units, !stream);
            (read, written, result == CoderResult::InputEmpty)
        };
        if stream {
            self.stream = Some(decoder);
            if !valid {
                self.queue = bytes.get(read..).unwrap_or_default().to_vec();
            }
        }
        valid.then(|| narrowest(units.get(..written).unwrap_or_default()))
    }
}

/// A string of one byte a code unit where that is enough.
fn narrowest(units: &[u16]) -> JsString {
    if !is_utf16_latin1(units) {
        return JsString::from(units);
    }
    let mut latin1 = vec![0; units.len()];
    convert_utf16_to_latin1_lossy(units, &mut latin1);
    JsString::from(JsStr::latin1(&latin1))
}

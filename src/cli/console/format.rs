//! Messages from arguments. <https://console.spec.whatwg.org/#formatter>

use boa_engine::{Context, JsResult, JsString, JsValue};

use super::css;
use crate::cli::inspect::{InspectOptions, has_text_of_its_own, inspect};

/// `%o` shows more levels than usual.
const DEPTH_OF_O: usize = 4;

/// All arguments as one message.
pub(super) fn message(
    args: &[JsValue],
    options: &InspectOptions,
    context: &mut Context,
) -> JsResult<String> {
    let Some((first, rest)) = args.split_first() else {
        return Ok(String::new());
    };
    let (mut text, rest) = match first.as_string() {
        Some(format) if !rest.is_empty() => formatted(&format, rest, options, context)?,
        _ => (value(first, options, context), rest),
    };
    for argument in rest {
        text.push(' ');
        text.push_str(&value(argument, options, context));
    }
    Ok(text)
}

/// A value that stands for itself: a string is its own text.
pub(super) fn value(value: &JsValue, options: &InspectOptions, context: &mut Context) -> String {
    match value.as_string() {
        Some(string) => string.to_std_string_lossy(),
        None => inspect(value, options, context),
    }
}

/// The format with its specifiers replaced, and the arguments that no specifier has taken.
fn formatted<'a>(
    format: &JsString,
    mut args: &'a [JsValue],
    options: &InspectOptions,
    context: &mut Context,
) -> JsResult<(String, &'a [JsValue])> {
    let format = format.to_std_string_lossy();
    let mut text = String::with_capacity(format.len());
    let mut rest = format.as_str();
    let mut styled = false;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        let specifier = rest[at + 1..].chars().next();
        rest = &rest[at + 1..];
        if specifier == Some('%') {
            text.push('%');
            rest = &rest[1..];
            continue;
        }
        let known = specifier.filter(|specifier| "sdifoOc".contains(*specifier));
        let (Some(specifier), Some((argument, later))) = (known, args.split_first()) else {
            text.push('%');
            continue;
        };
        rest = &rest[1..];
        args = later;
        match specifier {
            's' => text.push_str(&string(argument, options, context)?),
            'd' | 'i' => text.push_str(&integer(argument, options, context)),
            'f' => text.push_str(&number(float(argument))),
            'c' => {
                if options.colors {
                    let css = argument.as_string().unwrap_or_default();
                    text.push_str(&css::escape_sequence(&css.to_std_string_lossy(), styled));
                    styled = true;
                }
            }
            'o' => {
                let depth = DEPTH_OF_O.max(options.depth);
                text.push_str(&inspect(
                    argument,
                    &InspectOptions { depth, ..*options },
                    context,
                ));
            }
            _ => text.push_str(&inspect(argument, options, context)),
        }
    }
    text.push_str(rest);
    if styled {
        text.push_str(css::RESET);
    }
    Ok((text, args))
}

/// `%s`.
fn string(argument: &JsValue, options: &InspectOptions, context: &mut Context) -> JsResult<String> {
    match argument.as_object() {
        Some(object) if has_text_of_its_own(&object) => {
            Ok(argument.to_string(context)?.to_std_string_lossy())
        }
        Some(_) => {
            let options = InspectOptions {
                depth: 0,
                ..*options
            };
            Ok(inspect(argument, &options, context))
        }
        None => {
            let options = InspectOptions {
                colors: false,
                ..*options
            };
            Ok(value(argument, &options, context))
        }
    }
}

/// `%d` and `%i`: parseInt.
fn integer(argument: &JsValue, options: &InspectOptions, context: &mut Context) -> String {
    if argument.is_bigint() {
        let options = InspectOptions {
            colors: false,
            ..*options
        };
        return inspect(argument, &options, context);
    }
    number(float(argument).trunc())
}

fn number(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    JsValue::from(number).display().to_string()
}

/// `%f`: parseFloat. An object is no number, without being asked.
fn float(argument: &JsValue) -> f64 {
    match argument.as_string() {
        Some(string) => parse_float(&string.to_std_string_lossy()),
        None => match argument.as_bigint() {
            Some(bigint) => bigint.to_f64(),
            None => argument.as_number().unwrap_or(f64::NAN),
        },
    }
}

/// The number that a text begins with.
fn parse_float(text: &str) -> f64 {
    let text = text.trim_start();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = text.len() - unsigned.len();
    if unsigned.starts_with("Infinity") {
        return if text.starts_with('-') {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        };
    }
    let digits =
        |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mut end = digits(unsigned);
    if unsigned[end..].starts_with('.') {
        end += 1 + digits(&unsigned[end + 1..]);
    }
    if let Some(exponent) = unsigned[end..].strip_prefix(['e', 'E']) {
        let unsigned_exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let length = digits(unsigned_exponent);
        if length > 0 {
            end += 1 + (exponent.len() - unsigned_exponent.len()) + length;
        }
    }
    text[..sign + end].parse().unwrap_or(f64::NAN)
}

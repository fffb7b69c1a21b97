//! Values as text for people.

use boa_engine::{Context, JsValue};

/// How values are shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct InspectOptions {
    /// With ANSI escape sequences for colours.
    pub(super) colors: bool,
    /// How many levels of nested objects are shown.
    pub(super) depth: usize,
}

impl Default for InspectOptions {
    fn default() -> Self {
        Self {
            colors: false,
            depth: 2,
        }
    }
}

/// A value as people know it from Node's console. Runs no script: no getter, no proxy's trap, no `toString`.
pub(super) fn inspect(value: &JsValue, _: &InspectOptions, _: &mut Context) -> String {
    value.display().to_string()
}

//! Room `dom`.

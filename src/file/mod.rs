//! Room `file`.

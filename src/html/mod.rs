//! Room `html`.

//! Room `webidl`.

//! Room `websocket`.

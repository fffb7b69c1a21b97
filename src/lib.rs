//! The web's event and socket interfaces for the [Boa](https://boajs.dev) JavaScript engine.

pub mod protocol;
pub mod net;
pub mod event_loop;
pub mod webidl;
pub mod dom;
pub mod html;
pub mod file;
pub mod websocket;
#[cfg(feature = "cli")]
pub mod cli;

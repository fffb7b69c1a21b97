//! Where received messages go.

/// The bytes of a received binary message.
///
/// The type that Boa's `ArrayBuffer` adopts without a copy; nothing of Boa is needed to make it.
pub type Binary = aligned_vec::AVec<u8, aligned_vec::ConstAlign<BINARY_ALIGNMENT>>;

/// The alignment of [`Binary`], in bytes.
pub(super) const BINARY_ALIGNMENT: usize = 64;

/// Takes what a [`Connection`](super::Connection) receives, in the order of its arrival.
///
/// Its methods are called from within [`Connection::receive`](super::Connection::receive) and
/// [`Connection::body_filled`](super::Connection::body_filled).
pub trait Sink {
    /// A whole text message. It is borrowed from the bytes that were given to `receive` where it
    /// arrived in one piece.
    fn text(&mut self, text: &str);

    /// A whole text message that had to be put together, so that it can be had without a copy.
    fn text_owned(&mut self, text: String) {
        self.text(&text);
    }

    /// A whole binary message.
    fn binary(&mut self, data: Binary);

    /// A ping. Its pong is queued already.
    fn ping(&mut self, payload: &[u8]);

    /// A pong, whether or not a ping asked for it.
    fn pong(&mut self, payload: &[u8]);

    /// The peer's Close frame has arrived, whether or not ours has been sent. At most once; no
    /// message follows it.
    fn closing_handshake_started(&mut self);
}

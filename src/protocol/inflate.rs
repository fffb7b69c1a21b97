//! permessage-deflate on the way in: DEFLATE blocks become a message's payload, step by step.

use flate2::{Decompress, FlushDecompress, Status};

use super::{deflate::TAIL, error::Error, extension::Deflate};

/// How much one step yields at most, in bytes, whatever the input promises.
pub(super) const STEP: usize = 64 * 1024;

/// The least room for a step: less is not worth a call.
const LEAST_STEP: usize = 512;

/// The smallest window that zlib knows. A stream made with a smaller one fits it.
const LEAST_WINDOW_BITS: u8 = 9;

/// What follows the tail of a message to find out whether the message ended where a block does: an
/// empty block. Behind a whole message it is read as that and yields nothing. Anywhere else it is
/// an error, or some of its bytes are taken for data.
const PROBE: [u8; 5] = [0x00, 0x00, 0x00, 0xff, 0xff];

/// Decompresses the messages of one connection.
#[derive(Debug)]
pub(super) struct Inflater {
    agreed: Deflate,
    /// Made for the first compressed message: it takes nearly 50 KiB.
    stream: Option<Decompress>,
    /// Something of a block was read since the message, or the stream, began.
    begun: bool,
}

impl Inflater {
    pub(super) fn new(agreed: Deflate) -> Self {
        Self {
            agreed,
            stream: None,
            begun: false,
        }
    }

    /// How much room the first step is to be given for that much input.
    pub(super) fn first_step(input: usize) -> usize {
        input.saturating_mul(4).clamp(LEAST_STEP, STEP)
    }

    /// Takes bytes off the front of `input` and appends what they yield to `plain`, as long as that
    /// has capacity; true if there may be more, false if `input` is used up.
    pub(super) fn step(&mut self, input: &mut &[u8], plain: &mut Vec<u8>) -> Result<bool, Error> {
        let stream = self.stream.get_or_insert_with(|| {
            let bits = self.agreed.server_max_window_bits;
            Decompress::new_with_window_bits(false, bits.clamp(LEAST_WINDOW_BITS, 15))
        });
        self.begun |= !input.is_empty();
        let (taken_before, length_before) = (stream.total_in(), plain.len());
        let status = stream
            .decompress_vec(input, plain, FlushDecompress::Sync)
            .map_err(|_| Error::InvalidCompressedData)?;
        let taken = usize::try_from(stream.total_in() - taken_before).unwrap_or(usize::MAX);
        *input = input.get(taken..).unwrap_or_default();
        if status == Status::StreamEnd {
            // RFC 7692, 7.2.3.4: a block with BFINAL is no end. What made it has begun anew behind
            // it, as zlib has no other way to go on.
            stream.reset(false);
            self.begun = false;
            return Ok(!input.is_empty());
        }
        if plain.len() == plain.capacity() {
            return Ok(true);
        }
        if input.is_empty() {
            return Ok(false);
        }
        if taken == 0 && plain.len() == length_before {
            return Err(Error::InvalidCompressedData);
        }
        Ok(true)
    }

    /// The message has been inflated: RFC 7692, 7.2.2. An error if it was cut off within a block.
    ///
    /// A message without any byte, or one that ends with a block with BFINAL, lacks the first byte
    /// of an empty block by the letter of the RFC; nothing else of it does, and it is taken.
    pub(super) fn end_of_message(&mut self) -> Result<(), Error> {
        let mut nothing = Vec::with_capacity(16);
        for bytes in [&TAIL[..], &PROBE] {
            let mut rest = bytes;
            while self.begun && !rest.is_empty() {
                self.step(&mut rest, &mut nothing)?;
                // The end of the stream it may not be either.
                if !nothing.is_empty() || !self.begun {
                    return Err(Error::InvalidCompressedData);
                }
            }
        }
        self.begun = false;
        if self.agreed.server_no_context_takeover {
            // Making another is as quick as making this one as new.
            self.stream = None;
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn is_allocated(&self) -> bool {
        self.stream.is_some()
    }
}

//! Masking: what a client sends is unreadable to intermediaries (RFC 6455, sections 5.3 and 10.3).

/// How much is masked in registers on its way: memory that was just written, and is perhaps not in the cache yet, is not
/// read again. Twice as fast as masking what was copied.
const BLOCK: usize = 128;

/// The key of one frame.
pub(super) type Key = [u8; 4];

/// A new key, which nobody can foresee.
///
/// [RFC 6455, section 5.3](https://www.rfc-editor.org/rfc/rfc6455#section-5.3) asks for a strong
/// source of entropy; `rand`'s generator of the thread is a cryptographic one.
pub(super) fn new_key() -> Key {
    rand::random()
}

/// Appends `payload` to `output`, masked with `key`.
///
/// `position` is where `payload` begins within the payload of its frame: a frame may be masked in
/// pieces.
pub(super) fn append_masked(output: &mut Vec<u8>, payload: &[u8], key: Key, position: usize) {
    let mut turned = key;
    turned.rotate_left(position % 4);
    output.reserve(payload.len());
    // Blocks are a multiple of the key's length, so each begins with the same byte of the key.
    let (blocks, rest) = payload.as_chunks::<BLOCK>();
    for block in blocks {
        let mut block = *block;
        mask_in_place(&mut block, turned);
        output.extend_from_slice(&block);
    }
    let start = output.len();
    output.extend_from_slice(rest);
    mask_in_place(&mut output[start..], turned);
}

/// Masks, or unmasks, what begins with the first byte of the payload.
pub(super) fn mask_in_place(bytes: &mut [u8], key: Key) {
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip([a, b, c, d, a, b, c]) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6455, section 5.3: octet i is XORed with octet i modulo 4 of the key.
    fn by_the_definition(payload: &[u8], key: Key) -> Vec<u8> {
        payload
            .iter()
            .enumerate()
            .map(|(i, byte)| byte ^ key[i % 4])
            .collect()
    }

    #[test]
    fn rfc_5_7_masked_hello() {
        let mut output = Vec::new();
        append_masked(&mut output, b"Hello", [0x37, 0xfa, 0x21, 0x3d], 0);
        assert_eq!(output, [0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    }

    #[test]
    fn every_length_and_every_split() {
        let payload: Vec<u8> = (0..40u8).map(|i| i.wrapping_mul(37)).collect();
        let key = [0x11, 0x80, 0x00, 0xff];
        for length in 0..=payload.len() {
            let expected = by_the_definition(&payload[..length], key);
            for split in 0..=length {
                let mut output = vec![0xaa; 3];
                append_masked(&mut output, &payload[..split], key, 0);
                append_masked(&mut output, &payload[split..length], key, split);
                assert_eq!(output[3..], expected, "length {length}, split at {split}");
            }
        }
    }

    #[test]
    fn across_blocks() {
        let key = [1, 2, 3, 4];
        for length in [BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5] {
            let payload: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            for position in 0..4 {
                let mut output = Vec::new();
                append_masked(&mut output, &payload, key, position);
                let mut turned = key;
                turned.rotate_left(position);
                assert_eq!(
                    output,
                    by_the_definition(&payload, turned),
                    "length {length}"
                );
            }
        }
    }

    #[test]
    fn keys_differ() {
        let keys: std::collections::HashSet<Key> = (0..64).map(|_| new_key()).collect();
        assert!(keys.len() > 60, "64 keys, and only {} differ", keys.len());
    }
}

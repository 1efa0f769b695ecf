//! AEADs by ring, which works in place only.

use alloc::boxed::Box;

use ::ring::aead::{AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

use super::place;
use crate::record::aead::{Aead, AeadError, Algorithm, NONCE_LEN, RecordCrypto, TAG_LEN};

/// Record crypto by ring: all three algorithms. Sealing copies the plaintext once. The library does not wipe
/// its keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ring;

impl RecordCrypto for Ring {
    fn supports(&self, algorithm: Algorithm) -> bool {
        match algorithm {
            Algorithm::Aes128Gcm | Algorithm::Aes256Gcm | Algorithm::Chacha20Poly1305 => true,
        }
    }

    fn key(&self, algorithm: Algorithm, key: &[u8]) -> Result<Box<dyn Aead>, AeadError> {
        let algorithm = match algorithm {
            Algorithm::Aes128Gcm => &AES_128_GCM,
            Algorithm::Aes256Gcm => &AES_256_GCM,
            Algorithm::Chacha20Poly1305 => &CHACHA20_POLY1305,
        };
        let key = UnboundKey::new(algorithm, key).map_err(|_| AeadError)?;
        Ok(Box::new(Key(LessSafeKey::new(key))))
    }
}

/// The library's key that takes any nonce: their uniqueness is the record layer's duty.
struct Key(LessSafeKey);

impl Aead for Key {
    #[inline]
    fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        plaintext: &[u8],
        extra: &[u8],
        out: &mut [u8],
    ) -> Result<(), AeadError> {
        place(plaintext, extra, out)?;
        self.seal_in_place(nonce, aad, out)
    }

    #[inline]
    fn seal_in_place(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], in_out: &mut [u8]) -> Result<(), AeadError> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let (text, tag) = in_out.split_last_chunk_mut::<TAG_LEN>().ok_or(AeadError)?;
        let sealed = self.0.seal_in_place_separate_tag(nonce, Aad::from(aad), text).map_err(|_| AeadError)?;
        tag.copy_from_slice(sealed.as_ref());
        Ok(())
    }

    #[inline]
    fn open_in_place(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], in_out: &mut [u8]) -> Result<(), AeadError> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        self.0.open_in_place(nonce, Aad::from(aad), in_out).map_err(|_| AeadError)?;
        Ok(())
    }
}

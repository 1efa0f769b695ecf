//! AEADs by aws-lc-rs, which seals and opens from one buffer to another in a single pass.

use alloc::boxed::Box;

use ::aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

use crate::record::aead::{Aead, AeadError, Algorithm, NONCE_LEN, RecordCrypto, TAG_LEN};

/// Record crypto by aws-lc-rs: all three algorithms, from one buffer to another without a copy. The library
/// wipes its keys when they are dropped.
#[derive(Clone, Copy, Debug, Default)]
pub struct AwsLcRs;

impl RecordCrypto for AwsLcRs {
    fn supports(&self, algorithm: Algorithm) -> bool {
        match algorithm {
            Algorithm::Aes128Gcm | Algorithm::Aes256Gcm | Algorithm::Chacha20Poly1305 => true,
        }
    }

    fn key(&self, algorithm: Algorithm, key: &[u8]) -> Result<Box<dyn Aead>, AeadError> {
        let (algorithm, copy_below) = match algorithm {
            Algorithm::Aes128Gcm => (&AES_128_GCM, 0),
            Algorithm::Aes256Gcm => (&AES_256_GCM, 0),
            Algorithm::Chacha20Poly1305 => (&CHACHA20_POLY1305, CHACHA_COPY_BELOW),
        };
        let key = UnboundKey::new(algorithm, key).map_err(|_| AeadError)?;
        Ok(Box::new(Key { key: LessSafeKey::new(key), copy_below }))
    }
}

/// Below it a copy costs less than what the library does for a byte that is apart, which for ChaCha20 is a block in
/// plain C. Found by measuring: both are equal at 4 to 8 KiB.
const CHACHA_COPY_BELOW: usize = 4096;

/// The library's key that takes any nonce: their uniqueness is the record layer's duty.
struct Key {
    key: LessSafeKey,
    /// Plaintext shorter than this is copied together with `extra` rather than sealed apart.
    copy_below: usize,
}

impl Key {
    /// Seals a copy of `plaintext` and `extra` in one piece.
    fn seal_together(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        plaintext: &[u8],
        extra: &[u8],
        out: &mut [u8],
    ) -> Result<(), AeadError> {
        if out.len() != plaintext.len() + extra.len() + TAG_LEN {
            return Err(AeadError);
        }
        let (front, rest) = out.split_at_mut(plaintext.len());
        front.copy_from_slice(plaintext);
        rest[..extra.len()].copy_from_slice(extra);
        self.seal_in_place(nonce, aad, out)
    }
}

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
        if plaintext.len() < self.copy_below && !extra.is_empty() {
            return self.seal_together(nonce, aad, plaintext, extra, out);
        }
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let (ciphertext, extra_and_tag) = out.split_at_mut_checked(plaintext.len()).ok_or(AeadError)?;
        self.key
            .seal_out_of_place_scatter(nonce, Aad::from(aad), plaintext, ciphertext, extra, extra_and_tag)
            .map_err(|_| AeadError)
    }

    #[inline]
    fn seal_in_place(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], in_out: &mut [u8]) -> Result<(), AeadError> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let (text, tag) = in_out.split_last_chunk_mut::<TAG_LEN>().ok_or(AeadError)?;
        self.key.seal_in_place_scatter(nonce, Aad::from(aad), text, &[], tag).map_err(|_| AeadError)
    }

    // With the tag separate: the library's `open_in_place` moves the plaintext, if only to where it is.
    #[inline]
    fn open_in_place(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], in_out: &mut [u8]) -> Result<(), AeadError> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let (text, tag) = in_out.split_last_chunk_mut::<TAG_LEN>().ok_or(AeadError)?;
        self.key.open_in_place_separate_tag(nonce, Aad::from(aad), tag, text).map_err(|_| AeadError)?;
        Ok(())
    }

    #[inline]
    fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        sealed: &[u8],
        out: &mut [u8],
    ) -> Option<Result<(), AeadError>> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let Some((ciphertext, tag)) = sealed.split_last_chunk::<TAG_LEN>() else {
            return Some(Err(AeadError));
        };
        let opened = self.key.open_separate_gather(nonce, Aad::from(aad), ciphertext, tag, out);
        Some(opened.map_err(|_| AeadError))
    }
}

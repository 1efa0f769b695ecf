//! AEADs in plain Rust, for targets that the others don't build for, and for Miri.

use alloc::boxed::Box;

use aes_gcm::aead::array::Array;
use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use chacha20poly1305::ChaCha20Poly1305;

use super::place;
use crate::record::aead::{Aead, AeadError, Algorithm, NONCE_LEN, RecordCrypto, TAG_LEN};

/// Record crypto by the RustCrypto crates: all three algorithms, `no_std`, no C. Sealing copies the plaintext
/// once; opening verifies before it decrypts. Keys are wiped when they are dropped.
#[derive(Clone, Copy, Debug, Default)]
pub struct RustCrypto;

impl RecordCrypto for RustCrypto {
    fn supports(&self, algorithm: Algorithm) -> bool {
        match algorithm {
            Algorithm::Aes128Gcm | Algorithm::Aes256Gcm | Algorithm::Chacha20Poly1305 => true,
        }
    }

    fn key(&self, algorithm: Algorithm, key: &[u8]) -> Result<Box<dyn Aead>, AeadError> {
        match algorithm {
            Algorithm::Aes128Gcm => boxed::<Aes128Gcm>(key),
            Algorithm::Aes256Gcm => boxed::<Aes256Gcm>(key),
            Algorithm::Chacha20Poly1305 => boxed::<ChaCha20Poly1305>(key),
        }
    }
}

fn boxed<C>(key: &[u8]) -> Result<Box<dyn Aead>, AeadError>
where
    C: AeadInOut<NonceSize = U12, TagSize = U16> + KeyInit + Send + Sync + 'static,
{
    Ok(Box::new(Key(C::new_from_slice(key).map_err(|_| AeadError)?)))
}

struct Key<C>(C);

impl<C> Aead for Key<C>
where
    C: AeadInOut<NonceSize = U12, TagSize = U16> + Send + Sync,
{
    // The cipher can go from buffer to buffer, but takes the plaintext in one piece: the extra byte needs a copy.
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

    fn seal_in_place(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], in_out: &mut [u8]) -> Result<(), AeadError> {
        let (text, tag) = in_out.split_last_chunk_mut::<TAG_LEN>().ok_or(AeadError)?;
        *tag = self.0.encrypt_inout_detached(nonce.into(), aad, text.into()).map_err(|_| AeadError)?.into();
        Ok(())
    }

    fn open_in_place(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], in_out: &mut [u8]) -> Result<(), AeadError> {
        let (text, tag) = in_out.split_last_chunk_mut::<TAG_LEN>().ok_or(AeadError)?;
        self.0
            .decrypt_inout_detached(nonce.into(), aad, text.into(), &Array::from(*tag))
            .map_err(|_| AeadError)
    }

    fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        sealed: &[u8],
        out: &mut [u8],
    ) -> Option<Result<(), AeadError>> {
        Some(open(&self.0, nonce, aad, sealed, out))
    }
}

fn open<C>(
    cipher: &C,
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    sealed: &[u8],
    out: &mut [u8],
) -> Result<(), AeadError>
where
    C: AeadInOut<NonceSize = U12, TagSize = U16>,
{
    let (ciphertext, tag) = sealed.split_last_chunk::<TAG_LEN>().ok_or(AeadError)?;
    let buffers = InOutBuf::new(ciphertext, out).map_err(|_| AeadError)?;
    cipher.decrypt_inout_detached(nonce.into(), aad, buffers, &Array::from(*tag)).map_err(|_| AeadError)
}

//! Record crypto by the usual libraries: implementations of [`RecordCrypto`](crate::record::aead::RecordCrypto),
//! each behind the feature of its name.

#[cfg(feature = "aws-lc-rs")]
mod aws_lc_rs;
#[cfg(feature = "ring")]
mod ring;
#[cfg(feature = "rustcrypto")]
mod rustcrypto;

#[cfg(feature = "aws-lc-rs")]
pub use self::aws_lc_rs::AwsLcRs;
#[cfg(feature = "ring")]
pub use self::ring::Ring;
#[cfg(feature = "rustcrypto")]
pub use self::rustcrypto::RustCrypto;

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring", feature = "rustcrypto")))]
mod tests;

/// Puts `plaintext` and `extra` where an AEAD that works in place wants them: in front of the tag's room.
#[cfg(any(feature = "ring", feature = "rustcrypto"))]
#[inline]
fn place(plaintext: &[u8], extra: &[u8], out: &mut [u8]) -> Result<(), crate::record::aead::AeadError> {
    use crate::record::aead::{AeadError, TAG_LEN};

    let (text, _tag) = out.split_last_chunk_mut::<TAG_LEN>().ok_or(AeadError)?;
    if text.len() != plaintext.len() + extra.len() {
        return Err(AeadError);
    }
    let (front, back) = text.split_at_mut(plaintext.len());
    front.copy_from_slice(plaintext);
    back.copy_from_slice(extra);
    Ok(())
}

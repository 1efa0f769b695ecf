//! From user space to the kernel.

use core::fmt;
use std::io;

use wantls::{Buffers, Connection, Offload, Parked, Usage};

use crate::stream::Stream;
use crate::{CryptoInfo, Direction, Socket};

/// Gives the keys of an established connection to the kernel. From then on `socket` protects and opens its records
/// itself, in both directions, and [`Stream`] does the rest of TLS; the buffers come back wiped.
///
/// Both ends of `tls` have to be at rest: all that was received is read, a part of a record is not there, and all that was
/// written has left `tls_out`; and no KeyUpdate may be due. A client of TLS 1.3 has often part of the server's tickets there after the handshake:
/// exchange some data first.
///
/// **Afterwards the kernel has the connection's secrets**, and nobody else.
///
/// # Errors
/// [`Refused`], with the socket, and but for [`HandOverError::Half`] with the connection, which goes on in user space.
pub fn hand_over<S, B>(tls: Connection<B>, mut socket: S) -> Result<(Stream<S>, Buffers<B>), Refused<S, B>>
where
    S: Socket,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    let refused = |error, tls: Option<Box<_>>, socket| Err(Refused { error, tls, socket });
    // A KeyUpdate is nothing that every kernel can do.
    if tls.check_idle().is_err() || tls.key_update_due().is_some() {
        return refused(HandOverError::NotIdle, Some(Box::new(tls)), socket);
    }
    // Before the connection is taken apart: this is where a kernel without TLS ends it.
    if let Err(error) = socket.attach() {
        return refused(HandOverError::Unsupported(error), Some(Box::new(tls)), socket);
    }
    let (parked, buffers) = match tls.park() {
        Ok(parts) => parts,
        Err(tls) => return refused(HandOverError::NotIdle, Some(tls), socket),
    };
    let keys = parked.into_offload();
    // Reading first: it is what older kernels lack (before Linux 4.17), and there is no way back from the second.
    if let Err(error) = set_key(&keys, &mut socket, Direction::Read) {
        let tls = resume(keys.into_parked(), buffers);
        return refused(HandOverError::Unsupported(error), tls, socket);
    }
    if let Err(error) = set_key(&keys, &mut socket, Direction::Write) {
        return refused(HandOverError::Half(error), None, socket);
    }
    Ok((Stream::new(keys, socket), buffers))
}

/// Gives the kernel the key of one direction.
pub(crate) fn set_key(keys: &Offload, socket: &mut impl Socket, direction: Direction) -> io::Result<()> {
    let key = match direction {
        Direction::Write => keys.write_key(),
        Direction::Read => keys.read_key(),
    };
    let key = key.map_err(|error: Usage| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let info = CryptoInfo::new(keys.version(), key, direction);
    socket.set_key(direction, &info.ok_or(io::ErrorKind::Unsupported)?)
}

/// The buffers were large enough before, so they are now.
fn resume<B: AsRef<[u8]> + AsMut<[u8]>>(parked: Parked, buffers: Buffers<B>) -> Option<Box<Connection<B>>> {
    parked.resume(buffers).ok().map(Box::new)
}

/// Why the kernel has not got a connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandOverError {
    /// Something is under way: see [`Connection::check_idle`]; or a KeyUpdate is due. Bring it to an end, and try
    /// again.
    #[error("the connection is not idle")]
    NotIdle,
    /// The kernel has no TLS, or not for this socket, version or algorithm. The connection goes on in user space.
    #[error("the kernel does not do TLS for this connection: {0}")]
    Unsupported(#[source] io::Error),
    /// The kernel has taken the key for reading and refused the one for writing. It gives none back, so the connection is
    /// lost: close the socket.
    #[error("the kernel took one direction only, and the connection is lost: {0}")]
    Half(#[source] io::Error),
}

/// A connection that stays in user space.
#[derive(thiserror::Error)]
#[error("{error}")]
pub struct Refused<S, B: AsRef<[u8]> + AsMut<[u8]>> {
    /// Why.
    #[source]
    pub error: HandOverError,
    /// The connection as it was; `None` after [`HandOverError::Half`].
    pub tls: Option<Box<Connection<B>>>,
    /// The socket.
    pub socket: S,
}

impl<S, B: AsRef<[u8]> + AsMut<[u8]>> fmt::Debug for Refused<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").field("error", &self.error).field("tls", &self.tls).finish_non_exhaustive()
    }
}

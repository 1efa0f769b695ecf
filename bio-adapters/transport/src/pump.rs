//! Moving bytes between a connection and its transport.

use wantls::{Connection, Step};

use crate::{Recv, Sent, Transport};

/// What a [`pump`] moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pumped {
    /// Bytes sent.
    pub sent: usize,
    /// Bytes received.
    pub received: usize,
    /// The end of the transport was seen now.
    pub eof: bool,
}

impl Pumped {
    /// Whether anything moved, so that a call that wanted is worth repeating.
    #[must_use]
    pub fn progressed(&self) -> bool {
        self.sent > 0 || self.received > 0 || self.eof
    }
}

/// Sends what is queued and receives what there is space for, until the transport would block. It always tries both
/// directions: a send that would block never keeps a receive from happening, or two peers with full pipes would wait
/// for each other for ever.
///
/// For nonblocking transports: a blocking one would wait for bytes that need not come. [`Stream`](crate::Stream)
/// serves both, and also repeats a [`Transport::flush`] that would block.
///
/// # Errors
/// The transport's, of the first direction that fails; the other one was served as well.
pub fn pump<T, B>(tls: &mut Connection<B>, transport: &mut T) -> Result<Pumped, T::Error>
where
    T: Transport + ?Sized,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    let mut pumped = Pumped::default();
    let sent = send_all(tls, transport, &mut pumped, &mut false);
    let received = loop {
        match receive(tls, transport, &mut pumped) {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    sent.and(received).map(|()| pumped)
}

/// Sends what is queued until it is gone, and then flushes, or until the transport would block. `unflushed` says whether
/// the transport may still hold something back.
pub(crate) fn send_all<T, B>(
    tls: &mut Connection<B>,
    transport: &mut T,
    pumped: &mut Pumped,
    unflushed: &mut bool,
) -> Result<(), T::Error>
where
    T: Transport + ?Sized,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    loop {
        let out = tls.tls_out();
        if out.bytes().is_empty() {
            break;
        }
        match transport.send(out.bytes())? {
            Sent::Bytes(n) => {
                let n = n.get().min(out.bytes().len());
                // No more than was offered, so the grant can't refuse.
                let _ = out.consume(n);
                pumped.sent += n;
                *unflushed = true;
            }
            Sent::WouldBlock => return Ok(()),
        }
    }
    *unflushed = *unflushed && transport.flush()? != Step::Done(());
    Ok(())
}

/// Receives once. `false`: there is no space, or nothing to receive.
pub(crate) fn receive<T, B>(
    tls: &mut Connection<B>,
    transport: &mut T,
    pumped: &mut Pumped,
) -> Result<bool, T::Error>
where
    T: Transport + ?Sized,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    let mut grant = tls.tls_in();
    let space = grant.space();
    if space.is_empty() {
        return Ok(false);
    }
    let offered = space.len();
    match transport.recv(space)? {
        Recv::Bytes(n) => {
            let n = n.get().min(offered);
            let _ = grant.commit(n);
            pumped.received += n;
            Ok(true)
        }
        Recv::WouldBlock => Ok(false),
        Recv::Eof => {
            tls.tls_in_eof();
            pumped.eof = true;
            // There is no space behind the end, so the next call answers `false`.
            Ok(true)
        }
    }
}

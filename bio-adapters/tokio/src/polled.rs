//! tokio's traits as a transport: `Pending` is "would block".

use std::io::{Error, ErrorKind, Result};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wantls::{Step, Want};
use wantls_transport::{Recv, Sent, Transport};

/// An async transport that is always polled with the same waker.
#[derive(Debug)]
pub(crate) struct Polled<IO> {
    pub(crate) io: IO,
    waker: Waker,
}

impl<IO> Polled<IO> {
    pub(crate) const fn new(io: IO, waker: Waker) -> Self {
        Self { io, waker }
    }
}

impl<IO: AsyncWrite + Unpin> Polled<IO> {
    pub(crate) fn shutdown(&mut self) -> Poll<Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(&mut Context::from_waker(&self.waker))
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Transport for Polled<IO> {
    type Error = Error;

    fn recv(&mut self, space: &mut [u8]) -> Result<Recv> {
        let mut buffer = ReadBuf::new(space);
        match Pin::new(&mut self.io).poll_read(&mut Context::from_waker(&self.waker), &mut buffer)? {
            Poll::Ready(()) => Ok(Recv::from_read(buffer.filled().len())),
            Poll::Pending => Ok(Recv::WouldBlock),
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<Sent> {
        match Pin::new(&mut self.io).poll_write(&mut Context::from_waker(&self.waker), bytes)? {
            Poll::Ready(n) => {
                NonZeroUsize::new(n).map(Sent::Bytes).ok_or_else(|| ErrorKind::WriteZero.into())
            }
            Poll::Pending => Ok(Sent::WouldBlock),
        }
    }

    fn flush(&mut self) -> Result<Step<()>> {
        Ok(match Pin::new(&mut self.io).poll_flush(&mut Context::from_waker(&self.waker))? {
            Poll::Ready(()) => Step::Done(()),
            Poll::Pending => Step::Want(Want::Write),
        })
    }
}

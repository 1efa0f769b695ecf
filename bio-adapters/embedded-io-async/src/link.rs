//! What a stream needs of its transport: to send while it receives.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use embedded_io_async::{Error, Read, Write};

/// What waits to go out.
#[derive(Clone, Copy, Debug)]
pub enum Output<'a> {
    /// Nothing.
    Nothing,
    /// Bytes, at least one.
    Bytes(&'a [u8]),
    /// What the transport itself holds back.
    Flush,
}

/// What an [`Link::exchange`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// So many bytes were sent.
    Sent(usize),
    /// The transport was flushed.
    Flushed,
    /// So many bytes were received; 0 is the end.
    Received(usize),
    /// Nothing was to be done.
    Nothing,
}

/// A transport of a [`Stream`](crate::Stream): [`Halves`] or [`Single`].
#[allow(async_fn_in_trait, reason = "for executors of firmware, where nothing has to be Send")]
pub trait Link {
    /// What can go wrong below TLS.
    type Error: Error;

    /// Sends or receives once, whichever comes first. An empty `space` means that nothing is to be received.
    ///
    /// # Errors
    /// The transport's; nothing was moved.
    async fn exchange(&mut self, space: &mut [u8], output: Output<'_>) -> Result<Moved, Self::Error>;
}

/// A reader and a writer that can wait at the same time: what `split` of a socket or a serial port gives.
///
/// Where one of them is done, the future of the other is dropped: both have to bear that (`read` and `write` without
/// effect if they are cancelled), as those of embassy-net do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Halves<R, W> {
    /// Where bytes come from.
    pub reader: R,
    /// Where bytes go.
    pub writer: W,
}

impl<R: Read, W: Write<Error = R::Error>> Link for Halves<R, W> {
    type Error = R::Error;

    async fn exchange(&mut self, space: &mut [u8], output: Output<'_>) -> Result<Moved, Self::Error> {
        match output {
            Output::Nothing if space.is_empty() => return Ok(Moved::Nothing),
            Output::Nothing => return self.reader.read(space).await.map(Moved::Received),
            Output::Bytes(_) | Output::Flush if space.is_empty() => {
                return send(&mut self.writer, output).await;
            }
            Output::Bytes(_) | Output::Flush => {}
        }
        let mut sent = pin!(send(&mut self.writer, output));
        let mut received = pin!(self.reader.read(space));
        poll_fn(|cx| {
            let sent = sent.as_mut().poll(cx);
            if let Poll::Ready(Ok(_)) = sent {
                return sent;
            }
            // Neither a send that waits nor one that fails keeps from receiving: a peer that has gone may have left
            // data behind. The error comes again.
            match received.as_mut().poll(cx) {
                Poll::Ready(answer) => Poll::Ready(answer.map(Moved::Received)),
                Poll::Pending => sent,
            }
        })
        .await
    }
}

/// A transport in one piece: it sends first, and receives when there is nothing to send.
///
/// While it waits to send it does not receive, so that two peers who both send more than the transport holds wait for
/// each other for ever. Use [`Halves`] if it can be split.
#[derive(Clone, Copy, Debug, Default)]
pub struct Single<T>(pub T);

impl<T: Read + Write> Link for Single<T> {
    type Error = T::Error;

    async fn exchange(&mut self, space: &mut [u8], output: Output<'_>) -> Result<Moved, Self::Error> {
        match output {
            Output::Nothing if space.is_empty() => Ok(Moved::Nothing),
            Output::Nothing => self.0.read(space).await.map(Moved::Received),
            Output::Bytes(_) | Output::Flush => send(&mut self.0, output).await,
        }
    }
}

async fn send<W: Write>(writer: &mut W, output: Output<'_>) -> Result<Moved, W::Error> {
    match output {
        Output::Bytes(bytes) => writer.write(bytes).await.map(Moved::Sent),
        Output::Flush => writer.flush().await.map(|()| Moved::Flushed),
        Output::Nothing => Ok(Moved::Nothing),
    }
}

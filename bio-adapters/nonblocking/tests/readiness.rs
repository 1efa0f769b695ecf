//! Level-triggered polling by poll(2), and the interests of mio and polling.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

#[cfg(unix)]
use std::net::TcpStream;

use polling::Event;
#[cfg(unix)]
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use wantls::Interest;
#[cfg(unix)]
use wantls::{Received, Step};
#[cfg(unix)]
use wantls_nonblocking::Stream;
use wantls_nonblocking::{mio_interest, polling_event};
#[cfg(unix)]
use wantls_testkit::{Suite, accept, client, connect, loopback, noise, server};

#[test]
fn every_interest_has_its_translation() {
    let interest = |read, write| Interest { read, write };
    assert_eq!(mio_interest(interest(false, false)), None);
    assert_eq!(mio_interest(interest(true, false)), Some(mio::Interest::READABLE));
    assert_eq!(mio_interest(interest(false, true)), Some(mio::Interest::WRITABLE));
    assert_eq!(mio_interest(interest(true, true)), Some(mio::Interest::READABLE | mio::Interest::WRITABLE));
    assert_eq!(polling_event(interest(false, false), 7), Event::none(7));
    assert_eq!(polling_event(interest(true, false), 7), Event::readable(7));
    assert_eq!(polling_event(interest(false, true), 7), Event::writable(7));
    assert_eq!(polling_event(interest(true, true), 7), Event::all(7));
}

/// What one end has to do: send all, receive all.
#[cfg(unix)]
struct End {
    stream: Stream<TcpStream>,
    sent: usize,
    got: Vec<u8>,
    events: usize,
}

#[cfg(unix)]
impl End {
    fn advance(&mut self, data: &[u8]) {
        let mut buffer = [0; 16 * 1024];
        while self.sent < data.len() {
            match self.stream.write(&data[self.sent..]).unwrap() {
                Step::Done(n) => self.sent += n,
                Step::Want(_) => break,
            }
        }
        while let Step::Done(Received::Data(n)) = self.stream.read(&mut buffer).unwrap() {
            self.got.extend_from_slice(&buffer[..n.get()]);
        }
        assert!(!self.stream.pending().progress_without_io);
    }
}

/// Waits so many milliseconds for what the ends want; says which of them have events.
#[cfg(unix)]
fn wait(ends: &[End; 2], milliseconds: i64) -> [bool; 2] {
    let mut fds = ends.each_ref().map(|end| {
        let Interest { read, write } = end.stream.interest();
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, read);
        flags.set(PollFlags::OUT, write);
        PollFd::new(&end.stream, flags)
    });
    let timeout = Timespec { tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000 };
    poll(&mut fds, Some(&timeout)).unwrap();
    fds.map(|fd| !fd.revents().is_empty())
}

#[cfg(unix)]
#[test]
fn two_level_triggered_ends_exchange_megabytes_without_spinning() {
    let data = noise(2_000_000);
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let (a, b) = loopback();
        let mut ends = [(connect(&client(suite)), a), (accept(&server(suite)), b)].map(|(tls, socket)| {
            socket.set_nonblocking(true).unwrap();
            End { stream: Stream::new(tls, socket), sent: 0, got: Vec::new(), events: 0 }
        });
        ends.iter_mut().for_each(|end| end.advance(&data));
        while ends.iter().any(|end| end.got.len() < data.len()) {
            let ready = wait(&ends, 10_000);
            assert!(ready.contains(&true), "stuck: {:?} {:?}", ends[0].stream, ends[1].stream);
            for (end, ready) in ends.iter_mut().zip(ready) {
                if ready {
                    end.events += 1;
                    end.advance(&data);
                }
            }
        }
        for end in &ends {
            assert!(end.got == data, "{suite:?}");
            // At least a kilobyte an event: a spin would have many more.
            assert!(end.events < 2000, "{} events", end.events);
        }
        // Idle: no event comes.
        assert_eq!(wait(&ends, 20), [false, false]);
    }
}

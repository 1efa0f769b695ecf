//! rustls's buffered API, on a nonblocking socket in a thread.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use ::rustls::pki_types::ServerName;
use ::rustls::{ClientConnection, Connection, ServerConnection};
use wantls::Role;

use super::worker::{Order, Told, Worker};
use super::{Peer, Talker};
use crate::Result;
use crate::case::Case;
use crate::config;
use crate::pki::Pki;

pub(super) struct Rustls;

impl Peer for Rustls {
    fn name(&self) -> &'static str {
        "rustls"
    }

    fn version(&self) -> Result<String> {
        Ok("rustls, as in Cargo.lock".into())
    }

    fn lacks(&self, _: Role, _: &Case) -> Option<&'static str> {
        None
    }

    fn serve(&self, port: u16, case: &Case, pki: &Pki) -> Result<Box<dyn Talker>> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let config = Arc::new(config::server(&case.setup, pki)?);
        Ok(run(move || {
            let tls = ServerConnection::new(config.clone())?;
            Ok((tls.into(), listener.accept()?.0))
        }))
    }

    fn connect(&self, port: u16, case: &Case, pki: &Pki) -> Result<Box<dyn Talker>> {
        let config = Arc::new(config::client(&case.setup, pki)?);
        let name = ServerName::try_from(case.setup.name())?;
        Ok(run(move || {
            let tls = ClientConnection::new(config.clone(), name.clone())?;
            Ok((tls.into(), TcpStream::connect((Ipv4Addr::LOCALHOST, port))?))
        }))
    }
}

/// Runs the sessions that `begin` makes, until one is not followed by another.
fn run(begin: impl Fn() -> Result<(Connection, TcpStream)> + Send + 'static) -> Box<dyn Talker> {
    let (give, orders) = channel();
    let told = Told::default();
    let telling = told.clone();
    thread::spawn(move || {
        let sessions = || -> Result<()> {
            loop {
                let (tls, tcp) = begin()?;
                if !(Session { tls, tcp, orders: &orders, told: &telling }).run()? {
                    return Ok(());
                }
            }
        };
        telling.end(sessions());
    });
    Box::new(Worker::new(Box::new(move |order| give.send(order).is_ok()), told))
}

struct Session<'a> {
    tls: Connection,
    tcp: TcpStream,
    orders: &'a Receiver<Order>,
    told: &'a Told,
}

impl Session<'_> {
    /// Returns whether another session shall follow.
    fn run(mut self) -> Result<bool> {
        self.tcp.set_nodelay(true)?;
        self.tcp.set_nonblocking(true)?;
        self.tls.set_buffer_limit(None);
        let (mut closing, mut closed) = (None, false);
        loop {
            match self.orders.try_recv() {
                Ok(Order::Say(bytes)) => self.tls.writer().write_all(&bytes)?,
                Ok(Order::UpdateKey) => self.tls.refresh_traffic_keys()?,
                Ok(order @ (Order::Close | Order::Again)) => {
                    self.tls.send_close_notify();
                    closing = Some(matches!(order, Order::Again));
                }
                Ok(Order::Abort) | Err(TryRecvError::Disconnected) => return Ok(false),
                Err(TryRecvError::Empty) => {}
            }
            let sent = self.send()?;
            let received = self.receive(&mut closed)?;
            if let (Some(again), true, false) = (closing, closed, self.tls.wants_write()) {
                return Ok(again);
            }
            if !sent && !received {
                thread::sleep(Duration::from_micros(200));
            }
        }
    }

    fn send(&mut self) -> Result<bool> {
        let mut moved = false;
        while self.tls.wants_write() {
            match self.tls.write_tls(&mut self.tcp) {
                Ok(_) => moved = true,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(moved)
    }

    fn receive(&mut self, closed: &mut bool) -> Result<bool> {
        let moved = match self.tls.read_tls(&mut self.tcp) {
            Ok(_) => true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            Err(error) => return Err(error.into()),
        };
        if let Err(error) = self.tls.process_new_packets() {
            self.send()?;
            return Err(error.into());
        }
        let mut buffer = [0; 16384];
        loop {
            match self.tls.reader().read(&mut buffer) {
                Ok(0) => {
                    let news = !*closed;
                    *closed = true;
                    return Ok(news);
                }
                Ok(n) => self.told.heard.add(&buffer[..n]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(moved),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

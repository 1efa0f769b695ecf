//! tokio-rustls, on a runtime in a thread.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::thread;

use ::rustls::pki_types::ServerName;
use ::tokio::io::{AsyncReadExt, AsyncWriteExt};
use ::tokio::net::{TcpListener, TcpStream};
use ::tokio::runtime::Builder;
use ::tokio::select;
use ::tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use wantls::Role;

use super::worker::{Order, Told, Worker};
use super::{Peer, Talker};
use crate::Result;
use crate::case::{Case, Script};
use crate::config;
use crate::pki::Pki;

pub(super) struct TokioRustls;

impl Peer for TokioRustls {
    fn name(&self) -> &'static str {
        "tokio-rustls"
    }

    fn version(&self) -> Result<String> {
        Ok("tokio-rustls, as in Cargo.lock".into())
    }

    fn lacks(&self, _: Role, case: &Case) -> Option<&'static str> {
        (case.script == Script::PeerUpdatesKey).then_some("the same engine as rustls, with no call for it")
    }

    fn serve(&self, port: u16, case: &Case, pki: &Pki) -> Result<Box<dyn Talker>> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        Ok(run(End::Server(listener, TlsAcceptor::from(Arc::new(config::server(&case.setup, pki)?)))))
    }

    fn connect(&self, port: u16, case: &Case, pki: &Pki) -> Result<Box<dyn Talker>> {
        let connector = TlsConnector::from(Arc::new(config::client(&case.setup, pki)?));
        Ok(run(End::Client(port, connector, ServerName::try_from(case.setup.name())?)))
    }
}

enum End {
    Server(std::net::TcpListener, TlsAcceptor),
    Client(u16, TlsConnector, ServerName<'static>),
}

fn run(end: End) -> Box<dyn Talker> {
    let (give, mut orders) = unbounded_channel();
    let told = Told::default();
    let telling = told.clone();
    thread::spawn(move || {
        let sessions = || -> Result<()> {
            Builder::new_current_thread().enable_all().build()?.block_on(sessions(end, &mut orders, &telling))
        };
        let result = sessions();
        telling.end(result);
    });
    Box::new(Worker::new(Box::new(move |order| give.send(order).is_ok()), told))
}

async fn sessions(end: End, orders: &mut UnboundedReceiver<Order>, told: &Told) -> Result<()> {
    match end {
        End::Server(listener, acceptor) => {
            let listener = TcpListener::from_std(listener)?;
            loop {
                let tcp = listener.accept().await?.0;
                tcp.set_nodelay(true)?;
                if !session(acceptor.accept(tcp).await?.into(), orders, told).await? {
                    return Ok(());
                }
            }
        }
        End::Client(port, connector, name) => loop {
            let tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
            tcp.set_nodelay(true)?;
            if !session(connector.connect(name.clone(), tcp).await?.into(), orders, told).await? {
                return Ok(());
            }
        },
    }
}

/// Returns whether another session shall follow.
async fn session(
    mut tls: TlsStream<TcpStream>,
    orders: &mut UnboundedReceiver<Order>,
    told: &Told,
) -> Result<bool> {
    let mut buffer = vec![0; 16384];
    let (mut closing, mut closed) = (None, false);
    loop {
        select! {
            order = orders.recv() => match order {
                Some(Order::Say(bytes)) => {
                    tls.write_all(&bytes).await?;
                    tls.flush().await?;
                }
                Some(order @ (Order::Close | Order::Again)) => {
                    tls.shutdown().await?;
                    closing = Some(matches!(order, Order::Again));
                }
                Some(Order::UpdateKey | Order::Abort) | None => return Ok(false),
            },
            read = tls.read(&mut buffer), if !closed => match read? {
                0 => closed = true,
                n => told.heard.add(&buffer[..n]),
            },
        }
        if let (Some(again), true) = (closing, closed) {
            return Ok(again);
        }
    }
}

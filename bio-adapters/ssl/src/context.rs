//! What connections are made from.

use alloc::boxed::Box;

use wantls::rustls::pki_types::ServerName;
use wantls::{Buffers, BuildError, ClientContext, Role, ServerContext};

use crate::ssl::Tls;
use crate::{Mode, Reason};

/// What `SSL_CTX` is: the contexts of one or both roles, and the modes that connections begin with.
///
/// The role of an [`Ssl`](crate::Ssl) is chosen later (`SSL_set_connect_state(3)`); it needs the context of that role.
#[derive(Clone, Debug)]
pub struct SslContext {
    client: Option<ClientContext>,
    server: Option<ServerContext>,
    pub(crate) mode: Mode,
}

impl SslContext {
    /// A context for clients, as of `TLS_client_method()`.
    #[must_use]
    pub fn client(context: ClientContext) -> Self {
        Self { client: Some(context), server: None, mode: Mode::AUTO_RETRY }
    }

    /// A context for servers, as of `TLS_server_method()`.
    #[must_use]
    pub fn server(context: ServerContext) -> Self {
        Self { client: None, server: Some(context), mode: Mode::AUTO_RETRY }
    }

    /// A context for either role, as of `TLS_method()`.
    #[must_use]
    pub fn both(client: ClientContext, server: ServerContext) -> Self {
        Self { client: Some(client), server: Some(server), mode: Mode::AUTO_RETRY }
    }

    /// Adds modes for the connections made from now on; returns the new mask (`SSL_CTX_set_mode(3)`).
    pub fn set_mode(&mut self, mode: Mode) -> Mode {
        self.mode = self.mode | mode;
        self.mode
    }

    /// Removes modes; returns the new mask (`SSL_CTX_clear_mode(3)`).
    pub fn clear_mode(&mut self, mode: Mode) -> Mode {
        self.mode = self.mode & !mode;
        self.mode
    }

    /// Begins a connection.
    pub(crate) fn begin(&self, role: Role, name: Option<&ServerName<'static>>) -> Result<Tls, CantBegin> {
        let buffers: Buffers<Box<[u8]>> = Buffers::heap();
        match (role, &self.client, &self.server, name) {
            (Role::Client, Some(_), _, None) => Err(CantBegin::Refused(Reason::INVALID_SERVERNAME)),
            (Role::Client, Some(client), _, Some(name)) => Ok(client.connect(name.clone(), buffers)?),
            (Role::Server, _, Some(server), _) => Ok(server.accept(buffers)?),
            (Role::Client, None, ..) | (Role::Server, _, None, _) => {
                Err(CantBegin::Refused(Reason::SHOULD_NOT_HAVE_BEEN_CALLED))
            }
        }
    }
}

/// Why there is no connection.
pub(crate) enum CantBegin {
    Refused(Reason),
    Build(BuildError),
}

impl From<BuildError> for CantBegin {
    fn from(error: BuildError) -> Self {
        Self::Build(error)
    }
}

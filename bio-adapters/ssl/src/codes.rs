//! OpenSSL's numbers (`openssl/ssl.h`) as types.

use core::ops::{BitAnd, BitOr, Not};

/// A number that stands for nothing here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is none of the known numbers")]
pub struct UnknownNumber(pub i32);

/// An enum and its numbers, both ways.
macro_rules! numbers {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $number:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(i32)]
        pub enum $name { $($(#[$variant_doc])* $variant = $number,)* }

        impl From<$name> for i32 {
            fn from(value: $name) -> Self {
                value as Self
            }
        }

        impl TryFrom<i32> for $name {
            type Error = UnknownNumber;

            fn try_from(number: i32) -> Result<Self, UnknownNumber> {
                match number {
                    $($number => Ok(Self::$variant),)*
                    unknown => Err(UnknownNumber(unknown)),
                }
            }
        }
    };
}

numbers! {
    /// What `SSL_get_error(3)` answers: `SSL_ERROR_*`, as far as they occur here.
    ErrorCode {
        /// `SSL_ERROR_NONE`: the call succeeded.
        None = 0,
        /// `SSL_ERROR_SSL`: see [`Ssl::failure`](crate::Ssl::failure) and [`Ssl::reason`](crate::Ssl::reason).
        Ssl = 1,
        /// `SSL_ERROR_WANT_READ`: repeat the call when the transport has something to read.
        WantRead = 2,
        /// `SSL_ERROR_WANT_WRITE`: repeat the call when the transport takes bytes again.
        WantWrite = 3,
        /// `SSL_ERROR_SYSCALL`: the transport failed, see [`Ssl::failure`](crate::Ssl::failure); or, as in OpenSSL,
        /// the answer to a question that has none.
        Syscall = 5,
        /// `SSL_ERROR_ZERO_RETURN`: the peer has closed its direction.
        ZeroReturn = 6,
    }
}

numbers! {
    /// What `SSL_want(3)` answers: which operation of the transport the last call stopped in.
    Wanting {
        /// `SSL_NOTHING`: none.
        Nothing = 1,
        /// `SSL_WRITING`: sending.
        Writing = 2,
        /// `SSL_READING`: receiving.
        Reading = 3,
    }
}

numbers! {
    /// What `SSL_key_update(3)` asks of the peer.
    KeyUpdateType {
        /// `SSL_KEY_UPDATE_NOT_REQUESTED`: nothing.
        NotRequested = 0,
        /// `SSL_KEY_UPDATE_REQUESTED`: to change its key as well.
        Requested = 1,
    }
}

/// A set of flags in a number.
macro_rules! flags {
    ($(#[$doc:meta])* $name:ident($repr:ty) { $($(#[$flag_doc:meta])* $flag:ident = $bits:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $name($repr);

        impl $name {
            $($(#[$flag_doc])* pub const $flag: Self = Self($bits);)*

            /// Whether all flags of `other` are set.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }
        }

        impl From<$repr> for $name {
            fn from(bits: $repr) -> Self {
                Self(bits)
            }
        }

        impl From<$name> for $repr {
            fn from(flags: $name) -> Self {
                flags.0
            }
        }

        impl BitOr for $name {
            type Output = Self;
            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl BitAnd for $name {
            type Output = Self;
            fn bitand(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }
        }

        impl Not for $name {
            type Output = Self;
            fn not(self) -> Self {
                Self(!self.0)
            }
        }
    };
}

flags! {
    /// `SSL_MODE_*`, see `SSL_CTX_set_mode(3)`. Flags without a meaning here are kept and have no effect.
    Mode(u32) {
        /// No flag.
        EMPTY = 0,
        /// `SSL_MODE_ENABLE_PARTIAL_WRITE`: a write returns after a record.
        ENABLE_PARTIAL_WRITE = 0x1,
        /// `SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER`: a write may be retried from another address.
        ACCEPT_MOVING_WRITE_BUFFER = 0x2,
        /// `SSL_MODE_AUTO_RETRY`: a read goes on after a message that is not application data. On by default.
        AUTO_RETRY = 0x4,
        /// `SSL_MODE_RELEASE_BUFFERS`: accepted without effect; the buffers belong to the connection for its life.
        RELEASE_BUFFERS = 0x10,
    }
}

flags! {
    /// `SSL_SENT_SHUTDOWN` and `SSL_RECEIVED_SHUTDOWN`, see `SSL_set_shutdown(3)`.
    ShutdownState(i32) {
        /// Neither.
        EMPTY = 0,
        /// `SSL_SENT_SHUTDOWN`: we have closed our direction; nothing can be written.
        SENT = 1,
        /// `SSL_RECEIVED_SHUTDOWN`: the peer has closed its direction; nothing can be read.
        RECEIVED = 2,
        /// Both.
        BOTH = 3,
    }
}

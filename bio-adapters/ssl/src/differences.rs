//! Where this is not OpenSSL, by choice.

/// Something that OpenSSL 3.6 does and [`Ssl`](crate::Ssl) does otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its name.
    pub id: &'static str,
    /// What OpenSSL does.
    pub openssl: &'static str,
    /// What happens here.
    pub wantls: &'static str,
    /// Why.
    pub reason: &'static str,
}

/// All of them. Everything else is the same call by call: return values, error codes, bytes in the transport, flags;
/// the differential oracle compares them.
pub const DIFFERENCES: &[Difference] = &[
    Difference {
        id: "bad-retry",
        openssl: "A retry that is shorter than what is committed (271), or comes from another address (127), kills the \
                  connection. The record in hand stays cut off and the peer hears nothing.",
        wantls: "The same code, and nothing changes: a correct retry goes on where the write stopped.",
        reason: "A slip of the caller's need not cost the connection and the data.",
    },
    Difference {
        id: "sticky-errors",
        openssl: "After a fatal error calls answer with what is left over: SYSCALL, ZERO_RETURN as if the peer had closed \
                  cleanly, or WANT_WRITE for ever.",
        wantls: "Every later call answers -1, or 0 for the _ex forms and SSL_key_update, and SSL with the same reason.",
        reason: "A program that misses the first report must not take a broken connection for a closed or a busy one.",
    },
    Difference {
        id: "alerts-leave",
        openssl: "A fatal alert that finds a record pending, or an alert half sent, never leaves; the record stays \
                  cut.",
        wantls: "What is queued is sent, record and alert, as far as the transport takes it, by the failing call and the \
                 ones after it.",
        reason: "The peer should learn what happened, and bytes that were sealed must arrive.",
    },
    Difference {
        id: "reads-go-on",
        openssl: "While a KeyUpdate of ours does not fit into the transport, reads answer WANT_WRITE although data \
                  waits.",
        wantls: "Reads offer the KeyUpdate to the transport and then read, whether it fitted or not. Writes wait for \
                 it.",
        reason: "Two peers that do not read while they can't write wait for each other for ever.",
    },
    Difference {
        id: "one-key-update",
        openssl: "Each KeyUpdate that asks for an answer gets one; all but the last are written by the read that meets the \
                  next handshake message. If a record is pending then, that read kills the connection.",
        wantls: "Requests that come before a write get one answer, in front of that write. Reads write none.",
        reason: "RFC 8446 section 4.6.3 allows it, and no legal message of a peer may kill a connection.",
    },
    Difference {
        id: "key-update-is-whole",
        openssl: "With fragments of less than 5 bytes a KeyUpdate is cut into several records, like data.",
        wantls: "It is one record.",
        reason: "The bound is for the caller's data; nobody gains by a message in pieces.",
    },
    Difference {
        id: "shutdown-finishes-record",
        openssl: "SSL_shutdown with a record pending drops the close_notify at its second call and leaves the record cut \
                  for ever; it may even answer 1.",
        wantls: "The record is sent to its end, then close_notify: -1/WANT_WRITE until both are out, then 0 or 1. The rest \
                 of the unfinished write is given up.",
        reason: "The peer can tell a close from an attack only by a whole close_notify.",
    },
    Difference {
        id: "unread-data-stays",
        openssl: "Data where SSL_shutdown waits for close_notify is lost and kills the connection (291).",
        wantls: "The same code, and the data stays readable: read it, then call SSL_shutdown again.",
        reason: "Data that arrived in order is not the caller's crime.",
    },
    Difference {
        id: "closed-is-closed",
        openssl: "Clearing SSL_SENT_SHUTDOWN by hand lets data, and a second close_notify, follow the first; \
                  SSL_key_update puts a KeyUpdate behind it. Clearing SSL_RECEIVED_SHUTDOWN in TLS 1.2 reads on behind \
                  the peer's.",
        wantls: "SSL_set_shutdown sets and clears flags, but a direction that was really closed stays closed: writes \
                 answer 207, SSL_key_update 0 with 207, SSL_shutdown sends nothing, reads answer ZERO_RETURN.",
        reason: "RFC 8446 section 6.1: what follows a close_notify is ignored.",
    },
    Difference {
        id: "truncation-is-told",
        openssl: "With SSL_OP_IGNORE_UNEXPECTED_EOF the end of the transport counts as a close even inside a record, and \
                  SSL_SENT_SHUTDOWN is lost.",
        wantls: "With EofPolicy::Close it counts as a close between two records only, inside one it is 294; the flag \
                 stays.",
        reason: "A record that was cut off is lost data whatever the protocol on top says.",
    },
    Difference {
        id: "an-alert-is-no-close",
        openssl: "SSL_shutdown answers 1 if a fatal alert comes where it waits for close_notify.",
        wantls: "-1/SSL with the alert's reason.",
        reason: "1 means that the peer closed.",
    },
    Difference {
        id: "warnings-are-kept",
        openssl: "A no_renegotiation warning that does not fit into the transport is lost, and the next record does not \
                  decrypt; half sent in front of data, it kills the correct retry of the write.",
        wantls: "It stays queued and leaves before the next record; a read sends it too.",
        reason: "Bytes that were sealed must arrive, in order.",
    },
    Difference {
        id: "no-renegotiation",
        openssl: "A client answers HelloRequest with a new handshake unless SSL_OP_NO_RENEGOTIATION is set; \
                  SSL_renegotiate starts one, and before a role is set answers 1 and does nothing. A no_renegotiation \
                  warning kills its receiver.",
        wantls: "As with SSL_OP_NO_RENEGOTIATION: every request is refused with a warning and the connection goes on. \
                 SSL_renegotiate answers 0. A warning to us is ignored, as we never ask.",
        reason: "TLS 1.3 has no renegotiation, and rustls none at all.",
    },
    Difference {
        id: "sendfile-any-kernel",
        openssl: "SSL_sendfile needs kernel TLS for the write side of its socket; without it the answer is 276.",
        wantls: "It works on every kernel and transport, with the answers that it has with kernel TLS: the file is read \
                 into the outgoing buffer and sealed there. What was taken and did not fit goes out with the next calls.",
        reason: "A file need not pass through the caller's memory for want of a kernel module.",
    },
    Difference {
        id: "error-belongs-to-ssl",
        openssl: "Errors are in a queue of the thread; a stale entry of another connection turns WANT_READ into SSL.",
        wantls: "The error is the connection's own, each call begins without one, and there is one reason, not a list.",
        reason: "A thread's state makes one connection's answers depend on another's.",
    },
    Difference {
        id: "transport-errors",
        openssl: "A failure of the BIO is SSL if the BIO left an entry in the queue, else SYSCALL. One that writes 0 \
                  bytes without a retry flag counts as having written all.",
        wantls: "Both are SYSCALL, and Ssl::failure has the transport's own error. As in OpenSSL 3 that is not fatal: \
                 the call may be repeated.",
        reason: "A transport is any type; its errors are values, not numbers.",
    },
    Difference {
        id: "bad-record-reason",
        openssl: "A TLS 1.2 record that does not decrypt leaves the crypto provider's reason in front of 281.",
        wantls: "The reason is 281 in both versions.",
        reason: "There is one reason, and that is the one that says what happened.",
    },
    Difference {
        id: "handshake-is-rustls",
        openssl: "The handshake's messages, their sizes and the places where they wait for a full transport are \
                  OpenSSL's. Failures have dozens of reasons. The end of the transport in a handshake is answered \
                  with an alert. A write that drives a handshake with a message of over 4096 bytes can kill it.",
        wantls: "They are rustls's: other sizes, the nearest reason, 266 from SSL_key_update until it is over, and no \
                 alert to a transport that has ended. What a write is given has no part in it. Server tickets are \
                 rustls's decision. A client has to set the server's name. No 0-RTT, no pauses in callbacks.",
        reason: "The handshake engine is rustls.",
    },
    Difference {
        id: "limits",
        openssl: "KeyUpdates, tickets and refused renegotiations may come without end.",
        wantls: "After 32 KeyUpdates or tickets, or 4 renegotiation requests, in a row without data the connection \
                 ends.",
        reason: "A peer must not keep us busy.",
    },
    Difference {
        id: "not-offered",
        openssl: "SSL_set_read_ahead, SSL_set_block_padding, SSL_new_session_ticket, SSL_free_buffers, SSL_clear, \
                  SSL_set_tlsext_max_fragment_length, SSL_stream_conclude, connections without a BIO, a \
                  BIO's retry flags, and others.",
        wantls: "No such calls. A read never takes more than the record in front from the transport.",
        reason: "Nothing depends on them yet.",
    },
];

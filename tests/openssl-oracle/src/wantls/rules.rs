//! The rules' own tests on wantls: each holds, or differs by a named choice.

use super::WantlsLibrary;
use crate::setup::Library;

/// Tests of rules that wantls does not pass, each with the difference that is the reason.
pub const DIFFERENT: &[(&str, &str)] = &[
    ("e09_zero_return_is_no_proof", "sticky-errors"),
    ("e10_syscall_is_the_fallback", "sticky-errors"),
    ("f04_sendfile_without_ktls", "sendfile-any-kernel"),
    ("h07_a_servers_tickets_belong_to_its_handshake", "handshake-is-rustls"),
    ("h09_failure", "sticky-errors"),
    ("h14_behind_close_notify", "closed-is-closed"),
    ("h15_several_requests", "one-key-update"),
    ("h15_several_requests_without_auto_retry", "one-key-update"),
    ("h16_full_pair", "reads-go-on"),
    ("m12_block_padding", "not-offered"),
    ("r07_read_ahead", "not-offered"),
    ("r09_eof", "sticky-errors"),
    ("r09_eof_ignored", "truncation-is-told"),
    ("r09_eof_in_a_handshake", "handshake-is-rustls"),
    ("r10_fatal_alert", "sticky-errors"),
    ("r11_damaged_record", "sticky-errors"),
    ("r11_the_alert_waits_behind_a_pending_record", "alerts-leave"),
    ("r17_reads_drive_pending_output", "reads-go-on"),
    ("s01_refused_when_dead", "sticky-errors"),
    ("s01_refused_while_a_ticket_is_due", "not-offered"),
    ("s07_data_instead_of_close_notify", "unread-data-stays"),
    ("s09_never_a_second_alert", "closed-is-closed"),
    ("s10_broken_write_side", "transport-errors"),
    ("s10_eof_while_waiting", "sticky-errors"),
    ("v02", "bad-retry"),
    ("v16", "unread-data-stays"),
    ("v17", "sticky-errors"),
    ("v18", "sticky-errors"),
    ("v21", "reads-go-on"),
    ("v25", "no-renegotiation"),
    ("w04_after_own_close_notify", "closed-is-closed"),
    ("w06_after_a_fatal_error", "bad-retry"),
    ("w07_broken_write_side", "transport-errors"),
    ("w07_eof_that_nobody_has_read", "sticky-errors"),
    ("w09_shorter_retry", "bad-retry"),
    ("w11_moved_buffer", "bad-retry"),
];

/// Runs a rule's test on wantls. One that is listed as different has to be different: the list can't rot.
///
/// # Panics
/// If the rule does not hold and is not listed, or holds and is listed.
pub fn keeps(test: &str, rule: fn(&dyn Library)) {
    match DIFFERENT.iter().find(|(name, _)| *name == test) {
        None => rule(&WantlsLibrary),
        Some((_, difference)) => {
            let held = std::panic::catch_unwind(|| rule(&WantlsLibrary)).is_ok();
            assert!(!held, "{test} holds: {difference} is no reason any more");
        }
    }
}

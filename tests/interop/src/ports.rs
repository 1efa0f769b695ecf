//! Ports for servers that are not there yet.

use std::net::{Ipv4Addr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::Result;

/// Ports that no system hands out by itself: Linux does so from 32768 on, others from higher up (RFC 6335 section 6).
const FIRST: u16 = 10_240;
const COUNT: u16 = 20_000;

/// A port that nobody has, and that nobody gets by chance before a server binds it: not by connecting, nor by
/// listening on port 0, as other cases do at the same time.
///
/// # Errors
/// All are taken.
pub(crate) fn free() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Runs beside each other begin at different places.
    let base = process::id().wrapping_mul(997) % u32::from(COUNT);
    for _ in 0..COUNT {
        let nth = (base + u32::from(NEXT.fetch_add(1, Ordering::Relaxed))) % u32::from(COUNT);
        let port = FIRST + u16::try_from(nth)?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err("no port is free".into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code: a surprise is a failure")]

    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_free_port_is_given_once_and_not_taken_by_chance() {
        let ports: Vec<u16> = (0..200).map(|_| free().unwrap()).collect();
        // As many ports as the system hands out on the way do not hit one of them.
        let taken: Vec<_> = (0..200).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()).collect();
        assert!(taken.iter().all(|listener| !ports.contains(&listener.local_addr().unwrap().port())));
        assert!(ports.iter().all(|port| (FIRST..32_768).contains(port)), "{ports:?}");
        assert_eq!(ports.iter().collect::<HashSet<_>>().len(), ports.len());
    }
}

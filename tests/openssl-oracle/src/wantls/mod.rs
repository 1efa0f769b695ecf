//! wantls as a [`Library`]: `wantls_ssl::Ssl` over the shipped BIO pair, against an OpenSSL peer.

mod contexts;
mod crossed;
mod differences;
mod end;
mod pair;
mod rules;

use crate::ossl;
use crate::setup::{AMPLE, Ends, Library, Setup, Start};
use crate::subject::Subject;

pub use crossed::{ExplainedPeer, WantlsPeer};
pub use differences::{Explained, NAMES, difference};
pub use end::Wantls;
pub use pair::WantlsPair;
pub use rules::{DIFFERENT, keeps};

/// wantls as the subject; the peer is OpenSSL.
#[derive(Clone, Copy, Debug, Default)]
pub struct WantlsLibrary;

impl Library for WantlsLibrary {
    fn name(&self) -> &'static str {
        "wantls"
    }

    fn open(&self, setup: &Setup) -> Ends {
        let mut subject = Wantls::fresh(setup);
        let mut peer = ossl::peer(setup.version, setup.role.other());
        match setup.start {
            Start::Fresh => subject.use_pair(setup.out_capacity, setup.in_capacity),
            Start::Established => {
                subject.use_pair(AMPLE, AMPLE);
                shake_hands(&mut subject, &mut peer);
                subject.use_pair(setup.out_capacity, setup.in_capacity);
            }
        }
        Ends { subject: Box::new(subject), peer: Box::new(peer) }
    }
}

fn shake_hands(subject: &mut Wantls, peer: &mut dyn Subject) {
    for _ in 0..8 {
        let finished = subject.do_handshake().ret == 1;
        peer.fill(&subject.drain(usize::MAX));
        let peer_finished = peer.do_handshake().ret == 1;
        if finished && peer_finished && subject.in_waiting() == 0 {
            return;
        }
        subject.fill(&peer.drain(usize::MAX));
    }
    panic!("the handshake does not finish: {:?} {:?}", subject.do_handshake(), peer.do_handshake());
}

//! The other way round: OpenSSL is the subject, and wantls its peer.

use super::differences::Guide;
use super::{Wantls, shake_hands};
use crate::model::Model;
use crate::ossl;
use crate::setup::{AMPLE, Ends, Library, Options, Setup, Start};
use crate::subject::Deviation;

/// OpenSSL as the subject; the peer is wantls.
#[derive(Clone, Copy, Debug, Default)]
pub struct WantlsPeer;

impl Library for WantlsPeer {
    fn name(&self) -> &'static str {
        "openssl, peer wantls"
    }

    fn open(&self, setup: &Setup) -> Ends {
        let mut subject = ossl::subject(setup);
        let mut peer = Wantls::fresh(&of_peer(setup));
        if setup.start == Start::Established {
            subject.use_pair(AMPLE, AMPLE);
            shake_hands(&mut peer, &mut subject);
            subject.use_pair(setup.out_capacity, setup.in_capacity);
            peer.use_pair(AMPLE, AMPLE);
        }
        Ends { subject: Box::new(subject), peer: Box::new(peer) }
    }
}

/// The guide for comparisons with [`WantlsPeer`]: what OpenSSL's peer does that ours will not.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExplainedPeer;

impl Library for ExplainedPeer {
    fn name(&self) -> &'static str {
        "explained model peer"
    }

    fn open(&self, setup: &Setup) -> Ends {
        Ends { subject: Box::new(Model::of(setup)), peer: Box::new(Guide::new(&of_peer(setup))) }
    }

    fn deviation(&self, ends: &Ends) -> Option<Deviation> {
        ends.peer.deviation()
    }
}

fn of_peer(setup: &Setup) -> Setup {
    Setup {
        role: setup.role.other(),
        out_capacity: AMPLE,
        in_capacity: AMPLE,
        options: Options::default(),
        ..*setup
    }
}

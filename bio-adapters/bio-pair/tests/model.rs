//! Random operations on `Bio` and on `Pair`, checked after each step against a model made of queues.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test reports by panicking

extern crate alloc;

use alloc::collections::VecDeque;

use proptest::prelude::*;
use wantls_bio_pair::{Bio, BioError, Capacity, Pair, ReadOutcome, Retry, WriteOutcome};

#[derive(Clone, Copy, Debug)]
enum Op {
    Write(usize),
    Read(usize),
    Shutdown,
    Reset,
    ResetRequest,
    Destroy,
    Resize(usize),
    MakePair,
    // In place: `Pair` only.
    Readable,
    Consume(usize),
    Fill(usize),
}

/// What a caller sees of one operation.
#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Nothing,
    Refused(BioError),
    Wrote(WriteOutcome),
    Read(ReadOutcome<Vec<u8>>),
    Consumed(ReadOutcome),
}

/// Every question that a half answers.
#[derive(Debug, PartialEq)]
struct Answers {
    pending: usize,
    wpending: usize,
    guarantee: usize,
    request: usize,
    eof: bool,
    retry: Option<Retry>,
    capacity: usize,
    paired: bool,
}

struct ModelSide {
    bytes: VecDeque<u8>,
    /// Position of the oldest byte, for the operations in place.
    start: usize,
    capacity: usize,
    closed: bool,
    request: usize,
    retry: Option<Retry>,
}

struct Model {
    sides: [ModelSide; 2],
    paired: bool,
}

impl ModelSide {
    fn new(capacity: usize) -> Self {
        Self { bytes: VecDeque::new(), start: 0, capacity, closed: false, request: 0, retry: None }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.start = 0;
    }

    fn take(&mut self, n: usize) -> Vec<u8> {
        let taken: Vec<u8> = self.bytes.drain(..n.min(self.bytes.len())).collect();
        self.start = if self.bytes.is_empty() { 0 } else { (self.start + taken.len()) % self.capacity };
        taken
    }

    fn room(&self) -> usize {
        self.capacity - self.bytes.len()
    }

    /// Stored bytes in front of the wrap.
    fn contiguous_bytes(&self) -> usize {
        self.bytes.len().min(self.capacity - self.start)
    }

    /// Room in front of the wrap.
    fn contiguous_room(&self) -> usize {
        let from = (self.start + self.bytes.len()) % self.capacity;
        self.room().min(self.capacity - from)
    }
}

impl Model {
    fn new(sizes: [usize; 2]) -> Self {
        Self { sides: sizes.map(ModelSide::new), paired: true }
    }

    /// `None` if there are bytes to read.
    fn read_blocked<T>(&mut self, end: usize, wanted: usize) -> Option<ReadOutcome<T>> {
        self.sides[end].retry = None;
        let peer = &mut self.sides[1 - end];
        peer.request = 0;
        if wanted == 0 || !peer.bytes.is_empty() {
            return None;
        }
        if peer.closed {
            return Some(ReadOutcome::Eof);
        }
        peer.request = wanted.min(peer.capacity);
        self.sides[end].retry = Some(Retry::Read);
        Some(ReadOutcome::WouldBlock)
    }

    fn write(&mut self, end: usize, data: &[u8], room: fn(&ModelSide) -> usize) -> Seen {
        let own = &mut self.sides[end];
        own.retry = None;
        if data.is_empty() {
            return Seen::Wrote(WriteOutcome::Bytes(0));
        }
        own.request = 0;
        if own.closed {
            return Seen::Refused(BioError::BrokenPipe);
        }
        if own.room() == 0 {
            own.retry = Some(Retry::Write);
            return Seen::Wrote(WriteOutcome::WouldBlock);
        }
        let n = data.len().min(room(own));
        own.bytes.extend(&data[..n]);
        Seen::Wrote(WriteOutcome::Bytes(n))
    }

    fn apply(&mut self, end: usize, op: Op, data: &[u8]) -> Seen {
        let is_io = matches!(op, Op::Write(_) | Op::Read(_) | Op::Readable | Op::Consume(_) | Op::Fill(_));
        if is_io && !self.paired {
            return Seen::Refused(BioError::Uninitialized);
        }
        match op {
            Op::Write(_) => return self.write(end, data, ModelSide::room),
            Op::Fill(_) => return self.write(end, data, ModelSide::contiguous_room),
            Op::Read(n) => {
                let blocked = self.read_blocked(end, n);
                return Seen::Read(
                    blocked.unwrap_or_else(|| ReadOutcome::Bytes(self.sides[1 - end].take(n))),
                );
            }
            Op::Readable => {
                let blocked = self.read_blocked(end, 1);
                let peer = &self.sides[1 - end];
                let piece = peer.bytes.iter().copied().take(peer.contiguous_bytes()).collect();
                return Seen::Read(blocked.unwrap_or(ReadOutcome::Bytes(piece)));
            }
            Op::Consume(n) => {
                let blocked = self.read_blocked(end, 1);
                let peer = &mut self.sides[1 - end];
                let n = n.min(peer.contiguous_bytes());
                return Seen::Consumed(blocked.unwrap_or_else(|| ReadOutcome::Bytes(peer.take(n).len())));
            }
            Op::Shutdown => self.sides[end].closed = true,
            Op::Reset => self.sides[end].clear(),
            Op::ResetRequest => self.sides[end].request = 0,
            Op::Destroy => {
                if self.paired {
                    self.sides.iter_mut().for_each(ModelSide::clear);
                    self.paired = false;
                }
            }
            Op::Resize(_) | Op::MakePair if self.paired => return Seen::Refused(BioError::InUse),
            Op::Resize(n) => self.sides[end].capacity = n,
            Op::MakePair => {
                for side in &mut self.sides {
                    side.closed = false;
                    side.request = 0;
                }
                self.paired = true;
            }
        }
        Seen::Nothing
    }

    fn answers(&self, end: usize) -> Answers {
        let (own, peer) = (&self.sides[end], &self.sides[1 - end]);
        Answers {
            pending: peer.bytes.len(),
            wpending: own.bytes.len(),
            guarantee: if self.paired && !own.closed { own.room() } else { 0 },
            request: own.request,
            eof: !self.paired || (peer.closed && peer.bytes.is_empty()),
            retry: own.retry,
            capacity: own.capacity,
            paired: self.paired,
        }
    }
}

/// The operations that `Bio` and `Half` share, on either.
macro_rules! common {
    ($half:expr, $op:expr, $data:expr) => {
        match $op {
            Op::Write(_) => $half.write($data).map_or_else(Seen::Refused, Seen::Wrote),
            Op::Read(n) => {
                let mut out = vec![0; n];
                match $half.read(&mut out) {
                    Ok(ReadOutcome::Bytes(n)) => Seen::Read(ReadOutcome::Bytes(out[..n].to_vec())),
                    Ok(ReadOutcome::WouldBlock) => Seen::Read(ReadOutcome::WouldBlock),
                    Ok(ReadOutcome::Eof) => Seen::Read(ReadOutcome::Eof),
                    Err(error) => Seen::Refused(error),
                }
            }
            Op::Shutdown => nothing($half.shutdown_wr()),
            Op::Reset => nothing($half.reset()),
            Op::ResetRequest => nothing($half.reset_read_request()),
            Op::Destroy => nothing($half.destroy()),
            Op::Resize(n) => refused($half.set_write_buf_size(capacity(n))),
            Op::MakePair | Op::Readable | Op::Consume(_) | Op::Fill(_) => panic!("not common: {:?}", $op),
        }
    };
}

macro_rules! answers {
    ($half:expr) => {
        Answers {
            pending: $half.pending(),
            wpending: $half.wpending(),
            guarantee: $half.write_guarantee(),
            request: $half.read_request(),
            eof: $half.eof(),
            retry: $half.retry(),
            capacity: $half.capacity(),
            paired: $half.is_paired(),
        }
    };
}

fn nothing((): ()) -> Seen {
    Seen::Nothing
}

fn refused(result: Result<(), BioError>) -> Seen {
    result.map_or_else(Seen::Refused, nothing)
}

fn capacity(bytes: usize) -> Capacity {
    Capacity::new(bytes).unwrap()
}

fn apply_to_bios(bios: &mut [Bio; 2], end: usize, op: Op, data: &[u8]) -> Seen {
    if let Op::MakePair = op {
        let [a, b] = bios;
        return refused(if end == 0 { a.make_pair(b) } else { b.make_pair(a) });
    }
    common!(bios[end], op, data)
}

fn apply_to_pair(pair: &mut Pair, end: usize, op: Op, data: &[u8]) -> Seen {
    if let Op::MakePair = op {
        return refused(pair.make_pair());
    }
    let mut half = if end == 0 { pair.a() } else { pair.b() };
    if let Op::Readable = op {
        return match half.readable() {
            Ok(ReadOutcome::Bytes(bytes)) => Seen::Read(ReadOutcome::Bytes(bytes.to_vec())),
            Ok(ReadOutcome::WouldBlock) => Seen::Read(ReadOutcome::WouldBlock),
            Ok(ReadOutcome::Eof) => Seen::Read(ReadOutcome::Eof),
            Err(error) => Seen::Refused(error),
        };
    }
    if let Op::Consume(n) = op {
        return half.consume(n).map_or_else(Seen::Refused, Seen::Consumed);
    }
    if let Op::Fill(_) = op {
        return match half.writable() {
            Ok(WriteOutcome::Bytes(room)) => {
                let n = room.len().min(data.len());
                room[..n].copy_from_slice(&data[..n]);
                // More than the room is claimed if `data` is longer: it must be cut.
                half.commit(data.len()).map_or_else(Seen::Refused, Seen::Wrote)
            }
            Ok(WriteOutcome::WouldBlock) => Seen::Wrote(WriteOutcome::WouldBlock),
            Err(error) => Seen::Refused(error),
        };
    }
    common!(half, op, data)
}

/// Consecutive bytes, so that a lost, doubled or swapped one shows.
fn payload(op: Op, next: &mut u8) -> Vec<u8> {
    let (Op::Write(len) | Op::Fill(len)) = op else { return Vec::new() };
    (0..len)
        .map(|_| {
            *next = next.wrapping_add(1);
            *next
        })
        .collect()
}

fn common_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        30 => (0..50_usize).prop_map(Op::Write),
        30 => (0..50_usize).prop_map(Op::Read),
        2 => Just(Op::ResetRequest),
        1 => Just(Op::Shutdown),
        1 => Just(Op::Reset),
        2 => Just(Op::Destroy),
        4 => (1..=40_usize).prop_map(Op::Resize),
        4 => Just(Op::MakePair),
    ]
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => common_op(),
        1 => Just(Op::Readable),
        1 => (0..50_usize).prop_map(Op::Consume),
        1 => (1..50_usize).prop_map(Op::Fill),
    ]
}

fn schedule(op: impl Strategy<Value = Op>) -> impl Strategy<Value = Vec<(usize, Op)>> {
    proptest::collection::vec((0..2_usize, op), 1..200)
}

fn sizes() -> impl Strategy<Value = [usize; 2]> {
    [1..=40_usize, 1..=40_usize]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn bio_is_the_model(sizes in sizes(), schedule in schedule(common_op())) {
        let mut model = Model::new(sizes);
        let mut bios: [Bio; 2] = Bio::pair(capacity(sizes[0]), capacity(sizes[1])).into();
        let mut next = 0;
        for (end, op) in schedule {
            let data = payload(op, &mut next);
            prop_assert_eq!(apply_to_bios(&mut bios, end, op, &data), model.apply(end, op, &data), "{:?}", op);
            prop_assert_eq!(answers!(bios[0]), model.answers(0), "a after {:?}", op);
            prop_assert_eq!(answers!(bios[1]), model.answers(1), "b after {:?}", op);
        }
    }

    #[test]
    fn pair_is_the_model_in_place_too(sizes in sizes(), schedule in schedule(any_op())) {
        let mut model = Model::new(sizes);
        let mut pair = Pair::new(capacity(sizes[0]), capacity(sizes[1]));
        let mut next = 0;
        for (end, op) in schedule {
            let data = payload(op, &mut next);
            prop_assert_eq!(apply_to_pair(&mut pair, end, op, &data), model.apply(end, op, &data), "{:?}", op);
            prop_assert_eq!(answers!(pair.a()), model.answers(0), "a after {:?}", op);
            prop_assert_eq!(answers!(pair.b()), model.answers(1), "b after {:?}", op);
        }
    }
}

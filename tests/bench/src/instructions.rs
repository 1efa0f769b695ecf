//! One piece of work for an instruction counter, with a record crypto that costs nothing: what is counted is the
//! record layer and the buffers alone, and does not depend on what the CPU can do.
//!
//! `instructions.sh` runs this under callgrind, which counts inside of [`measured`] only.

use std::hint::black_box;

use wantls::{
    Aead, AeadError, Algorithm, ClientContext, NONCE_LEN, Received, RecordCrypto, ServerContext, Step,
};
use wantls_testkit::{Suite, Tls, accept, carry, client_config, connect, handshake, server_config};

/// Records that are counted.
const RECORDS: usize = 1000;

/// Does `work` (`seal`, `fill_buf`, `read`) with [`RECORDS`] records of `size` bytes.
pub(crate) fn run(work: &str, size: usize) {
    let suite = Suite::Tls13Aes128;
    let client = ClientContext::new(client_config(suite), Free).unwrap();
    let server = ServerContext::new(server_config(suite), Free).unwrap();
    let (mut sender, mut receiver) = (connect(&client), accept(&server));
    handshake(&mut sender, &mut receiver);
    let data = vec![1; size];
    let mut out = vec![0; size + 1];
    for _ in 0..RECORDS {
        match work {
            "seal" => seal(&mut sender, &data),
            "fill_buf" => fill_buf(&mut sender, &mut receiver, &data),
            "read" => read(&mut sender, &mut receiver, &data, &mut out),
            other => panic!("no such work: {other}"),
        }
    }
    println!("{RECORDS}");
}

/// Where callgrind counts. It has a name of its own, and nothing but the work inside.
#[inline(never)]
#[unsafe(no_mangle)]
pub(crate) fn measured(work: &mut dyn FnMut()) {
    work();
}

fn seal(sender: &mut Tls, data: &[u8]) {
    measured(&mut || {
        assert_eq!(sender.write(data), Ok(Step::Done(data.len())));
        let out = sender.tls_out();
        let n = black_box(out.bytes()).len();
        out.consume(n).unwrap();
    });
}

fn fill_buf(sender: &mut Tls, receiver: &mut Tls, data: &[u8]) {
    send(sender, receiver, data);
    measured(&mut || {
        let Ok(Step::Done(plain)) = receiver.fill_buf() else { panic!("no data") };
        let n = black_box(plain).len();
        receiver.consume(n).unwrap();
    });
}

fn read(sender: &mut Tls, receiver: &mut Tls, data: &[u8], out: &mut [u8]) {
    send(sender, receiver, data);
    measured(&mut || {
        let Ok(Step::Done(Received::Data(n))) = receiver.read(out) else { panic!("no data") };
        black_box(&out[..n.get()]);
    });
}

fn send(sender: &mut Tls, receiver: &mut Tls, data: &[u8]) {
    assert_eq!(sender.write(data), Ok(Step::Done(data.len())));
    carry(sender, receiver);
}

/// A record crypto that leaves everything as it is, but for the content type. Records still have all their parts.
struct Free;

impl RecordCrypto for Free {
    fn supports(&self, _: Algorithm) -> bool {
        true
    }

    fn key(&self, _: Algorithm, _: &[u8]) -> Result<Box<dyn Aead>, AeadError> {
        Ok(Box::new(Self))
    }
}

impl Aead for Free {
    fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        plaintext: &[u8],
        extra: &[u8],
        out: &mut [u8],
    ) -> Result<(), AeadError> {
        black_box((nonce, aad));
        out[plaintext.len()..][..extra.len()].copy_from_slice(extra);
        Ok(())
    }

    fn seal_in_place(&self, _: &[u8; NONCE_LEN], _: &[u8], _: &mut [u8]) -> Result<(), AeadError> {
        Ok(())
    }

    fn open_in_place(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], _: &mut [u8]) -> Result<(), AeadError> {
        black_box((nonce, aad));
        Ok(())
    }

    fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        sealed: &[u8],
        out: &mut [u8],
    ) -> Option<Result<(), AeadError>> {
        black_box((nonce, aad));
        // The content type, which is what the record layer looks for.
        *out.last_mut()? = sealed[out.len() - 1];
        Some(Ok(()))
    }
}

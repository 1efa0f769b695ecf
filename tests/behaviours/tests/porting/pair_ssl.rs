use wantls_bio_pair::{Bio, ReadOutcome};
use wantls_ssl::{ErrorCode, Ssl};

/// A device that moves bytes, with a driver of its own.
pub trait Radio {
    /// Sends some of `bytes`; 0 while it is busy.
    fn send(&mut self, bytes: &[u8]) -> usize;
    /// Receives into `space`; 0 while there is nothing.
    fn receive(&mut self, space: &mut [u8]) -> usize;
}

/// Writes all of `data`. `network` is the other half of the pair that `ssl` is on.
pub fn write_all(
    ssl: &mut Ssl<Bio>,
    network: &mut Bio,
    radio: &mut impl Radio,
    data: &[u8],
) -> Result<(), ErrorCode> {
    let mut frame = [0; 256];
    loop {
        let ret = ssl.write(data);
        let result = ssl.check(ret);
        // Out first, whatever the call said.
        while let Ok(ReadOutcome::Bytes(n)) = network.read(&mut frame) {
            let mut rest = &frame[..n];
            while !rest.is_empty() {
                rest = &rest[radio.send(rest)..];
            }
        }
        match result {
            Ok(_) => return Ok(()),
            Err(ErrorCode::WantWrite) => {}
            Err(ErrorCode::WantRead) => {
                let space = network.write_guarantee().min(frame.len());
                let n = radio.receive(&mut frame[..space]);
                // No more than it guarantees, so it takes all of it.
                let _ = network.write(&frame[..n]);
            }
            Err(code) => return Err(code),
        }
    }
}

use wantls::{Connection, Error, Step, WriteOp};

/// A device that moves bytes, with a driver of its own.
pub trait Radio {
    /// Sends some of `bytes`; 0 while it is busy.
    fn send(&mut self, bytes: &[u8]) -> usize;
    /// Receives into `space`; 0 while there is nothing.
    fn receive(&mut self, space: &mut [u8]) -> usize;
}

/// Writes all of `data`.
pub fn write_all<B>(tls: &mut Connection<B>, radio: &mut impl Radio, data: &[u8]) -> Result<(), Error>
where
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    let mut write = WriteOp::new(data);
    loop {
        let step = write.advance(tls);
        // Out first, whatever the call said: an alert may be there.
        while tls.interest().write {
            let out = tls.tls_out();
            let n = radio.send(out.bytes());
            out.consume(n)?;
        }
        match step? {
            Step::Done(_) => return Ok(()),
            Step::Want(_) => {
                let mut grant = tls.tls_in();
                let n = radio.receive(grant.space());
                grant.commit(n)?;
            }
        }
    }
}

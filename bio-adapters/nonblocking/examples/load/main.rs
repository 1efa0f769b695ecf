//! Opens many connections to the `echo` server, holds them, and checks what comes back.
//!
//! `load ADDRESS CA-FILE CONNECTIONS`

mod client;
#[path = "../shared/limits.rs"]
mod limits;

use std::time::Instant;

use crate::client::Load;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(address), Some(ca_file), Some(count)) = (args.next(), args.next(), args.next()) else {
        return Err("usage: load ADDRESS CA-FILE CONNECTIONS".into());
    };
    println!("open files: at most {:?}", limits::raise_open_files());

    let begin = Instant::now();
    let mut load = Load::new(address.parse()?, &std::fs::read(ca_file)?)?;
    load.open(count.parse()?)?;
    println!("{} connections are open after {:.2?}", load.len(), begin.elapsed());

    let begin = Instant::now();
    let echoed = load.echo_all(b"are you all still there?")?;
    println!("{echoed} of {} answered after {:.2?}", load.len(), begin.elapsed());

    let begin = Instant::now();
    let closed = load.close_all()?;
    println!("{closed} of {} closed after {:.2?}", load.len(), begin.elapsed());
    println!("peak memory {:?} kB", limits::peak_memory_kb());
    if echoed == load.len() && closed == load.len() { Ok(()) } else { Err("some were lost".into()) }
}

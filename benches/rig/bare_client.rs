//! What loopback itself costs: a client that sends a request at each instant of a constant rate and blocks
//! until the answer is there, on one connection, with nothing in between.
//!
//! `bare_client ADDRESS RATE SECONDS` prints a line of JSON with the percentiles of done − sent in
//! microseconds. It looks at the clock until an instant is due. An instant that has gone by while
//! an answer was waited for is left out, so the server's delay should be below the gap of the rate, or few
//! are measured.

use std::hint;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, ensure};
use hdrhistogram::Histogram;
use substorm::clock::{Clock, Tick};

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().context("usage: bare_client ADDRESS RATE SECONDS");
    let address = next()?;
    let (rate, seconds): (u64, u64) = (next()?.parse()?, next()?.parse()?);
    let times = times(&address, rate, rate.saturating_mul(seconds))?;
    let micros = |nanos: u64| nanos as f64 / 1e3;
    let line = serde_json::json!({
        "count": times.len(),
        "p50": micros(times.value_at_quantile(0.5)),
        "p99": micros(times.value_at_quantile(0.99)),
        "max": micros(times.max()),
    });
    writeln!(io::stdout(), "{line}")?;
    Ok(())
}

fn times(address: &str, rate: u64, count: u64) -> anyhow::Result<Histogram<u64>> {
    let mut stream =
        TcpStream::connect(address).with_context(|| format!("connect to {address}"))?;
    stream.set_nodelay(true)?;
    let request = format!("GET / HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let mut times = Histogram::new_with_bounds(1, 60_000_000_000, 3)?;
    let mut buffer = [0; 4096];
    let clock = Clock::start();
    let start = clock.now() + Duration::from_millis(10);
    for n in 0..count {
        let after = u128::from(n) * 1_000_000_000 / u128::from(rate);
        let due = Tick::from_nanos(start.as_nanos() + u64::try_from(after)?);
        if clock.now() > due {
            continue;
        }
        while clock.now() < due {
            hint::spin_loop();
        }
        let sent = clock.now();
        stream.write_all(request.as_bytes())?;
        let mut got = 0;
        while !buffer[..got].ends_with(b"\r\n\r\nok") {
            ensure!(got < buffer.len(), "the answer is not the known server's");
            let more = stream.read(&mut buffer[got..])?;
            ensure!(more > 0, "the server closed the connection");
            got += more;
        }
        times.saturating_record(u64::try_from(clock.now().since(sent).as_nanos())?);
    }
    Ok(times)
}

//! What a machine alone does to a schedule: a loop that looks at the clock until each due instant of a
//! constant rate, and records how late it was.
//!
//! `spin RATE SECONDS` sends nothing: its lag is the machine's. `spin RATE SECONDS ADDRESS` also sends a
//! request at each instant and reads the answers in between, as barely as it can be done on one thread: an
//! instant that comes while it writes or reads waits for that. It prints a line of JSON: how many instants
//! there were, and the lag's percentiles in microseconds.

use std::collections::VecDeque;
use std::hint;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, bail};
use hdrhistogram::Histogram;
use substorm::clock::{Clock, Tick};

const CONNECTIONS: usize = 50;
const LONGEST_ANSWER: usize = 4096;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let mut number = || -> anyhow::Result<u64> {
        args.next().context("usage: spin RATE SECONDS [ADDRESS]")?.parse().context("a whole number")
    };
    let (rate, seconds) = (number()?, number()?);
    let mut pool = args.next().map(|address| Pool::open(&address)).transpose()?;
    let lags = lags(rate, rate.saturating_mul(seconds), pool.as_mut())?;
    let micros = |nanos: u64| nanos as f64 / 1e3;
    let line = serde_json::json!({
        "count": lags.len(),
        "p50": micros(lags.value_at_quantile(0.5)),
        "p99": micros(lags.value_at_quantile(0.99)),
        "p99.9": micros(lags.value_at_quantile(0.999)),
        "max": micros(lags.max()),
    });
    writeln!(io::stdout(), "{line}")?;
    Ok(())
}

/// Nanoseconds after each of `count` instants that are due at `rate` a second.
fn lags(rate: u64, count: u64, mut pool: Option<&mut Pool>) -> anyhow::Result<Histogram<u64>> {
    let mut lags = Histogram::new_with_bounds(1, 60_000_000_000, 3)?;
    let clock = Clock::start();
    let start = clock.now() + Duration::from_millis(10);
    for n in 0..count {
        let after = u128::from(n) * 1_000_000_000 / u128::from(rate);
        let due = Tick::from_nanos(start.as_nanos() + u64::try_from(after)?);
        let mut now = clock.now();
        while now < due {
            match &mut pool {
                Some(pool) => pool.receive()?,
                None => hint::spin_loop(),
            }
            now = clock.now();
        }
        lags.saturating_record(u64::try_from(now.since(due).as_nanos())?);
        if let Some(pool) = &mut pool {
            pool.send()?;
        }
    }
    Ok(lags)
}

/// Connections that are free, and those that wait for an answer, the oldest request first.
struct Pool {
    free: Vec<TcpStream>,
    waiting: VecDeque<TcpStream>,
    request: Vec<u8>,
}

impl Pool {
    fn open(address: &str) -> anyhow::Result<Self> {
        let free = (0..CONNECTIONS).map(|_| connect(address)).collect::<io::Result<_>>();
        Ok(Self {
            free: free.with_context(|| format!("connect to {address}"))?,
            waiting: VecDeque::with_capacity(CONNECTIONS),
            request: format!("GET / HTTP/1.1\r\nHost: {address}\r\n\r\n").into_bytes(),
        })
    }

    /// Sends on a free connection, and waits for one if there is none.
    fn send(&mut self) -> anyhow::Result<()> {
        while self.free.is_empty() {
            self.receive()?;
        }
        if let Some(mut stream) = self.free.pop() {
            stream.write_all(&self.request)?;
            self.waiting.push_back(stream);
        }
        Ok(())
    }

    /// Reads the answer to the oldest request if it is there. Answers are short: one read takes a whole one.
    fn receive(&mut self) -> anyhow::Result<()> {
        let Some(mut stream) = self.waiting.pop_front() else { return Ok(()) };
        match stream.read(&mut [0; LONGEST_ANSWER]) {
            Ok(0) => bail!("the server closed a connection"),
            Ok(_) => self.free.push(stream),
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.waiting.push_front(stream),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

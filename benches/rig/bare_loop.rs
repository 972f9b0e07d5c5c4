//! What a closed loop costs that does nothing but send and read: the floor under any generator on this
//! machine, and what a request costs the kernel.
//!
//! `bare_loop ADDRESS CONNECTIONS SECONDS TOKENS` asks for `/` with the bearer tokens of a file, one a
//! line, in random order, over `epoll`, on one thread: one write and one read a request, no times, no
//! counts but that of the answers, nothing judged. It prints a line of JSON: the answers and the seconds.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, ensure};
use rustix::event::epoll;
use substorm::clock::Clock;
use substorm::seed::{Seed, Stream};

const LONGEST_ANSWER: usize = 4096;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().context("usage: bare_loop ADDRESS CONNECTIONS SECONDS TOKENS");
    let address = next()?;
    let (connections, seconds): (usize, u64) = (next()?.parse()?, next()?.parse()?);
    let tokens = std::fs::read_to_string(next()?)?;
    let head = format!("GET / HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer ");
    let requests: Vec<Box<[u8]>> =
        tokens.lines().map(|token| format!("{head}{token}\r\n\r\n").into_bytes().into()).collect();
    ensure!(!requests.is_empty(), "no token in the file");
    let mut client = Client::connect(&address, connections, requests)?;
    let (answered, elapsed) = client.run(Duration::from_secs(seconds))?;
    let line = serde_json::json!({ "requests": answered, "seconds": elapsed.as_secs_f64() });
    writeln!(io::stdout(), "{line}")?;
    Ok(())
}

struct Client {
    streams: Vec<TcpStream>,
    requests: Vec<Box<[u8]>>,
    draws: Stream,
    sent: u64,
    answer: Box<[u8; LONGEST_ANSWER]>,
}

impl Client {
    fn connect(
        address: &str,
        connections: usize,
        requests: Vec<Box<[u8]>>,
    ) -> anyhow::Result<Self> {
        let connect = |_| -> anyhow::Result<TcpStream> {
            let stream =
                TcpStream::connect(address).with_context(|| format!("connect to {address}"))?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            Ok(stream)
        };
        let streams = (0..connections).map(connect).collect::<anyhow::Result<_>>()?;
        let draws = Seed(1).stream("bare loop");
        Ok(Self { streams, requests, draws, sent: 0, answer: Box::new([0; LONGEST_ANSWER]) })
    }

    /// Gives the answers, and how long they took.
    fn run(&mut self, length: Duration) -> anyhow::Result<(u64, Duration)> {
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        for (n, stream) in self.streams.iter().enumerate() {
            let interest = epoll::EventFlags::IN | epoll::EventFlags::ET;
            epoll::add(&poll, stream, epoll::EventData::new_u64(n as u64), interest)?;
        }
        let clock = Clock::start();
        let (start, mut answered) = (clock.now(), 0);
        for n in 0..self.streams.len() {
            self.send(n)?;
        }
        let mut events = Vec::with_capacity(self.streams.len());
        while clock.now() - start < length {
            events.clear();
            epoll::wait(&poll, rustix::buffer::spare_capacity(&mut events), None)?;
            for event in &events {
                let n = event.data.u64() as usize;
                if self.receive(n)? {
                    answered += 1;
                    self.send(n)?;
                }
            }
        }
        Ok((answered, clock.now() - start))
    }

    fn send(&mut self, n: usize) -> anyhow::Result<()> {
        let request = self.draws.at(self.sent) % self.requests.len() as u64;
        self.sent += 1;
        Ok((&self.streams[n]).write_all(&self.requests[request as usize])?)
    }

    /// Whether the answer is there; it comes in one piece, being short.
    fn receive(&mut self, n: usize) -> anyhow::Result<bool> {
        match (&self.streams[n]).read(&mut self.answer[..]) {
            Ok(0) => anyhow::bail!("the server closed a connection"),
            Ok(length) => {
                let answer = &self.answer[..length];
                ensure!(
                    answer.starts_with(b"HTTP/1.1 200") && answer.ends_with(b"ok"),
                    "not the answer"
                );
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

//! A server whose every delay is known: it answers each request after a fixed time, and may stand still
//! once, wholly, for another.
//!
//! One thread does everything and never sleeps of itself, so that no wake-up of the system's adds to the
//! delay; it wants a core of its own. It speaks as much of HTTP/1.1 as load generators need: requests
//! without a body, on connections that stay open. It prints a line of JSON with its address, and one for
//! the freeze, with its beginning and end in nanoseconds of its own clock.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use clap::Parser;
use substorm::clock::{Clock, Tick};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::{LocalSet, yield_now};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";

/// Answers after a known delay, on a free port of 127.0.0.1.
#[derive(Parser)]
struct Args {
    /// From reading a request to answering it, in microseconds.
    #[arg(long, default_value_t = 0)]
    delay_us: u64,
    /// From the first request to the freeze, in milliseconds; without it there is none.
    #[arg(long)]
    freeze_after_ms: Option<u64>,
    /// How long nothing is read or answered, in milliseconds.
    #[arg(long, default_value_t = 1_000)]
    freeze_for_ms: u64,
}

const MOST_UNACCEPTED: u32 = 4096;

struct Server {
    clock: Clock,
    delay: Duration,
    /// Told of the first request.
    first: Notify,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    LocalSet::new().block_on(&runtime, serve(args))
}

async fn serve(args: Args) -> anyhow::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    // While nothing is accepted the system must not turn connections away.
    let listener = socket.listen(MOST_UNACCEPTED)?;
    let server = Rc::new(Server {
        clock: Clock::start(),
        delay: Duration::from_micros(args.delay_us),
        first: Notify::new(),
    });
    let address = serde_json::json!({ "url": format!("http://{}/", listener.local_addr()?) });
    writeln!(io::stdout(), "{address}")?;
    if let Some(after_ms) = args.freeze_after_ms {
        let (after, length) =
            (Duration::from_millis(after_ms), Duration::from_millis(args.freeze_for_ms));
        tokio::task::spawn_local(freeze(Rc::clone(&server), after, length));
    }
    // As long as there is always something to run, the runtime polls and does not wait.
    tokio::task::spawn_local(async {
        loop {
            yield_now().await;
        }
    });
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let server = Rc::clone(&server);
        tokio::task::spawn_local(async move {
            // A client that goes away is its own affair.
            let _ = server.converse(stream).await;
        });
    }
}

impl Server {
    async fn converse(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut buffer = Vec::with_capacity(8 * 1024);
        while stream.read_buf(&mut buffer).await? > 0 {
            self.first.notify_one();
            let due = self.clock.now() + self.delay;
            let requests = take_requests(&mut buffer);
            self.wait_until(due).await;
            for _ in 0..requests {
                stream.write_all(ANSWER).await?;
            }
        }
        Ok(())
    }

    async fn wait_until(&self, due: Tick) {
        while self.clock.now() < due {
            yield_now().await;
        }
    }
}

/// Blocks the only thread, so that nothing whatever is read or answered.
async fn freeze(server: Rc<Server>, after: Duration, length: Duration) {
    server.first.notified().await;
    server.wait_until(server.clock.now() + after).await;
    let from = server.clock.now();
    std::thread::sleep(length);
    let until = server.clock.now();
    let line = serde_json::json!({ "frozen": { "from_ns": from.as_nanos(), "until_ns": until.as_nanos() } });
    // Nobody may be reading any more.
    let _ = writeln!(io::stdout(), "{line}");
}

/// Removes whole requests from the front of what was read, and says how many there were.
fn take_requests(buffer: &mut Vec<u8>) -> usize {
    let (mut count, mut taken) = (0, 0);
    while let Some(at) = buffer[taken..].windows(4).position(|four| four == b"\r\n\r\n") {
        taken += at + 4;
        count += 1;
    }
    buffer.drain(..taken);
    count
}

//! Gateways that close, reset, send garbage, never answer or answer without end: each becomes its
//! class, memory stays bounded, and nothing panics.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::support::{Ran, run, scenario};

/// A server that treats every request alike, until dropped.
pub struct Server {
    /// Where it listens.
    pub url: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start(treat: fn(TcpStream)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut treated = Vec::new();
            while !told.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        stream.set_nonblocking(false).unwrap();
                        stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
                        treated.push(std::thread::spawn(move || treat(stream)));
                    }
                    Err(_) => std::thread::sleep(Duration::from_millis(1)),
                }
            }
            for thread in treated {
                thread.join().unwrap();
            }
        });
        Self { url, stop, thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map(JoinHandle::join);
    }
}

/// Reads a request's head; false once the client has gone.
pub fn head(stream: &mut TcpStream) -> bool {
    let (mut seen, mut byte) = (Vec::new(), [0; 512]);
    while !seen.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(0) | Err(_) => return false,
            Ok(n) => seen.extend_from_slice(&byte[..n]),
        }
    }
    true
}

fn attack(treat: fn(TcpStream)) -> Ran {
    let server = Server::start(treat);
    let target = server.url.clone();
    run(&scenario("hostile.toml"), &["--target", &target])
}

fn share(ran: &Ran, class: &str) -> f64 {
    let count = ran.run["classes"]["total"][class].as_u64().unwrap_or(0);
    let done = ran.run["requests"]["done"].as_u64().unwrap_or(0);
    assert!(done >= 20, "{done} requests done\n{}", ran.output);
    count as f64 / done as f64
}

#[test]
fn closing_is_a_reset_and_so_is_half_an_answer() {
    let ran = attack(|mut stream| {
        head(&mut stream);
    });
    assert!(share(&ran, "connection_reset") > 0.99, "{}", ran.output);
    let ran = attack(|mut stream| {
        if head(&mut stream) {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        }
    });
    assert!(share(&ran, "connection_reset") > 0.99, "{}", ran.output);
}

#[test]
fn garbage_is_a_protocol_error() {
    let ran = attack(|mut stream| {
        if head(&mut stream) {
            let _ = stream.write_all(b"\x16\x03\x01 this is no HTTP\r\n\r\n");
        }
    });
    assert!(share(&ran, "protocol_error") > 0.99, "{}", ran.output);
}

#[test]
fn silence_is_a_timeout() {
    let ran = attack(|mut stream| while head(&mut stream) {});
    assert!(share(&ran, "timeout") > 0.99, "{}", ran.output);
}

#[test]
fn ten_megabytes_are_read_and_not_kept() {
    let ran = attack(|mut stream| {
        let piece = vec![b'x'; 1 << 20];
        while head(&mut stream) {
            let sent = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n")
                .and_then(|()| (0..10).try_for_each(|_| stream.write_all(&piece)));
            if sent.is_err() {
                return;
            }
        }
    });
    // Let in, but as nobody that could be proved.
    assert!(share(&ran, "unclassified") > 0.9, "{}", ran.output);
    let peak = ran.run["generator"]["peak_memory_bytes"].as_u64().unwrap();
    assert!(peak < 200 << 20, "{peak} bytes at the peak");
}

#[test]
fn nobody_listening_is_said_before_any_load() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let ran = run(&scenario("hostile.toml"), &["--target", &format!("http://{address}")]);
    assert_eq!(ran.code, 3, "{}", ran.output);
    assert!(ran.output.contains(&address.to_string()), "{}", ran.output);
}

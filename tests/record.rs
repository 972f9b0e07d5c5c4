//! The recorder from outside: requests pass as they came, and what is written holds no secret.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use substorm::record::{RecordError, RecordPlan, Recorder, Upstream};
use substorm::replay::{Cleaning, Line};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Longer than anything here takes on a machine that is busy with other things.
const SOON: Duration = Duration::from_secs(10);

/// A token whose subject is `mark-subject`.
const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYXJrLXN1YmplY3QifQ.mark-signature";

struct Rig {
    recorder: Recorder,
    upstream: TcpListener,
    room: tempfile::TempDir,
}

impl Rig {
    async fn start() -> Self {
        let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let room = tempfile::tempdir().unwrap();
        let plan = plan(upstream.local_addr().unwrap(), &room.path().join("out.jsonl"));
        Self { recorder: Recorder::start(plan).await.unwrap(), upstream, room }
    }

    async fn client(&self) -> TcpStream {
        TcpStream::connect(self.recorder.address()).await.unwrap()
    }

    async fn upstream(&self) -> TcpStream {
        timeout(SOON, self.upstream.accept()).await.expect("nobody connects").unwrap().0
    }

    /// Ends it; what was written, first line left out.
    async fn stop(self) -> Vec<String> {
        let counts = self.recorder.stop(SOON).await.unwrap();
        let text = std::fs::read_to_string(self.room.path().join("out.jsonl")).unwrap();
        let lines: Vec<String> = text.lines().skip(1).map(str::to_owned).collect();
        assert_eq!(counts.recorded, lines.len() as u64);
        lines
    }
}

fn plan(upstream: SocketAddr, out: &Path) -> RecordPlan {
    RecordPlan {
        listen: "127.0.0.1:0".parse().unwrap(),
        upstream: Upstream { host: upstream.ip().to_string(), port: upstream.port() },
        out: out.to_owned(),
        cleaning: Cleaning::default(),
        user: None,
    }
}

/// Reads until the text has come that the message ends with.
async fn until(stream: &mut TcpStream, ending: &str) -> String {
    let mut text = Vec::new();
    let read = async {
        while !text.ends_with(ending.as_bytes()) {
            let byte = stream.read_u8().await;
            text.push(
                byte.unwrap_or_else(|e| panic!("{e} after {:?}", String::from_utf8_lossy(&text))),
            );
        }
    };
    timeout(SOON, read).await.expect("the message does not end");
    String::from_utf8(text).unwrap()
}

fn parsed(lines: &[String]) -> Vec<Line<'_>> {
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn requests_and_answers_pass_as_they_came() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    let head = format!(
        "GET /users/mark-subject?page=2&access_token=mark-query HTTP/1.1\r\nHost: gate.test\r\n\
         X-Odd-CASE: Yes\r\nAuthorization: Bearer {TOKEN}\r\nCookie: sid=mark-cookie\r\n\
         Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\n\r\n"
    );
    client.write_all(head.as_bytes()).await.unwrap();
    let mut upstream = rig.upstream().await;
    let seen = until(&mut upstream, "\r\n\r\n").await;
    assert!(
        seen.starts_with("GET /users/mark-subject?page=2&access_token=mark-query HTTP/1.1\r\n")
    );
    for field in ["Host: gate.test", "X-Odd-CASE: Yes", "Cookie: sid=mark-cookie"] {
        assert!(seen.contains(&format!("\r\n{field}\r\n")), "{field} not in {seen}");
    }
    assert!(seen.contains(TOKEN) && !seen.contains("X-Hop"), "{seen}");
    let answer = "HTTP/1.1 203 Odd\r\nX-Own-Case: a\r\nSet-Cookie: b=1\r\nSet-Cookie: c=2\r\nContent-Length: 5\r\n\r\n";
    upstream.write_all(answer.as_bytes()).await.unwrap();
    upstream.write_all(b"hello").await.unwrap();
    let back = until(&mut client, "hello").await;
    assert!(back.starts_with("HTTP/1.1 203"), "{back}");
    for field in ["X-Own-Case: a", "Set-Cookie: b=1", "Set-Cookie: c=2", "Content-Length: 5"] {
        assert!(back.contains(field), "{field} not in {back}");
    }
    // The next request of the client goes over the same connection.
    client.write_all(b"HEAD /next HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    assert!(until(&mut upstream, "\r\n\r\n").await.starts_with("HEAD /next"));
    upstream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n").await.unwrap();
    assert!(until(&mut client, "\r\n\r\n").await.to_lowercase().contains("content-length: 9"));
    drop(client);
    let lines = rig.stop().await;
    let text = lines.join("\n");
    assert!(!text.contains("mark"), "{text}");
    let lines = parsed(&lines);
    assert_eq!((&*lines[0].method, &*lines[0].path), ("GET", "/users/{user}?page=2"));
    assert_eq!((&*lines[1].method, &*lines[1].path), ("HEAD", "/next"));
    assert!(lines[0].at_ns < lines[1].at_ns && lines[0].user != lines[1].user);
}

#[tokio::test]
async fn bodies_stream_both_ways() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    let head = "POST /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    let mut upstream = rig.upstream().await;
    until(&mut upstream, "\r\n\r\n").await;
    for part in ["mark-one", "mark-two"] {
        // Each part is there before the next is sent.
        client.write_all(format!("8\r\n{part}\r\n").as_bytes()).await.unwrap();
        assert!(until(&mut upstream, &format!("{part}\r\n")).await.contains(part));
    }
    client.write_all(b"0\r\n\r\n").await.unwrap();
    until(&mut upstream, "0\r\n\r\n").await;
    upstream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await.unwrap();
    until(&mut client, "\r\n\r\n").await;
    for part in ["three", "four"] {
        upstream.write_all(format!("{:x}\r\n{part}\r\n", part.len()).as_bytes()).await.unwrap();
        assert!(until(&mut client, &format!("{part}\r\n")).await.contains(part));
    }
    drop((client, upstream));
    let lines = rig.stop().await;
    assert!(lines.len() == 1 && !lines[0].contains("mark"), "{lines:?}");
}

#[tokio::test]
async fn a_switch_of_protocols_is_passed_on() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    let head = "GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    let mut upstream = rig.upstream().await;
    assert!(until(&mut upstream, "\r\n\r\n").await.to_lowercase().contains("upgrade: websocket"));
    let answer =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    upstream.write_all(answer.as_bytes()).await.unwrap();
    assert!(until(&mut client, "\r\n\r\n").await.to_lowercase().contains("upgrade: websocket"));
    client.write_all(b"ping").await.unwrap();
    until(&mut upstream, "ping").await;
    upstream.write_all(b"pong").await.unwrap();
    until(&mut client, "pong").await;
    drop((client, upstream));
    assert_eq!(rig.stop().await.len(), 1);
}

#[tokio::test]
async fn an_upstream_that_is_away_is_a_502_and_one_that_is_back_is_found() {
    let rig = Rig::start().await;
    let mut client = rig.client().await;
    let ask = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
    client.write_all(ask).await.unwrap();
    drop(rig.upstream().await);
    assert!(until(&mut client, "broke off without an answer\n").await.starts_with("HTTP/1.1 502"));
    client.write_all(ask).await.unwrap();
    let mut upstream = rig.upstream().await;
    until(&mut upstream, "\r\n\r\n").await;
    upstream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
    until(&mut client, "\r\n\r\n").await;
    // A kept connection that the upstream has closed meanwhile is replaced without a word.
    drop(upstream);
    tokio::time::sleep(Duration::from_millis(50)).await;
    client.write_all(ask).await.unwrap();
    let mut upstream = rig.upstream().await;
    until(&mut upstream, "\r\n\r\n").await;
    upstream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
    assert!(until(&mut client, "\r\n\r\n").await.starts_with("HTTP/1.1 204"));
    assert_eq!(rig.recorder.counts().not_forwarded, 1);
    drop(client);
    assert_eq!(rig.stop().await.len(), 3);
}

#[tokio::test]
async fn users_keep_their_pseudonym_within_a_recording_only() {
    let record = || async {
        let rig = Rig::start().await;
        let mut tasks = JoinSet::new();
        for subject in ["YWxpY2U6eA==", "Ym9iOng=", "YWxpY2U6eQ=="] {
            let mut client = rig.client().await;
            let head = format!(
                "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic {subject}\r\nConnection: close\r\n\r\n"
            );
            client.write_all(head.as_bytes()).await.unwrap();
            let mut upstream = rig.upstream().await;
            until(&mut upstream, "\r\n\r\n").await;
            upstream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
            tasks.spawn(async move { until(&mut client, "\r\n\r\n").await });
        }
        while tasks.join_next().await.is_some() {}
        let lines = rig.stop().await;
        parsed(&lines)
            .iter()
            .map(|line| line.user.clone().unwrap().into_owned())
            .collect::<Vec<_>>()
    };
    let (first, second) = (record().await, record().await);
    assert_eq!(first[0], first[2], "alice with another password");
    assert_ne!(first[0], first[1]);
    assert_ne!(first[0], second[0]);
}

#[tokio::test]
async fn a_file_that_is_there_is_left_alone() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let started = Recorder::start(plan("127.0.0.1:1".parse().unwrap(), file.path())).await;
    assert!(matches!(started.err(), Some(RecordError::File { .. })));
    assert_eq!(std::fs::metadata(file.path()).unwrap().len(), 0);
}

/// `substorm record` as a process; it is killed if a test gives up on it.
struct Process {
    child: Child,
    address: SocketAddr,
    out: PathBuf,
}

impl Process {
    fn start(upstream: SocketAddr, out: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_substorm"))
            .args(["record", "--upstream", &format!("http://{upstream}"), "--out"])
            .arg(out)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        reader.read_line(&mut line).unwrap();
        child.stdout = Some(reader.into_inner());
        let address = line.strip_prefix("http://").and_then(|rest| rest.split(' ').next()).unwrap();
        Self { child, address: address.parse().unwrap(), out: out.to_owned() }
    }

    /// Sends it a signal; its exit code and the rest of what it prints.
    fn end(mut self, signal: Signal) -> (i32, String) {
        let id = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
        let mut text = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        (self.child.wait().unwrap().code().unwrap(), text)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_of_the_command_can_be_replayed() {
    let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for signal in [Signal::INT, Signal::TERM] {
        let room = tempfile::tempdir().unwrap();
        let recording =
            Process::start(upstream.local_addr().unwrap(), &room.path().join("live.jsonl"));
        let mode = std::fs::metadata(&recording.out).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let mut client = TcpStream::connect(recording.address).await.unwrap();
        client.write_all(b"GET /a?b=1 HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
        let mut served = upstream.accept().await.unwrap().0;
        until(&mut served, "\r\n\r\n").await;
        served.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        until(&mut client, "\r\n\r\n").await;
        let (code, text) = tokio::task::block_in_place(|| recording.end(signal));
        assert_eq!(code, 0, "{text}");
        assert!(text.starts_with("1 request over 1 connection in "), "{text}");
        let scenario = room.path().join("again.toml");
        let phase = "name = \"again\"\n[[phase]]\nname = \"p\"\nfor = \"1s\"\narrival = { replay = \"live.jsonl\" }\n";
        std::fs::write(&scenario, phase).unwrap();
        let check = Command::new(env!("CARGO_BIN_EXE_substorm"))
            .arg("check")
            .arg(&scenario)
            .output()
            .unwrap();
        let text = String::from_utf8(check.stdout).unwrap();
        assert!(
            text.contains("live.jsonl (requests) for p") && text.contains("1 request of 1 user"),
            "{text}"
        );
    }
}

//! Recorded traffic sent again: a real access log of nginx, made by another load tool, replayed to
//! nginx as it was and four times as fast.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::nginx::{Nginx, program};
use crate::support::{Ran, run};

/// The limit on the spacing error's p99 at the recorded speed. Builds without optimisation are slow.
const SPACING_LIMIT_US: u64 = if cfg!(debug_assertions) { 5_000 } else { 1_000 };

/// How long nginx is driven.
const DRIVEN: Duration = Duration::from_secs(4);

/// nginx with a port for what is recorded and another for what is replayed, each with its own log of
/// one JSON object a line.
fn recording_nginx() -> Nginx {
    Nginx::start(|folder, port| {
        let server = |port: u16, log: &str| {
            format!(
                "server {{ listen 127.0.0.1:{port}; access_log {folder}/{log} replay; \
                 location / {{ return 200 '{{\"user\":\"$http_x_user_id\"}}'; }} }}"
            )
        };
        format!(
            "log_format replay escape=json '{{\"msec\":\"$msec\",\"request_time\":\"$request_time\",\
             \"request\":\"$request\",\"remote_user\":\"$remote_user\",\"authorization\":\"$http_authorization\"}}';\n\
             keepalive_requests 1000000;\n{}\n{}",
            server(port, "recorded.log"),
            server(port + 1, "replayed.log"),
        )
    })
}

/// Drives nginx with wrk: users of different popularity, some routes, secrets in both.
fn drive(nginx: &Nginx) {
    let mut script = String::from("local users = {");
    for n in 0..40 {
        // User n, with a password that must not be seen again.
        let field = base64(&format!("mark-user-{n:02}:mark-password-{n}"));
        write!(script, "\"Basic {field}\",").unwrap();
    }
    script += "}\nlocal routes = {\"/orders\", \"/profile\", \"/search\"}\nmath.randomseed(7)\n\
               request = function()\n\
               local n = math.floor(#users * math.random() ^ 3) + 1\n\
               local name = string.format(\"mark-user-%02d\", n - 1)\n\
               local route = routes[math.random(#routes)]\n\
               local path = route .. \"/\" .. name .. \"?page=\" .. math.random(3) .. \"&api_key=mark-key\"\n\
               return wrk.format(\"GET\", path, {[\"Authorization\"] = users[n]})\nend\n\
               function delay() return math.random(8, 30) end\n";
    let file = nginx.log("drive.lua");
    fs::write(&file, script).unwrap();
    let seconds = format!("{}s", DRIVEN.as_secs());
    let driven = Command::new(program("wrk"))
        .args(["-t", "1", "-c", "12", "-d", &seconds, "-s"])
        .arg(&file)
        .arg(format!("http://127.0.0.1:{}/", nginx.port))
        .output()
        .expect("wrk starts");
    assert!(driven.status.success(), "{}", String::from_utf8_lossy(&driven.stderr));
    // nginx writes a line when it has answered, and the last of them when wrk is gone.
    std::thread::sleep(Duration::from_millis(300));
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// A line of the log: when the request came in milliseconds, what it asked for, and who asked.
struct Logged {
    at_ms: f64,
    path: String,
    user: String,
}

fn read_log(path: &Path) -> Vec<Logged> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines: Vec<Logged> = text
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| line[key].as_str().unwrap().to_owned();
            let number = |key: &str| text(key).parse::<f64>().unwrap();
            let request = text("request");
            let path = request.split(' ').nth(1).unwrap().to_owned();
            let at_ms = (number("msec") - number("request_time")) * 1e3;
            let user = match text("remote_user") {
                user if user.is_empty() => subject(&text("authorization")),
                user => user,
            };
            Logged { at_ms, path, user }
        })
        .collect();
    lines.sort_by(|a, b| a.at_ms.total_cmp(&b.at_ms));
    lines
}

/// The subject of a bearer token.
fn subject(field: &str) -> String {
    use base64::Engine as _;
    let payload = field.split('.').nth(1).unwrap();
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    claims["sub"].as_str().unwrap().to_owned()
}

/// The route and the page of a path, without the user in between.
fn route(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let page = query.split('&').next().unwrap_or("");
    format!("{}?{page}", path.rsplit_once('/').unwrap().0)
}

fn counts(keys: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    keys.fold(BTreeMap::new(), |mut counts, key| {
        *counts.entry(key).or_default() += 1;
        counts
    })
}

fn replay(nginx: &Nginx, log: &str, speed: u32) -> Ran {
    let _ = fs::write(nginx.log("replayed.log"), "");
    let length = DRIVEN.as_secs_f64() / f64::from(speed) + 0.5;
    let scenario = nginx.log("replay.toml");
    let text = format!(
        "name = \"replay\"\n[population]\nusers = 64\nsubject = \"prefixed:usr_\"\n\
         [target]\nurl = \"http://127.0.0.1:{}\"\nprofile = \"rfc6750\"\nidentity = \"none\"\n\
         [load]\nworkers = 1\nsend_lag_limit = \"10s\"\n\
         [[phase]]\nname = \"replay\"\nfor = \"{length}s\"\n\
         arrival = {{ replay = {{ file = \"{log}\", speed = {speed} }} }}\n",
        nginx.port + 1
    );
    fs::write(&scenario, text).unwrap();
    run(&scenario, &[])
}

#[test]
fn an_access_log_of_nginx_is_replayed_request_for_request() {
    let nginx = recording_nginx();
    drive(&nginx);
    let recorded = read_log(&nginx.log("recorded.log"));
    assert!(recorded.len() > 500, "wrk sent {} requests only", recorded.len());
    let users = counts(recorded.iter().map(|line| line.user.clone()));
    assert!(users.len() > 20 && users.values().max() > users.values().min(), "{users:?}");
    // Packed as log rotation leaves it.
    let packed = fs::File::create(nginx.log("recorded.log.gz")).unwrap();
    let mut packed = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
    std::io::copy(&mut fs::File::open(nginx.log("recorded.log")).unwrap(), &mut packed).unwrap();
    packed.finish().unwrap();
    // On a machine that does other things too, what counts is that it can be done.
    for (log, speed) in [("recorded.log", 1), ("recorded.log.gz", 4)] {
        let mut tries: Vec<Spacing> = Vec::new();
        while tries.len() < 3 && !tries.iter().any(Spacing::is_kept) {
            tries.push(replay_and_compare(&nginx, log, speed, &recorded));
        }
        assert!(tries.iter().any(Spacing::is_kept), "speed {speed}: {tries:?}");
    }
}

/// How far a replay's spacing was from the log's.
#[derive(Debug)]
struct Spacing {
    /// p99 of the send lag. Due instants are exact (a property test has it), so this is the error.
    sent_p99_us: u64,
    /// Median of the error as nginx saw it, to its millisecond.
    seen_p50_ms: f64,
}

impl Spacing {
    fn is_kept(&self) -> bool {
        self.sent_p99_us < SPACING_LIMIT_US && self.seen_p50_ms <= 2.0
    }
}

/// Replays a log, and compares what arrived with it.
fn replay_and_compare(nginx: &Nginx, log: &str, speed: u32, recorded: &[Logged]) -> Spacing {
    let ran = replay(nginx, log, speed);
    assert_eq!(ran.code, 0, "{}", ran.output);
    std::thread::sleep(Duration::from_millis(300));
    let replayed = read_log(&nginx.log("replayed.log"));
    assert_eq!(replayed.len(), recorded.len(), "{}", ran.output);
    let routes = |log: &[Logged]| counts(log.iter().map(|line| route(&line.path)));
    assert_eq!(routes(&replayed), routes(recorded));
    users_are_mapped(recorded, &replayed);
    nothing_is_left(&ran, &replayed);
    assert!(ran.run["routes"].as_array().is_some_and(Vec::is_empty), "{}", ran.run["routes"]);
    assert_eq!(ran.run["replays"][0]["due"].as_u64(), Some(recorded.len() as u64));
    assert_eq!(ran.run["replays"][0]["behind"].as_u64(), Some(0), "{}", ran.output);
    Spacing {
        sent_p99_us: ran.run["send_lag"]["p99"].as_u64().unwrap(),
        seen_p50_ms: spacing_error_ms(speed, recorded, &replayed),
    }
}

/// As many requests of each user as were recorded, and the most popular one is still that.
fn users_are_mapped(recorded: &[Logged], replayed: &[Logged]) {
    let popularity = |log: &[Logged]| {
        let mut counts: Vec<usize> =
            counts(log.iter().map(|line| line.user.clone())).into_values().collect();
        counts.sort_unstable();
        counts
    };
    assert_eq!(popularity(replayed), popularity(recorded));
    for line in replayed {
        assert!(line.user.starts_with("usr_"), "{}", line.user);
        assert!(line.path.contains(&format!("/{}?", line.user)), "{} in {}", line.user, line.path);
    }
}

/// None of what was secret in the log is sent, printed or written.
fn nothing_is_left(ran: &Ran, replayed: &[Logged]) {
    assert!(!ran.output.contains("mark-"), "{}", ran.output);
    for (name, text) in &ran.files {
        assert!(!text.contains("mark-"), "{name} holds what was secret");
    }
    assert!(ran.files.len() >= 4, "{:?}", ran.files.keys());
    assert!(replayed.iter().all(|line| !line.path.contains("mark-") && !line.path.contains("key")));
}

/// Median distance of a request's place in time, as nginx saw it, from its place in the log. Both
/// are counted from the median request: were it the first one, what delayed that one alone would
/// count for all.
fn spacing_error_ms(speed: u32, recorded: &[Logged], replayed: &[Logged]) -> f64 {
    let middle = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let shifts: Vec<f64> = recorded
        .iter()
        .zip(replayed)
        .map(|(was, is)| {
            (is.at_ms - replayed[0].at_ms) - (was.at_ms - recorded[0].at_ms) / f64::from(speed)
        })
        .collect();
    let shift = middle(shifts.clone());
    middle(shifts.into_iter().map(|value| (value - shift).abs()).collect())
}

//! `substorm record`: writes down what goes to a gateway, in the form that is replayed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;
use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, output};
use crate::clock::Clock;
use crate::harness::Exit;
use crate::record::{RecordCounts, RecordError, RecordPlan, Recorder, Upstream};
use crate::replay::formats::Selector;
use crate::replay::{Cleaning, PathPattern};
use crate::scenario::is_loopback;
use crate::units::{counted, format_span, grouped, parse_span};

/// How long requests under way have to end after the first signal.
const DRAIN: Duration = Duration::from_secs(5);

/// How often it is looked whether the file can still be written.
const LOOK: Duration = Duration::from_secs(1);

/// Forward requests to a gateway and write them down, without subjects and tokens, for a replay
///
/// The file has one JSON object a line: when, method, path, and a pseudonym of who asked, hashed
/// with a key that is made for this recording and kept nowhere. Credentials, header fields and
/// bodies are never written. Ends on Ctrl-C or SIGTERM.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where clients connect
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The gateway, such as http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    upstream: Url,
    /// The file to write; it must not be there yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A host other than this machine that requests may be forwarded to
    #[arg(long = "allow-target", value_name = "HOST")]
    allow_targets: Vec<String>,
    /// What tells the user, if not the token: header:NAME or cookie:NAME
    #[arg(long, value_name = "SIGN")]
    user: Option<String>,
    /// A path pattern such as /users/{user}/orders/* or /reset/{secret}; may be given more than once
    #[arg(long = "path", value_name = "PATTERN")]
    patterns: Vec<PathPattern>,
    /// A further query parameter to leave out; may be given more than once
    #[arg(long, value_name = "NAME")]
    drop: Vec<String>,
    /// A query parameter to keep although its name is a credential's; may be given more than once
    #[arg(long, value_name = "NAME")]
    keep: Vec<String>,
    /// Stop by itself after this time
    #[arg(long = "for", value_name = "TIME", value_parser = parse_span)]
    length: Option<Duration>,
}

/// Records until a signal, or until the time is up.
pub fn run(args: Args) -> anyhow::Result<Exit> {
    let upstream = upstream(&args.upstream, &args.allow_targets).map_err(Failure::bad_input)?;
    let user = match args.user.as_deref().map(|text| (text, Selector::parse(text))) {
        None => None,
        Some((_, Some(selector))) => Some(selector),
        Some((text, None)) => {
            let message = format!("--user is \"{text}\"; expected header:NAME or cookie:NAME");
            return Err(Failure::bad_input(message));
        }
    };
    let cleaning = Cleaning { patterns: args.patterns, drop: args.drop, keep: args.keep };
    let plan = RecordPlan { listen: args.listen, upstream, out: args.out, cleaning, user };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(record(plan, args.upstream.as_str(), args.length))
}

/// Host and port, if requests may be sent there.
fn upstream(url: &Url, allowed: &[String]) -> Result<Upstream, String> {
    let wrong = |what: &str| Err(format!("--upstream is {url}; {what}"));
    if url.scheme() != "http" {
        return wrong("it must start with http://, since neither side of a recorder speaks TLS");
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return wrong("it must not go on behind host and port: paths are passed on as they are");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("--upstream holds a user or a password; leave them out".to_owned());
    }
    let host = url.host_str().unwrap_or_default();
    if !is_loopback(host) && !allowed.iter().any(|one| one == host) {
        return wrong(&format!(
            "{host} is not this machine; if you may send requests there, say --allow-target {host}"
        ));
    }
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(Upstream { host, port: url.port_or_known_default().unwrap_or(80) })
}

async fn record(
    plan: RecordPlan,
    upstream: &str,
    length: Option<Duration>,
) -> anyhow::Result<Exit> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let out = plan.out.display().to_string();
    let clock = Clock::start();
    let recorder = Recorder::start(plan).await.map_err(|error| match &error {
        RecordError::File { source, .. } if source.kind() == std::io::ErrorKind::AlreadyExists => {
            Failure::bad_input(format!("{error}; move it away or name another with --out"))
        }
        _ => error.into(),
    })?;
    let address = recorder.address();
    output::print(&format!(
        "http://{address} to {upstream}, recorded in {out}. Ctrl-C ends it.\n"
    ))?;
    let up = async {
        match length {
            Some(length) => tokio::time::sleep(length).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = up => {}
        () = complain_once(&recorder, &out) => {}
    }
    let took = clock.now().as_secs_f64().round();
    let stopping = recorder.stop(DRAIN);
    let counts = tokio::select! {
        stopped = stopping => stopped?,
        // A second signal does not wait; what is in the file is whole but for its last line.
        _ = interrupt.recv() => return Ok(Exit::Interrupted),
        _ = terminate.recv() => return Ok(Exit::Interrupted),
    };
    output::print(&summary(&counts, Duration::from_secs(took as u64), &out))
}

/// Never ends; says once that the file cannot be written, as soon as that is so.
async fn complain_once(recorder: &Recorder, out: &str) {
    while !recorder.has_failed() {
        tokio::time::sleep(LOOK).await;
    }
    output::warn(&format!("{out} cannot be written any more; requests are forwarded all the same"));
    std::future::pending::<()>().await;
}

fn summary(counts: &RecordCounts, took: Duration, out: &str) -> String {
    let mut text = format!(
        "{} over {} in {}, {} recorded in {out}",
        counted(counts.requests, "request", "requests"),
        counted(counts.connections, "connection", "connections"),
        format_span(took),
        grouped(counts.recorded),
    );
    let rest = [
        (counts.dropped, "left out because the disk was behind"),
        (counts.unfit, "left out because they name no path"),
        (
            counts.not_forwarded,
            "answered with 502, because the upstream could not be reached or broke off",
        ),
    ];
    for (count, what) in rest.iter().filter(|(count, _)| *count > 0) {
        text.extend([", ", &grouped(*count), " ", *what]);
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_go_to_this_machine_unless_allowed() {
        let to = |url: &str, allowed: &[&str]| {
            let allowed: Vec<String> = allowed.iter().map(|one| (*one).to_owned()).collect();
            upstream(&Url::parse(url).unwrap(), &allowed)
        };
        let is = |host: &str, port| Ok(Upstream { host: host.to_owned(), port });
        assert_eq!(to("http://127.0.0.1:8080", &[]), is("127.0.0.1", 8080));
        assert_eq!(to("http://[::1]:8080/", &[]), is("::1", 8080));
        assert_eq!(to("http://gate.test", &["gate.test"]), is("gate.test", 80));
        let error = to("http://gate.test", &[]).unwrap_err();
        assert!(error.contains("--allow-target gate.test"), "{error}");
        for url in [
            "https://127.0.0.1",
            "http://127.0.0.1/api",
            "http://a:b@127.0.0.1",
            "http://127.0.0.1?x",
        ] {
            assert!(to(url, &[]).is_err(), "{url}");
        }
    }

    #[test]
    fn the_summary_tells_what_was_left_out() {
        let counts = RecordCounts {
            requests: 1_234,
            recorded: 1_230,
            dropped: 4,
            connections: 2,
            ..RecordCounts::default()
        };
        assert_eq!(
            summary(&counts, Duration::from_secs(60), "x.jsonl"),
            "1,234 requests over 2 connections in 1m, 1,230 recorded in x.jsonl, 4 left out because \
             the disk was behind\n"
        );
    }
}

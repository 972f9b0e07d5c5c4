//! What a run serves while it goes: the page, the metrics; and where it sends metrics.

use std::io::{self, IsTerminal as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs as _};
use std::str::FromStr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::live::metrics::exporter::Exported;
use crate::live::metrics::{Exporter, prometheus};
use crate::live::server::{self, Names};
use crate::live::{Feed, page};
use crate::report::Observer as _;
use crate::units::counted;

use super::live::LiveArgs;
use super::{Failure, output, terminal};

/// From one OTLP export to the next.
const EXPORT_EVERY: Duration = Duration::from_secs(5);

/// How long an open page has to fetch the report, where nothing else keeps the process.
const FAREWELL: Duration = Duration::from_secs(3);

/// How long connections have to end.
const DRAIN: Duration = Duration::from_secs(1);

/// Where to listen: a port of this machine alone, or an address with a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenAddr(SocketAddr);

impl FromStr for ListenAddr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(port) = text.trim_start_matches(':').parse::<u16>() {
            return Ok(Self((Ipv4Addr::LOCALHOST, port).into()));
        }
        let wrong = "expected a port such as 8600, or an address such as 127.0.0.1:8600";
        let Some((host, port)) = text.rsplit_once(':') else { return Err(wrong.to_owned()) };
        let is_known = host == "localhost"
            || host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
        if !is_known || port.parse::<u16>().is_err() {
            return Err(wrong.to_owned());
        }
        let found = text.to_socket_addrs().map_err(|error| error.to_string())?.next();
        found.map(Self).ok_or_else(|| wrong.to_owned())
    }
}

/// What is to be served, with its listeners open.
pub struct Serving {
    page: Option<(TcpListener, Names)>,
    metrics: Option<(TcpListener, Names)>,
    exporter: Option<Exporter>,
    linger: Linger,
    /// What was said of the addresses.
    warnings: Vec<String>,
}

/// How long everything stays after the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Linger {
    For(Duration),
    /// Somebody sits before it.
    UntilSignal,
}

/// What is served.
pub struct Served {
    thread: JoinHandle<io::Result<Option<Exported>>>,
    linger: Linger,
    page: Option<SocketAddr>,
    /// Where everything is, in words.
    announced: Vec<String>,
    feed: Arc<Feed>,
    /// Ends everything but the export, which ends with the run.
    stop: CancellationToken,
}

impl Serving {
    /// Opens the listeners, so that what cannot be listened on shows before anything is started.
    pub fn prepare(args: &LiveArgs) -> anyhow::Result<Self> {
        let served = [("--serve", args.serve), ("--metrics", args.metrics)];
        let warnings: Vec<String> =
            served.iter().filter_map(|(flag, at)| open_to_others(flag, (*at)?)).collect();
        for warning in &warnings {
            output::warn(warning);
        }
        let page = args.serve.map(|at| open("--serve", at)).transpose()?;
        let metrics = args.metrics.map(|at| open("--metrics", at)).transpose()?;
        let headers = std::env::var("OTEL_EXPORTER_OTLP_HEADERS").unwrap_or_default();
        let exporter = args.otlp.as_deref().map(|url| Exporter::new(url, &headers, EXPORT_EVERY));
        let exporter =
            exporter.transpose().map_err(|error| Failure::bad_input(error.to_string()))?;
        let attended =
            io::stdin().is_terminal() && io::stderr().is_terminal() && !terminal::in_ci();
        let linger = match args.linger {
            Some(time) => Linger::For(time),
            None if page.is_some() && attended => Linger::UntilSignal,
            None => Linger::For(Duration::ZERO),
        };
        let named = Names::known(&args.serve_name);
        let metrics = metrics.map(|listener| {
            // Behind another address a scraper may call it by any name, and sees no more for it.
            let is_local = listener.local_addr().is_ok_and(|at| at.ip().is_loopback());
            (listener, if is_local { named.clone() } else { Names::Any })
        });
        let page = page.map(|listener| (listener, named));
        Ok(Self { page, metrics, exporter, linger, warnings })
    }

    /// What was warned of, for a view that covers it.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Whether somebody wants counts.
    pub fn wants_tally(&self) -> bool {
        self.metrics.is_some() || self.exporter.is_some()
    }

    /// Serves on a thread of its own; `title` is the scenario's name and sentence.
    pub fn start(
        self,
        feed: &Arc<Feed>,
        title: (String, String),
    ) -> anyhow::Result<Option<Served>> {
        if self.page.is_none() && self.metrics.is_none() && self.exporter.is_none() {
            return Ok(None);
        }
        let (stop, linger) = (CancellationToken::new(), self.linger);
        let address = |listener: &Option<(TcpListener, Names)>| {
            listener.as_ref().map(|(listener, _)| listener.local_addr()).transpose()
        };
        let (page, metrics) = (address(&self.page)?, address(&self.metrics)?);
        let page_at = page.map(|at| format!("http://{at}/"));
        let metrics_at = metrics.map(|at| format!("http://{at}/metrics"));
        let announced: Vec<String> = [
            page_at.as_ref().map(|at| format!("the run can be watched at {at}")),
            metrics_at.as_ref().map(|at| format!("metrics are at {at}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        let addresses: Vec<String> = page_at.into_iter().chain(metrics_at).collect();
        feed.serves(&addresses);
        for text in &announced {
            feed.remark(text);
        }
        let (its_feed, its_stop) = (Arc::clone(feed), stop.clone());
        let thread = thread::Builder::new()
            .name("serve".to_owned())
            .spawn(move || self.serve(&its_feed, title, &its_stop))
            .context("cannot start the thread that serves")?;
        let feed = Arc::clone(feed);
        Ok(Some(Served { thread, linger, page, announced, feed, stop }))
    }

    fn serve(
        self,
        feed: &Feed,
        title: (String, String),
        stop: &CancellationToken,
    ) -> io::Result<Option<Exported>> {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().max_blocking_threads(8).build()?;
        let inside = runtime.enter();
        let mut listening = Vec::new();
        for (listener, routes) in [
            self.page.map(|at| (at, page::routes(feed.subscribe(), title, stop.clone()))),
            self.metrics.map(|at| (at, prometheus::routes(feed.subscribe()))),
        ]
        .into_iter()
        .flatten()
        {
            let (listener, names) = listener;
            let listener = tokio::net::TcpListener::from_std(listener)?;
            listening.push(tokio::spawn(server::serve(listener, routes, names, stop.clone())));
        }
        let exports = self.exporter.map(|exporter| tokio::spawn(exporter.run(feed.subscribe())));
        let served = runtime.block_on(async {
            let exported = match exports {
                Some(exports) => Some(exports.await.map_err(io::Error::other)?),
                None => None,
            };
            stop.cancelled().await;
            for task in listening {
                // What a slow browser has not read by then it does not get.
                if let Ok(ended) = timeout(DRAIN, task).await {
                    ended.map_err(io::Error::other)??;
                }
            }
            Ok(exported)
        });
        drop(inside);
        // A name that is being looked up for an export is not waited for.
        runtime.shutdown_timeout(DRAIN);
        served
    }
}

/// What is to be said of an address that others reach.
fn open_to_others(flag: &str, ListenAddr(at): ListenAddr) -> Option<String> {
    let text = format!("{flag} {at} is not of this machine alone: whoever reaches it sees the run");
    (!at.ip().is_loopback()).then_some(text)
}

fn open(flag: &str, ListenAddr(at): ListenAddr) -> anyhow::Result<TcpListener> {
    let listener =
        TcpListener::bind(at).with_context(|| format!("{flag}: cannot listen on {at}"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl Served {
    /// Where everything is, a sentence each.
    pub fn announced(&self) -> &[String] {
        &self.announced
    }

    /// Stays as long as it is to stay, ends, and says what failed.
    pub fn end(mut self, interrupted: Option<bool>) {
        self.linger = match (interrupted, self.linger) {
            (None, _) => Linger::For(Duration::ZERO),
            // Whoever ended the run is not made to end it twice.
            (Some(true), Linger::UntilSignal) => Linger::For(Duration::ZERO),
            (Some(_), linger) => linger,
        };
        match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => {
                runtime.block_on(async {
                    if let Err(error) = self.stay().await {
                        output::warn(&format!("cannot wait for signals: {error}"));
                    }
                });
            }
            Err(error) => output::warn(&format!("cannot wait for signals: {error}")),
        }
        self.stop.cancel();
        match self.thread.join() {
            Ok(Ok(Some(Exported { tried, failed, first_failure: Some(reason) }))) => {
                output::warn(&format!(
                    "OTLP: {failed} of {} failed, the first {reason}",
                    counted(tried, "export", "exports")
                ));
            }
            Ok(Ok(_)) => {}
            Ok(Err(error)) => output::warn(&format!("what the run served ended early: {error}")),
            Err(_) => output::warn("what the run served panicked; the run went on without it"),
        }
    }

    async fn stay(&self) -> io::Result<()> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        match self.linger {
            Linger::UntilSignal => {
                if let Some(at) = self.page {
                    output::say(&format!("The report is at http://{at}/ until Ctrl-C."));
                }
            }
            Linger::For(time) if time > Duration::ZERO => {}
            Linger::For(_) => return self.farewell().await,
        }
        let time = async {
            match self.linger {
                Linger::For(time) => sleep(time).await,
                Linger::UntilSignal => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = time => {}
        }
        Ok(())
    }

    /// Lets pages that are open fetch the report.
    async fn farewell(&self) -> io::Result<()> {
        if self.feed.listeners() == 0 {
            return Ok(());
        }
        let gone = async {
            while self.feed.listeners() > 0 {
                sleep(Duration::from_millis(20)).await;
            }
            // A page that was told of the end asks for the report at once.
            sleep(Duration::from_millis(500)).await;
        };
        let _ = timeout(FAREWELL, gone).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_is_of_this_machine() {
        let at = |text: &str| text.parse::<ListenAddr>().map(|ListenAddr(at)| at.to_string());
        assert_eq!(at("8600").as_deref(), Ok("127.0.0.1:8600"));
        assert_eq!(at(":8600").as_deref(), Ok("127.0.0.1:8600"));
        assert_eq!(at("0.0.0.0:8600").as_deref(), Ok("0.0.0.0:8600"));
        assert_eq!(at("[::1]:0").as_deref(), Ok("[::1]:0"));
        for text in ["", "host", "example.org:80", "127.0.0.1", "127.0.0.1:99999"] {
            assert!(at(text).is_err(), "{text}");
        }
    }
}

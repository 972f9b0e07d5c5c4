//! What TLS can meet with: certificates that are not believed, names that are not theirs, servers
//! that want to know who asks.

use std::sync::Arc;
use std::time::Duration;

use substorm::clock::Clock;
use substorm::outcome::{Class, Failure};
use substorm::wire::http1::Limits;
use substorm::wire::transport::{
    Approach, Dialer, Endpoint, Reach, TlsPlan, TlsVersion, Version, Via,
};
use substorm::wire::{
    Connected, Connection as _, Connector as _, RawConnector, RequestSpec, Template, Values,
};

use super::certificates::{Authority, Clients};
use super::front::{self, Front, Options};
use super::world::World;

fn approach(front: &Front, tls: TlsPlan) -> Approach {
    let endpoint = Endpoint { host: "localhost".to_owned(), port: front.address.port() };
    Approach { endpoint, via: Via::Direct, tls: Some(tls), version: Version::Http1 }
}

/// The status of one request, and how long the handshake took.
async fn ask(approach: Approach) -> Result<(u16, Duration), Failure> {
    let reach = Arc::new(Reach::new(approach).unwrap());
    let connector = RawConnector::new(Clock::start(), reach, Limits::default());
    let Connected { mut connection, set_up, .. } = connector.connect().await?;
    let spec = RequestSpec { method: "GET".into(), path: "/".into(), ..RequestSpec::default() };
    let values = Values { user: "", number: 0, seq: 0, uuid: 0, token: b"t" };
    connection.stage(&Template::new(&spec, "localhost").unwrap(), &values);
    connection.send().await?;
    let received = connection.receive(|seen| seen.status).await?;
    Ok((received.value, set_up.unwrap().tls.unwrap()))
}

#[tokio::test]
async fn only_certificates_that_are_vouched_for_are_believed() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, others) =
        (Authority::new(folder.path(), "ours"), Authority::new(folder.path(), "others"));
    let config = ours.server(&["localhost", "other.test"], Clients::Anybody);
    // Nobody behind it: the front itself answers 502, which is an answer.
    let nobody = ([127, 0, 0, 1], 1).into();
    let front = front::on_tcp(nobody, Options::tls(config, &["http/1.1"])).await;
    let ca = |name: &str| vec![folder.path().join(format!("{name}.pem"))];
    let trusting = |name: &str| TlsPlan { ca: ca(name), ..TlsPlan::default() };

    for version in [TlsVersion::Auto, TlsVersion::Tls12, TlsVersion::Tls13] {
        let plan = TlsPlan { version, ..trusting("ours") };
        let (status, handshake) = ask(approach(&front, plan)).await.unwrap();
        assert_eq!(status, 502);
        let bounds = Duration::from_micros(50)..Duration::from_secs(5);
        assert!(bounds.contains(&handshake), "{handshake:?}");
    }
    let refused = ask(approach(&front, trusting("others"))).await;
    assert_eq!(refused, Err(Failure::Tls));
    assert_eq!(Failure::Tls.class(), Class::Tls);

    let other_name = Some("other.test".to_owned());
    let plan = TlsPlan { server_name: other_name, ..trusting("ours") };
    assert_eq!(ask(approach(&front, plan)).await.map(|(status, _)| status), Ok(502));
    let wrong_name = Some("wrong.test".to_owned());
    let plan = TlsPlan { server_name: wrong_name.clone(), ..trusting("ours") };
    assert_eq!(ask(approach(&front, plan)).await, Err(Failure::Tls));
    let plan = TlsPlan { insecure: true, server_name: wrong_name, ..TlsPlan::default() };
    assert_eq!(ask(approach(&front, plan)).await.map(|(status, _)| status), Ok(502));
    drop(others);
}

#[tokio::test]
async fn a_server_may_want_a_certificate_of_the_client() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::new(folder.path(), "ours");
    let config = ours.server(&["localhost"], Clients::Of(&ours));
    let client = ours.issue("client", &["mary.test"]);
    let others = Authority::new(folder.path(), "others");
    let stranger = others.issue("stranger", &["mary.test"]);
    let nobody = ([127, 0, 0, 1], 1).into();
    let front = front::on_tcp(nobody, Options::tls(config, &["http/1.1"])).await;
    let ca = vec![folder.path().join("ours.pem")];
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let plan = |client| TlsPlan { ca: ca.clone(), client, version, ..TlsPlan::default() };
        let known = ask(approach(&front, plan(Some(client.clone())))).await;
        assert_eq!(known.map(|(status, _)| status), Ok(502));
        for client in [None, Some(stranger.clone())] {
            let refused = ask(approach(&front, plan(client.clone()))).await;
            assert_eq!(refused, Err(Failure::Tls), "{version:?} {client:?}");
        }
    }
}

#[tokio::test]
async fn sessions_are_resumed_only_if_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::new(folder.path(), "ours");
    let config = ours.server(&["localhost"], Clients::Anybody);
    let nobody = ([127, 0, 0, 1], 1).into();
    let front = front::on_tcp(nobody, Options::tls(config, &["http/1.1"])).await;
    for resume in [false, true] {
        let ca = vec![folder.path().join("ours.pem")];
        let plan = TlsPlan { ca, resume, ..TlsPlan::default() };
        let reach = Arc::new(Reach::new(approach(&front, plan)).unwrap());
        let connector = RawConnector::new(Clock::start(), Arc::clone(&reach), Limits::default());
        let spec = RequestSpec { method: "GET".into(), path: "/".into(), ..RequestSpec::default() };
        let template = Template::new(&spec, "localhost").unwrap();
        let values = Values { user: "", number: 0, seq: 0, uuid: 0, token: b"t" };
        // Tickets come with the first answer.
        let mut first = connector.connect().await.unwrap().connection;
        first.stage(&template, &values);
        first.send().await.unwrap();
        first.receive(|_| ()).await.unwrap();
        let dialed = Dialer::new(Clock::start(), reach).dial().await.unwrap();
        let substorm::wire::transport::Stream::Tls(tls) = &dialed.stream else { panic!("TLS") };
        let kind = tls.get_ref().1.handshake_kind();
        let resumed = kind == Some(rustls::HandshakeKind::Resumed);
        assert_eq!(resumed, resume, "{kind:?}");
    }
}

#[tokio::test]
async fn handshakes_that_cannot_be_say_what_to_change() {
    let folder = tempfile::tempdir().unwrap();
    let config = Authority::new(folder.path(), "ca").server(&["localhost"], Clients::Anybody);
    let nobody = ([127, 0, 0, 1], 1).into();
    let front = front::on_tcp(nobody, Options::tls(config, &["http/1.1"])).await;
    let insecure = || TlsPlan { insecure: true, ..TlsPlan::default() };
    let error = |approach| async move {
        let reach = Arc::new(Reach::new(approach).unwrap());
        Dialer::new(Clock::start(), reach).dial().await.unwrap_err().to_string()
    };
    let h2 = Approach { version: Version::Http2, ..approach(&front, insecure()) };
    let text = error(h2).await;
    assert!(text.contains("target.http"), "{text}");
    // Somebody who answers any hello in plain text.
    let plain = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = plain.local_addr().unwrap().port();
    let answering = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let (mut stream, _) = plain.accept().await.unwrap();
        let _ = stream.read(&mut [0; 512]).await;
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let endpoint = Endpoint { host: "localhost".to_owned(), port };
    let text = error(Approach { endpoint, ..approach(&front, insecure()) }).await;
    answering.await.unwrap();
    assert!(text.contains("write http instead of https in target.url"), "{text}");
    let gone = Endpoint { host: "127.0.0.1".to_owned(), port: 1 };
    let proxy = substorm::wire::transport::Proxy { endpoint: gone, credentials: None };
    let text = error(Approach { via: Via::Proxy(proxy), ..approach(&front, insecure()) }).await;
    assert!(text.contains("the proxy 127.0.0.1:1") && text.contains("target.proxy"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_is_not_believed_ends_a_run_before_it_begins() {
    let world = World::start().await;
    let config = Authority::new(world.folder(), "ca").server(&["localhost"], Clients::Anybody);
    let _others = Authority::new(world.folder(), "others");
    let options = Options::tls(config, &["http/1.1"]);
    let front = front::on_tcp(world.stack.gateway(), options).await;
    let url = format!("url = \"https://localhost:{}\"", front.address.port());
    let ran = world.run(&format!("{url}\ntls = {{ ca = [\"others.pem\"] }}"), "").await;
    assert_eq!(ran.code, 3, "{}", ran.output);
    for part in ["TLS handshake", "nobody who is trusted", "target.tls.ca"] {
        assert!(ran.output.contains(part), "{part} not in {}", ran.output);
    }
    assert!(ran.run.is_null(), "nothing was recorded, so no folder is left");
    assert!(!ran.output.contains("seeding"), "nobody is seeded there: {}", ran.output);
    let ran = world.run(&format!("{url}\ntls = {{ insecure = true }}"), "").await;
    world.stop().await;
    assert_eq!(ran.code, 0, "{}", ran.output);
    assert!(ran.output.contains("not checked (insecure)"), "{}", ran.output);
    let approach = ran.run["approach"].as_str().unwrap();
    assert!(approach.contains("insecure"), "{approach}");
    assert!(
        approach.starts_with("HTTP/1.1 over TLS"),
        "the version that was agreed on: {approach}"
    );
    let handshakes = ran.run["connections"]["tls"]["count"].as_u64().unwrap();
    assert_eq!(handshakes, ran.run["connections"]["opened"].as_u64().unwrap());
    assert!(handshakes > 0);
}

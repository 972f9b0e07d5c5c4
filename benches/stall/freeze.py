"""The stall: a server that answers at once stands still for a second, once, under a constant rate.

Without coordinated omission, a request that was due while the server stood still has waited until it went
on. With a freeze of D, the k-th slowest of the requests was due k gaps after its beginning, so it has waited D − k gaps;
that gives each percentile. (Where the freeze began between two instants is not known: half a gap is taken off, and
half a gap either way is the theory's own error.)
"""

import math

from rig.bench import say
from rig.programs import KnownServer
from rig.substorm import Scenario, Substorm

RATE = 1_000
SECONDS = 10
FREEZE_AFTER_MS = 4_000
FREEZE_MS = 1_000
TOLERANCE = 0.01
PERCENTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999, "max": 1.0}
JUDGED = ("p99", "p999", "max")


def theory_ms(quantile, count, frozen_ms, rate):
    """The response time at this quantile of `count` requests; 0 is a server that answers at once."""
    slower = count - math.ceil(quantile * count)
    gap = 1_000 / rate
    return max(0.0, frozen_ms - (slower + 0.5) * gap)


def run(bench, tokens_file, users):
    """Table lines, and whether all that is judged is within the tolerance."""
    head = ["connections", "", *PERCENTILES]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    good = True
    for connections in (50, 2_000):
        server = KnownServer(bench, "--freeze-after-ms", FREEZE_AFTER_MS, "--freeze-for-ms", FREEZE_MS)
        scenario = Scenario(
            name="stall",
            url=server.url,
            arrival=f'{{ constant = "{RATE}/s" }}',
            seconds=SECONDS,
            connections=connections,
            tokens=tokens_file,
            users=users,
        )
        result = Substorm(bench).run(scenario)
        frozen_ms = server.frozen_ms()
        server.stop()
        for doubt in result.doubts():
            say(f"with {connections} connections: {doubt}")
            good = False
        response, service = result.latency_us("response"), result.latency_us("service")
        theory = {name: theory_ms(q, response["count"], frozen_ms, RATE) for name, q in PERCENTILES.items()}
        shown = {name: f"{response[name] / 1e3:.1f}" for name in PERCENTILES}
        for name in JUDGED:
            off = response[name] / 1e3 / theory[name] - 1
            holds = abs(off) <= TOLERANCE
            good &= holds
            shown[name] += f" ({off:+.2%}{'' if holds else ', **too far**'})"
        rows = {
            f"theory, frozen for {frozen_ms:.1f} ms": {name: f"{theory[name]:.1f}" for name in PERCENTILES},
            "response time": shown,
            "service time": {name: f"{service[name] / 1e3:.1f}" for name in PERCENTILES},
        }
        for label, cells in rows.items():
            lines.append(f"| {connections:,} | {label} | " + " | ".join(cells.values()) + " |")
    return lines, good

"""The accuracy: what Substorm measures of a server that answers after a known time.

What is beyond the delay is loopback's own cost, which a bare blocking client measures against the same server with
a delay of 0, and Substorm's error.
"""

from statistics import median

from rig import programs
from rig.programs import KnownServer
from rig.substorm import Scenario, Substorm

RATE = 1_000
DELAYS_US = (0, 1_000, 10_000)
LIMIT_US = 60


def run(bench, tokens_file, users, rounds, seconds):
    """Table lines, and whether the error is within the limit at each delay."""
    bare = {delay: [] for delay in DELAYS_US}
    response = {delay: [] for delay in DELAYS_US}
    service = {delay: [] for delay in DELAYS_US}
    doubts = set()
    for _ in range(rounds):
        for delay in DELAYS_US:
            server = KnownServer(bench, "--delay-us", delay)
            # One connection cannot have a request out while it waits for the last answer.
            rate = min(RATE, 500_000 // max(delay, 1))
            address = server.url.removeprefix("http://").rstrip("/")
            said, _ = programs.says(bench, "bare_client", address, rate, seconds, limit_s=seconds + 20)
            bare[delay].append(said["p50"] - delay)
            scenario = Scenario(
                name="accuracy",
                url=server.url,
                arrival=f'{{ constant = "{RATE}/s" }}',
                seconds=seconds,
                connections=50,
                tokens=tokens_file,
                users=users,
            )
            result = Substorm(bench).run(scenario)
            server.stop()
            doubts.update(result.doubts())
            response[delay].append(result.latency_us("response")["p50"] - delay)
            service[delay].append(result.latency_us("service")["p50"] - delay)
    loopback = median(bare[0])
    head = ["delay, ms", "bare client", "service time", "response time", "error"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    good = not doubts
    for delay in DELAYS_US:
        error = median(response[delay]) - loopback
        holds = abs(error) <= LIMIT_US
        good &= holds
        cells = [f"{delay / 1e3:g}", *(f"{median(each[delay]):.0f}" for each in (bare, service, response))]
        lines.append("| " + " | ".join(cells) + f" | {error:+.0f}{'' if holds else ' **too far**'} |")
    return lines + [f"- {doubt}" for doubt in sorted(doubts)], good

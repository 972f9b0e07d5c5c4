"""The command line; `run.sh` starts it.

Twice the cores should carry twice the requests. With k cores, k workers of Substorm and k workers of nginx
share all of them, so that neither side has anything that the other lacks; what a core then carries less than
the one core of the same round is what the workers cost each other.
"""

import argparse
import os
from statistics import median

from rig import machine, tokens
from rig.bench import Bench, Trouble, fail, say
from rig.nginx import Nginx
from rig.substorm import Scenario, Substorm, program, version

CONNECTIONS = 50
"""For each worker."""
LIMIT = 0.9
"""Of what k times one core carries, the least that k cores must carry."""


def main():
    """Gives the exit code: 1 if the workers cost each other too much."""
    parser = argparse.ArgumentParser(prog="benches/scale/run.sh", description="Counts requests by workers and cores.")
    parser.add_argument("--rounds", type=int, default=5, help="of all numbers of workers [default: 5]")
    parser.add_argument("--seconds", type=int, default=5, help="of each run [default: 5]")
    args = parser.parse_args()
    if not 1 <= args.rounds <= 100 or not 1 <= args.seconds <= 120:
        parser.error("--rounds takes 1 to 100, --seconds 1 to 120")
    program()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise Trouble("more than one worker wants more than one core")
    counts = [count for count in (1, 2, 4, 8, 16, 32, 64) if count <= len(cores)]
    rates = {count: [] for count in counts}
    with Bench(limit_s=60 + args.rounds * len(counts) * (args.seconds + 30)) as bench:
        tokens_file = bench.path("tokens.txt")
        tokens.write(tokens_file)
        for number in range(args.rounds):
            say(f"round {number + 1} of {args.rounds}")
            for count in counts if number % 2 == 0 else reversed(counts):
                rate = _rate(bench, tokens_file, cores[:count], args.seconds)
                say(f"  {count} workers  {rate:,.0f}/s")
                rates[count].append(rate)
    print(f"{machine.described()}; substorm {version()}\n")
    print(f"{args.rounds} rounds of {args.seconds} s, {CONNECTIONS} connections a worker; medians, and of the ratios")
    print("min / median / max over the rounds.\n")
    lines, good = _table(rates)
    print("\n".join(lines))
    return 0 if good else 1


def _rate(bench, tokens_file, cores, seconds):
    """Requests a second that these cores carry, the server's part included."""
    nginx = Nginx(bench, cores)
    scenario = Scenario(
        name="scale",
        url=nginx.url("plain"),
        arrival=f"{{ closed = {CONNECTIONS * len(cores)} }}",
        seconds=seconds,
        connections=CONNECTIONS * len(cores),
        tokens=tokens_file,
        users=tokens.COUNT,
        workers=len(cores),
    )
    try:
        result = Substorm(bench).run(scenario, cores=cores)
    finally:
        nginx.stop()
    for doubt in result.doubts():
        say(f"  {len(cores)} workers: {doubt}")
    return result.requests / seconds


def _table(rates):
    """Markdown lines, and whether every number of workers carries enough."""
    lines = ["| workers and cores | requests/s | ÷ those of one | at least |  |", "|---|---|---|---|---|"]
    good = True
    for count, of_count in rates.items():
        ratios = [rate / one for rate, one in zip(of_count, rates[1])]
        spread = " / ".join(f"{value:.2f}" for value in (min(ratios), median(ratios), max(ratios)))
        holds = median(ratios) >= LIMIT * count
        good &= holds
        said = ("", "") if count == 1 else (f"{LIMIT * count:.2f}", "holds" if holds else "**does not hold**")
        lines.append(f"| {count} | {median(of_count):,.0f} | {spread} | {said[0]} | {said[1]} |")
    return lines, good


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except Trouble as trouble:
        fail(trouble)

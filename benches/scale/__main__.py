"""The command line; `run.sh` starts it.

Twice the cores should carry twice the requests. With k cores, k workers of Substorm and k workers of nginx
share all of them, so that neither side has anything that the other lacks. What k cores then carry less than k
times one core is what cores cost each other, or what workers do: k processes of one worker each, on the same
cores beside the same nginx, share nothing but the machine and tell the two apart.
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
LIMIT = 1.0
"""Of what k processes of one worker carry, the least that k workers of one process must carry."""


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
    ways = [(count, 1) for count in counts] + [(1, count) for count in counts[1:]]
    rates = {way: [] for way in ways}
    with Bench(limit_s=60 + args.rounds * len(ways) * (args.seconds + 30)) as bench:
        tokens_file = bench.path("tokens.txt")
        tokens.write(tokens_file)
        for number in range(args.rounds):
            say(f"round {number + 1} of {args.rounds}")
            for way in ways if number % 2 == 0 else reversed(ways):
                rate = _rate(bench, tokens_file, cores, way, args.seconds)
                say(f"  {_named(way)}  {rate:,.0f}/s")
                rates[way].append(rate)
    print(f"{machine.described()}; substorm {version()}\n")
    print(f"{args.rounds} rounds of {args.seconds} s, {CONNECTIONS} connections a worker; medians, and of the ratios")
    print("min / median / max over the rounds.\n")
    lines, good = _table(rates)
    print("\n".join(lines))
    return 0 if good else 1


def _named(way):
    workers, processes = way
    each = f"{workers} worker" + ("s" if workers > 1 else "")
    return each if processes == 1 else f"{processes} processes of {each}"


def _rate(bench, tokens_file, cores, way, seconds):
    """Requests a second that as many cores as workers carry, the server's part included."""
    workers, processes = way
    cores = cores[: workers * processes]
    nginx = Nginx(bench, cores)
    scenarios = [
        Scenario(
            name=f"scale-{number}",
            url=nginx.url("plain"),
            arrival=f"{{ closed = {CONNECTIONS * workers} }}",
            seconds=seconds,
            connections=CONNECTIONS * workers,
            tokens=tokens_file,
            users=tokens.COUNT,
            workers=workers,
        )
        for number in range(processes)
    ]
    try:
        results = Substorm(bench).run_together(scenarios, cores)
    finally:
        nginx.stop()
    for result in results:
        for doubt in result.doubts():
            say(f"  {_named(way)}: {doubt}")
    return sum(result.requests for result in results) / seconds


def _table(rates):
    """Markdown lines, and whether every number of workers carries enough."""
    lines = ["| workers and cores | requests/s | ÷ one worker | processes of one ÷ one | ÷ these processes | at least |  |"]
    lines.append("|---|---|---|---|---|---|---|")
    good = True
    for (workers, processes), of_these in rates.items():
        if processes > 1:
            continue
        cells = [f"{workers}", f"{median(of_these):,.0f}", _ratios(of_these, rates[(1, 1)])]
        if workers == 1:
            cells += ["", "", "", ""]
        else:
            apart = rates[(1, workers)]
            holds = median(a / b for a, b in zip(of_these, apart)) >= LIMIT
            good &= holds
            cells += [_ratios(apart, rates[(1, 1)]), _ratios(of_these, apart), f"{LIMIT:.2f}"]
            cells.append("holds" if holds else "**does not hold**")
        lines.append("| " + " | ".join(cells) + " |")
    return lines, good


def _ratios(some, others):
    values = [a / b for a, b in zip(some, others)]
    return " / ".join(f"{value:.2f}" for value in (min(values), median(values), max(values)))


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except Trouble as trouble:
        fail(trouble)

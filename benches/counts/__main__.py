"""The command line of the count; `run.sh` starts it."""

import argparse
import shutil

from rig import tokens
from rig.bench import Bench, Trouble, fail, say
from rig.nginx import Nginx
from counts import profile
from counts.counters import Instructions, SystemCalls
from counts.subjects import OfSubstorm, Wrk, WrkTokens

LIMITS = {SystemCalls: 2.1, Instructions: 7_000}
"""What one request of Substorm may take."""


def main():
    """Gives the exit code: 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="benches/counts/run.sh", description="Counts what a request takes.")
    parser.add_argument("--seconds", type=int, default=3, help="length of a run [default: 3]")
    parser.add_argument("--no-peers", action="store_true", help="Substorm only")
    parser.add_argument("--profile", metavar="FILE", help="write there where the instructions of a request go")
    args = parser.parse_args()
    if not 2 <= args.seconds <= 120:
        parser.error("--seconds takes 2 to 120")

    rows, good = [], True
    with Bench(limit_s=600 + 12 * args.seconds) as bench:
        url = Nginx(bench).url("plain")
        tokens.write(bench.path("tokens.txt"))
        subjects = [OfSubstorm]
        if not args.no_peers and shutil.which("wrk"):
            subjects += [Wrk, WrkTokens]
        elif not args.no_peers:
            say("wrk is not there (apt install wrk); going on without it")
        counters = {kind: kind(bench) for kind in LIMITS}
        for kind in subjects:
            subject = kind(bench, url, bench.path("tokens.txt"))
            row = [subject.name]
            for counter, limit in LIMITS.items():
                count, requests = subject.per_request(counters[counter], args.seconds)
                say(f"{subject.name}: {count:,.2f} {counter.name} a request ({requests:,} requests)")
                row.append(f"{count:,.2f}" if limit < 100 else f"{count:,.0f}")
                if kind is OfSubstorm and count > limit:
                    row[-1] += f" (limit {limit:,}: **exceeded**)"
                    good = False
                elif kind is OfSubstorm:
                    row[-1] += f" (limit {limit:,})"
            rows.append(row)
            if kind is OfSubstorm and args.profile:
                counter = counters[Instructions]
                profile.write(counter.report("busy"), counter.report("idle"), requests, args.profile)
    print("| a request takes | " + " | ".join(each.name for each in LIMITS) + " |")
    print("|" + "---|" * (len(LIMITS) + 1))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    return 0 if good else 1


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except Trouble as trouble:
        fail(trouble)

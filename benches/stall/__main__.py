"""The command line; `run.sh` starts it."""

import argparse

from rig import machine, tokens
from rig.bench import Bench, Trouble, fail
from rig.substorm import program, version
from stall import accuracy, freeze


def main():
    """Gives the exit code: 1 if a figure is too far from what it must be."""
    parser = argparse.ArgumentParser(prog="benches/stall/run.sh", description="Checks the times that are reported.")
    parser.add_argument("what", nargs="?", default="all", choices=["stall", "accuracy", "all"])
    parser.add_argument("--rounds", type=int, default=3, help="of the accuracy [default: 3]")
    parser.add_argument("--seconds", type=int, default=5, help="of each run of the accuracy [default: 5]")
    args = parser.parse_args()
    if not 1 <= args.rounds <= 100 or not 1 <= args.seconds <= 120:
        parser.error("--rounds takes 1 to 100, --seconds 1 to 120")
    program()
    good = True
    with Bench(limit_s=200 + args.rounds * 3 * (2 * args.seconds + 60)) as bench:
        tokens_file = bench.path("tokens.txt")
        tokens.write(tokens_file)
        print(f"{machine.described()}; substorm {version()}\n", flush=True)
        if args.what in ("stall", "all"):
            lines, holds = freeze.run(bench, tokens_file, tokens.COUNT)
            good &= holds
            print(f"## One stall of {freeze.FREEZE_MS / 1000:.1f} s in {freeze.SECONDS} s at {freeze.RATE:,}/s\n")
            print("Milliseconds, and how far from the theory.\n")
            print("\n".join(lines) + "\n", flush=True)
        if args.what in ("accuracy", "all"):
            lines, holds = accuracy.run(bench, tokens_file, tokens.COUNT, args.rounds, args.seconds)
            good &= holds
            print(f"## A known delay at {accuracy.RATE:,}/s\n")
            print(f"Medians (p50) beyond the delay in µs, of {args.rounds} rounds. The error is the response time less")
            print(f"the bare client's at a delay of 0; at most {accuracy.LIMIT_US} either way.\n")
            print("\n".join(lines), flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except Trouble as trouble:
        fail(trouble)

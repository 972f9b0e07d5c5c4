"""The command line of the comparison; `run.sh` starts it."""

import argparse

from rig import machine, tokens
from rig.bench import Bench, Trouble, fail, say
from rig.nginx import Nginx
from rig.substorm import program
from peers import results, rounds
from peers.modes import MODES
from peers.tools import Work

CONNECTIONS = 50


def arguments():
    """Parsed, with what is out of range refused."""
    parser = argparse.ArgumentParser(
        prog="benches/peers/run.sh",
        description="Compares Substorm with the load generators that are installed, against nginx on loopback.",
    )
    parser.add_argument("mode", nargs="?", default="cost", choices=[*(mode.name for mode in MODES), "all"])
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="rounds of all tools [default: 7]")
    parser.add_argument("--seconds", type=int, metavar="S", help="of each tool in a round [default: the mode's]")
    parser.add_argument("--rate", type=int, metavar="R", help="open: only this rate, instead of the mode's")
    parser.add_argument("--only", metavar="A,B", help="of the other programs these, such as wrk,oha")
    parser.add_argument("--keep", metavar="FILE", help="add the rounds to this file; the tables are of all in it")
    parser.add_argument("--write", action="store_true", help="put the tables into RESULTS.md")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a limit does not hold")
    args = parser.parse_args()
    if not 0 <= args.rounds <= 1000 or not 1 <= (args.seconds or 1) <= 600:
        parser.error("--rounds takes 0 to 1000, --seconds 1 to 600")
    if args.rate is not None and not (args.mode == "open" and 1 <= args.rate <= 1_000_000):
        parser.error("--rate takes 1 to 1000000, with the mode open")
    if args.rounds == 0 and not args.keep:
        parser.error("no rounds: --rounds 0 makes the tables of those in a file, so it needs --keep")
    return args


def installed(mode, only):
    """The tools of a mode that are there; says which are not."""
    found = []
    for tool in mode.tools:
        if tool.theirs and only and tool.program not in only:
            continue
        if tool.available():
            found.append(tool)
        else:
            say(f"{tool.name} is not there ({tool.package}); going on without it")
    return found


def measure(mode, tools, args, bench, nginx):
    """All rounds of a mode, at each of its rates."""
    done = []
    work = Work(
        bench=bench,
        url=nginx.url(mode.port),
        seconds=args.seconds or mode.seconds,
        connections=CONNECTIONS,
        streams=mode.streams,
        tokens=bench.path("tokens.txt"),
        users=tokens.COUNT,
        certificate=nginx.certificate,
    )
    for turn in range(args.rounds):
        for work.rate in (args.rate,) if args.rate else mode.rates:
            say(f"{mode.name} round {turn + 1} of {args.rounds}" + (f", {work.rate:,}/s" if work.rate else ""))
            done.append(rounds.run(mode, tools, work, nginx, backwards=turn % 2 == 1))
    return done


def kept(mode, path, done):
    """The rounds of this mode in the file, with the new ones added to it."""
    with open(path, "a", encoding="utf-8") as out:
        out.writelines(each.line() + "\n" for each in done)
    with open(path, encoding="utf-8") as lines:
        found = [rounds.Round.of_line(line) for line in lines]
    return [each for each in found if each.mode == mode.name]


def main():
    """Gives the exit code."""
    args = arguments()
    modes = [mode for mode in MODES if args.mode in (mode.name, "all")]
    only = args.only.split(",") if args.only else None
    program()
    longest = sum(
        args.rounds * len(mode.rates) * len(mode.tools) * ((args.seconds or mode.seconds) + 30) for mode in modes
    )
    hold = True
    with Bench(limit_s=longest + 60) as bench:
        nginx = Nginx(bench)
        tokens.write(bench.path("tokens.txt"))
        for mode in modes:
            tools = installed(mode, only)
            done = measure(mode, tools, args, bench, nginx)
            if args.keep:
                done = kept(mode, args.keep, done)
            if not done:
                say(f"{mode.name}: no rounds")
                continue
            versions = [f"{tool.program} {tool.version()}".strip() for tool in {t.program: t for t in tools}.values()]
            whose = f"{machine.described()}; nginx {nginx.version()}, {', '.join(versions)}."
            table, good = mode.table(done, tools, CONNECTIONS)
            hold &= good
            text = "\n".join([whose, "", *table])
            print(f"## {mode.title}\n\n{text}\n", flush=True)
            if args.write:
                results.write(mode.title, text)
    return 0 if hold or not args.check else 1


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except Trouble as trouble:
        fail(trouble)

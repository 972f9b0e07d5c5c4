"""Starts a run that is watched, and reads what it left."""

import json
import os
import pathlib
import re
import subprocess


def start(program, scenario, out, *arguments, **environment):
    """Starts `substorm run` with these arguments; gives the process."""
    names = ("CI", "GITHUB_ACTIONS")
    clean = {name: value for name, value in os.environ.items() if name not in names}
    return subprocess.Popen(
        [program, "run", scenario, "--out", out, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**clean, **environment},
    )


def address(run, what):
    """Reads what the run says until it names an address of `what`."""
    said = []
    for line in run.stderr:
        said.append(line)
        found = re.search(rf"{what}.* at (http://\S+)", line)
        if found:
            return found[1]
    raise AssertionError(f"no address of {what} in {said}")


def report(out):
    """The run's `run.json`."""
    (folder,) = pathlib.Path(out).iterdir()
    return json.loads((folder / "run.json").read_text())


def measured(report, of):
    """Counts of a kind in `run.json`, by phase and name, without zeros."""
    by_phase = report[of]["by_phase"]
    return {
        (phase, name): count
        for phase, names in by_phase.items()
        for name, count in names.items()
        if count
    }


def latencies(report, kind):
    """How many times each phase and class has, of a kind; `*` is all of them."""
    return {
        (row["phase"], row["class"]): row["count"]
        for row in report["latency"]
        if row["kind"] == kind and "*" not in (row["phase"], row["class"])
    }


def sums_fit(report, kind, sums):
    """Fails if sums of times, in seconds, cannot be those of a kind in `run.json`."""
    for row in report["latency"]:
        if row["kind"] != kind or "*" in (row["phase"], row["class"]):
            continue
        found = sums[(row["phase"], row["class"])] * 1e6
        # Half of them took the median or longer, and none more than the greatest; to the width of
        # a histogram's cell.
        least, most = row["p50"] * (row["count"] // 2), row["max"] * row["count"]
        assert least * 0.99 <= found <= most * 1.01, f"{kind} {row}: a sum of {found} us"


def buckets_fit(report, kind, buckets):
    """Fails if buckets cannot be those of a kind in `run.json`.

    They are pairs of a bound in seconds and how many times do not exceed it.
    """
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    for row in report["latency"]:
        if row["kind"] != kind or "*" in (row["phase"], row["class"]):
            continue
        found = buckets[(row["phase"], row["class"])]
        assert len(found) == 21, found
        for name, share in shares.items():
            value, wanted = row[name] / 1e6, share * row["count"]
            for bound, up_to in found:
                # To the width of a histogram's cell.
                if bound > value * 1.01:
                    assert up_to >= wanted - 1, f"{kind} {row}: {up_to} up to {bound} s"
                if bound < value * 0.99:
                    assert up_to <= wanted + 1, f"{kind} {row}: {up_to} up to {bound} s"


def equal(what, found, wanted):
    """Fails with both where they differ."""
    assert found == wanted, f"{what}\nfound  {found}\nwanted {wanted}"

"""Substorm as a bench runs it: its scenario, its run, and what its report says.

The scenario is the same for all benches but for the target and the arrival process: a request is
`GET /` with the bearer token of one of 10,000 users, from a file that all generators read.
"""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass

from rig.bench import ROOT, Trouble

SCENARIO = """\
name = "{name}"
about = "Made by a bench."
seed = 1

[population]
users = {users}

[token]
source = {{ file = "{tokens}" }}

[target]
url = "{url}"
identity = "none"
{target}
[[route]]
request = "GET /"

[load]
workers = {workers}
connections = {connections}
request_timeout = "60s"
send_lag_limit = "720h"
{load}
[[phase]]
name = "all"
for = "{seconds}s"
arrival = {arrival}
"""


@dataclass
class Scenario:
    """What differs from bench to bench. `target` and `load` are further lines of these tables."""

    name: str
    url: str
    arrival: str
    seconds: float
    connections: int
    tokens: object
    users: int
    target: str = ""
    load: str = ""
    workers: int = 1

    def text(self):
        fields = {**vars(self), "url": self.url.rstrip("/")}
        fields["seconds"] = f"{self.seconds:g}"
        return SCENARIO.format(**fields)


def program():
    """The program to be measured: SUBSTORM, or else the release build."""
    named = os.environ.get("SUBSTORM")
    path = shutil.which(named or ROOT / "target/release/substorm")
    if path is None:
        raise Trouble(f"{named or 'target/release/substorm'} is not there: cargo build --release --locked")
    return os.path.abspath(path)


def version():
    """As it says of itself; if it is this source's release build, with the commit."""
    says = subprocess.run([program(), "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    if os.environ.get("SUBSTORM"):
        return says
    git = ["git", "-C", ROOT, "describe", "--always", "--dirty"]
    try:
        commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        commit = ""
    return says + (f" ({commit})" if commit else "")


class Result:
    """One run: what it used, and its report (`docs/run-folder.md`)."""

    def __init__(self, measured, report):
        self.measured = measured
        self.report = report

    @property
    def requests(self):
        """All that were answered, in whichever phase."""
        return sum(phase["requests"]["done"] for phase in self.report["phases"])

    def latency_us(self, kind):
        """The percentiles of all answers: `response` or `service`."""
        for row in self.report["latency"]:
            if (row["phase"], row["class"], row["kind"]) == ("*", "*", kind):
                return row
        raise Trouble(f"substorm reports no {kind} time")

    def doubts(self):
        """What a reader of the figures must know: answers that were not accepted, an invalid run."""
        verdicts = self.report["verdicts"]["total"]
        wrong = {name: count for name, count in verdicts.items() if count and name != "correct_accept"}
        notes = [f"{count} answers {name}" for name, count in wrong.items()]
        for name in ("unsent", "censored"):
            if self.report["requests"][name]:
                notes.append(f"{self.report['requests'][name]} {name}")
        return notes + self.report["reasons"]


class Substorm:
    """Runs scenarios, within a bench."""

    def __init__(self, bench):
        self.bench = bench
        self.program = program()

    def scenario(self, scenario):
        """Writes the scenario and has it checked. The error is the program's own."""
        path = self.bench.path(f"{scenario.name}.toml")
        path.write_text(scenario.text())
        check = subprocess.run([self.program, "check", path], capture_output=True, text=True, check=False)
        if check.returncode == 0:
            return path
        refusal = check.stderr + check.stdout
        found = re.findall(r"\.toml:\d+:\d+: (.+)", refusal)
        raise Trouble(f"substorm refuses the scenario: {'; '.join(found) or refusal.strip()[-300:]}")

    def run(self, scenario, wrap=(), limit_s=None, cores=None):
        """Runs it, on the generator's core or on others; `wrap` goes before the command. Exit code 4 (invalid) is told as a doubt."""
        argv, out = self._command(scenario)
        measured = self.bench.measure([*wrap, *argv], limit_s or scenario.seconds + 30, cores)
        if measured.exit_code not in (0, 4):
            raise Trouble(measured.trouble())
        return Result(measured, _report(out))

    def run_together(self, scenarios, cores):
        """Runs several at the same time, each as a process of its own that may use all of these cores."""
        commands = [self._command(scenario) for scenario in scenarios]
        limit_s = max(scenario.seconds for scenario in scenarios) + 30
        for code, said in self.bench.together([argv for argv, _ in commands], limit_s, cores):
            if code not in (0, 4):
                raise Trouble(f"exit code {code}: {said[:200]}")
        return [Result(None, _report(out)) for _, out in commands]

    def _command(self, scenario):
        path = self.scenario(scenario)
        out = self.bench.path(f"{scenario.name}-runs")
        shutil.rmtree(out, ignore_errors=True)
        # Drawing charts afterwards is no part of what a request costs.
        return [self.program, "run", "--quiet", "--format", "none", "--out", out, path], out


def _report(out):
    return json.loads(next(out.iterdir()).joinpath("run.json").read_text())

"""Holds a junit.xml to the schema of Jenkins' xUnit plugin, reads it with a reader of its own, and
compares its numbers with those of run.json. Arguments: junit.xml, the schema, run.json."""

import json
import re
import sys

import xmlschema
from junitparser import Error, Failure, JUnitXml, Skipped

xml_file, schema_file, run_file = sys.argv[1:]
xmlschema.XMLSchema(schema_file).validate(xml_file)

run = json.load(open(run_file, encoding="utf-8"))
suites = {suite.name.rsplit(".", 1)[1]: suite for suite in JUnitXml.fromfile(xml_file)}
assert set(suites) == {"validity", "thresholds", "findings"}, suites.keys()


def results(case, kind):
    return [result for result in case.result if isinstance(result, kind)]


# Each threshold is a case, with the same outcome and the same figure.
thresholds = list(suites["thresholds"])
assert [case.name for case in thresholds] == [t["text"] for t in run["thresholds"]]
for case, threshold in zip(thresholds, run["thresholds"]):
    if run["partial"]:
        assert results(case, Skipped), case.name
    else:
        failures = results(case, Failure)
        assert bool(failures) == (not threshold["pass"]), case.name
        assert [f.message for f in failures] == ([threshold["reason"]] if failures else [])
    if threshold["value"] is not None:
        told = dict(word.split("=", 1) for word in case.system_out.split() if "=" in word)
        assert float(told["value"]) == threshold["value"], (case.name, told)

# Each reason of invalidity is an error, each finding a case that fails nothing.
errors = {case.name: [e.message for e in results(case, Error)] for case in suites["validity"]}
ended = errors.pop("run was carried out to its end")
assert bool(ended) == (run["partial"] or run["interrupted"]), ended
errors = [error for of_case in errors.values() for error in of_case]
undone = [error for error in errors if "could not be undone" in error]
if not run["partial"]:
    assert [error for error in errors if error not in undone] == run["reasons"], errors
findings = list(suites["findings"])
for case, finding in zip(findings, run["findings"], strict=True):
    assert case.name.startswith(f"finding, {finding['severity']}: "), case.name
    assert case.system_out == finding["sentence"], case.system_out
    # A figure in a name would make a new test of every run; only a number in brackets tells twins apart.
    assert not re.search(r"\d", re.sub(r" \(\d+\)$", "", case.name)), case.name
assert len({case.name for case in findings}) == len(findings)
assert not any(results(case, (Failure, Error)) for case in findings)

# The properties are the figures.
told = {p.name: p.value for p in suites["validity"].properties()}
assert int(told["seed"]) == run["seed"]
for name in ("due", "sent", "done"):
    assert int(told[f"requests.{name}"]) == run["requests"][name], name
for name, count in run["verdicts"]["total"].items():
    assert int(told[f"verdicts.{name}"]) == count, name
for row in run["latency"]:
    if row["phase"] == row["class"] == "*":
        for at in ("p50", "p99"):
            assert int(told[f"latency.{row['kind']}.{at}_us"]) == row[at], (row, at)

# What the suites count is what they hold, and the whole is red exactly when the run is.
for name, suite in suites.items():
    cases = list(suite)
    assert suite.tests == len(cases), name
    assert suite.failures == sum(bool(results(case, Failure)) for case in cases), name
    assert suite.errors == sum(bool(results(case, Error)) for case in cases), name
    assert suite.skipped == sum(bool(results(case, Skipped)) for case in cases), name
red = any(suite.failures + suite.errors for suite in suites.values())
assert red == (run["exit_code"] != 0), run["exit_code"]
print(sum(suite.tests for suite in suites.values()))

"""Scrapes a run with Prometheus's Python client, in both text formats, until it has ended.

Counters never go back, the formats agree, and the last figures are those of run.json.
Arguments: the program, a scenario, the folder for runs.
"""

import signal
import sys
import time
import urllib.request
from collections import defaultdict

from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as classic

import watched

OPEN = "application/openmetrics-text;version=1.0.0;q=0.9,text/plain;version=0.0.4;q=0.5"


def scrape(url, accept):
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def samples(families):
    found = {}
    for family in families:
        for sample in family.samples:
            labels = dict(sample.labels)
            if "le" in labels:
                # The formats spell whole numbers differently.
                labels["le"] = float(labels["le"])
            key = (sample.name, tuple(sorted(labels.items())))
            assert key not in found, f"{key} is there twice"
            found[key] = (family.type, sample.value)
    return found


def grows(name, kind):
    return kind in ("counter", "histogram") and not name.endswith("_created")


def by(found, name, *labels):
    sums = defaultdict(int)
    for (sample, pairs), (_, value) in found.items():
        if sample == name:
            pairs = dict(pairs)
            sums[tuple(pairs[label] for label in labels)] += int(value)
    return {key: count for key, count in sums.items() if count}


def main(program, scenario, out):
    run = watched.start(program, scenario, out, "--metrics", "0", "--linger", "60s")
    url = watched.address(run, "metrics are")
    before, seen_fault, bit, scrapes = {}, False, False, 0
    while True:
        media, text = scrape(url, OPEN)
        assert media.startswith("application/openmetrics-text"), media
        found = samples(open_metrics(text))
        for (name, labels), (kind, value) in before.items():
            if grows(name, kind):
                now = found.get((name, labels), (kind, None))[1]
                assert now is not None and now >= value, f"{name} {labels}: {value}, then {now}"
        before, scrapes = found, scrapes + 1
        active = by(found, "substorm_fault_active", "fault")
        if active.get(("store-outage",), 0) == 1:
            seen_fault = True
            bit |= by(found, "substorm_fault_hits_total", "fault").get(("store-outage",), 0) > 0
        if found[("substorm_run_finished", ())][1] == 1:
            break
        time.sleep(0.4)
    media, text = scrape(url, "text/plain")
    assert media.startswith("text/plain; version=0.0.4"), media
    plain = {key: value for key, (_, value) in samples(classic(text)).items()}
    watched.equal("formats", plain, {key: value for key, (_, value) in found.items()})
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=20)
    report = watched.report(out)
    assert run.returncode == report["exit_code"], run.returncode

    assert seen_fault and scrapes > 5, (seen_fault, scrapes)
    assert bit, "the outage's hits show while it is under way"
    watched.equal(
        "verdicts",
        by(found, "substorm_responses_total", "phase", "verdict"),
        watched.measured(report, "verdicts"),
    )
    watched.equal(
        "classes",
        by(found, "substorm_responses_total", "phase", "class"),
        watched.measured(report, "classes"),
    )
    for kind in ("response", "service"):
        counted = by(found, f"substorm_{kind}_time_seconds_count", "phase", "class")
        watched.equal(kind, counted, watched.latencies(report, kind))
        sums = {
            tuple(dict(labels)[label] for label in ("phase", "class")): value
            for (name, labels), (_, value) in found.items()
            if name == f"substorm_{kind}_time_seconds_sum"
        }
        watched.sums_fit(report, kind, sums)
        buckets = defaultdict(list)
        for (name, labels), (_, value) in found.items():
            if name == f"substorm_{kind}_time_seconds_bucket":
                labels = dict(labels)
                buckets[(labels["phase"], labels["class"])].append((labels["le"], int(value)))
        watched.buckets_fit(report, kind, buckets)
    for name in ("due", "sent", "unsent", "censored", "probes", "retries"):
        wanted = {
            (phase["name"],): phase["requests"][name]
            for phase in report["phases"]
            if phase["requests"][name]
        }
        watched.equal(name, by(found, f"substorm_requests_{name}_total", "phase"), wanted)
    hits = defaultdict(int)
    for fault in report["faults"]:
        hits[(fault["kind"],)] += fault["hits"]
    watched.equal("hits", by(found, "substorm_fault_hits_total", "fault"), dict(hits))
    changes = {(name,): count for name, count in report["changes"].items() if count}
    watched.equal("changes", by(found, "substorm_user_changes_total", "change"), changes)
    lookups = int(found[("substorm_store_lookups_total", ())][1])
    watched.equal("lookups", lookups, report["lookups"]["total"])
    valid = found[("substorm_run_valid", ())][1] == 1
    watched.equal("validity", valid, report["valid"])
    outage = [key for key in by(found, "substorm_responses_total", "fault") if "store-outage" in key[0]]
    assert outage, "no answer overlapped the outage"
    print("as it should be")


main(*sys.argv[1:])

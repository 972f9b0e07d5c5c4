"""Receives a run's metrics as OTLP, decoded with OpenTelemetry's own types.

Sums are cumulative and never go back, the headers of the environment come and are never printed, and
the last figures are those of run.json. A receiver that fails does not fail a run.
Arguments: the program, a scenario, the folder for runs.
"""

import http.server
import itertools
import math
import sys
import threading
from collections import defaultdict

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE

import watched

SECRET = "hunter2"
received = []
# The sums of the histograms that were read last, and their buckets: bounds, and times up to them.
sums = {}
buckets = {}
refuses = False


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if refuses:
            self.send_response(503)
            self.end_headers()
            return
        assert self.path == "/v1/metrics", self.path
        assert self.headers["Content-Type"] == "application/x-protobuf"
        assert self.headers["Authorization"] == f"Bearer {SECRET}"
        received.append(ExportMetricsServiceRequest.FromString(body))
        answer = ExportMetricsServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def labels(attributes):
    return {pair.key: pair.value.string_value for pair in attributes}


def points(request):
    found = {}
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                kind = metric.WhichOneof("data")
                data = getattr(metric, kind)
                if kind != "gauge":
                    assert data.aggregation_temporality == AGGREGATION_TEMPORALITY_CUMULATIVE
                if kind == "sum":
                    assert data.is_monotonic, metric.name
                for point in data.data_points:
                    assert 0 < point.start_time_unix_nano <= point.time_unix_nano
                    key = (metric.name, tuple(sorted(labels(point.attributes).items())))
                    assert key not in found, f"{key} is there twice"
                    if kind == "histogram":
                        assert sum(point.bucket_counts) == point.count, key
                        sums[key] = point.sum
                        assert len(point.bucket_counts) == len(point.explicit_bounds) + 1
                        up_to = itertools.accumulate(point.bucket_counts)
                        buckets[key] = list(zip([*point.explicit_bounds, math.inf], up_to))
                        found[key] = (kind, point.count)
                    else:
                        value = point.WhichOneof("value")
                        found[key] = (kind, getattr(point, value))
    return found


def by(found, name, *wanted):
    sums = defaultdict(int)
    for (metric, pairs), (_, value) in found.items():
        if metric == name:
            pairs = dict(pairs)
            sums[tuple(pairs[label] for label in wanted)] += int(value)
    return {key: count for key, count in sums.items() if count}


def of_kind(histograms, kind):
    return {
        tuple(dict(labels)[label] for label in ("phase", "class")): value
        for (name, labels), value in histograms.items()
        if name == f"substorm.{kind}_time"
    }


def run_to_end(program, scenario, out, url, *arguments):
    headers = f"Authorization=Bearer%20{SECRET}"
    run = watched.start(
        program, scenario, out, "--otlp", url, *arguments, OTEL_EXPORTER_OTLP_HEADERS=headers
    )
    printed, said = run.communicate(timeout=120)
    assert SECRET not in printed + said, "a secret was printed"
    return run.returncode, said


def main(program, scenario, out):
    global refuses
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    code, said = run_to_end(program, scenario, f"{out}/heard", url)
    report = watched.report(f"{out}/heard")
    assert code == report["exit_code"], (code, said)
    assert "OTLP" not in said, said

    assert len(received) >= 3, len(received)
    before = {}
    for request in received:
        found = points(request)
        for key, (kind, value) in before.items():
            if kind != "gauge":
                assert found[key][1] >= value, f"{key}: {value}, then {found[key][1]}"
        before = found
    (resource,) = {
        tuple(sorted(labels(r.resource.attributes).items()))
        for request in received
        for r in request.resource_metrics
    }
    resource = dict(resource)
    assert resource["service.name"] == "substorm", resource
    assert resource["substorm.scenario"] == report["scenario"], resource
    assert resource["substorm.seed"] == str(report["seed"]), resource
    assert report["started_at"] in resource["substorm.run.id"], resource

    watched.equal(
        "verdicts",
        by(found, "substorm.responses", "phase", "verdict"),
        watched.measured(report, "verdicts"),
    )
    watched.equal(
        "classes",
        by(found, "substorm.responses", "phase", "class"),
        watched.measured(report, "classes"),
    )
    for kind in ("response", "service"):
        counted = by(found, f"substorm.{kind}_time", "phase", "class")
        watched.equal(kind, counted, watched.latencies(report, kind))
        watched.sums_fit(report, kind, of_kind(sums, kind))
        watched.buckets_fit(report, kind, of_kind(buckets, kind))
    hits = defaultdict(int)
    for fault in report["faults"]:
        hits[(fault["kind"],)] += fault["hits"]
    watched.equal("hits", by(found, "substorm.fault_hits", "fault"), dict(hits))
    outage = [key for key in by(found, "substorm.responses", "fault") if "store-outage" in key[0]]
    assert outage, "no answer overlapped the outage"
    finished = found[("substorm.run_finished", ())][1]
    assert finished == 1, "the last export is of the end"

    refuses = True
    code, said = run_to_end(program, scenario, f"{out}/refused", url, "--duration-scale", "0.3")
    report = watched.report(f"{out}/refused")
    assert code == report["exit_code"], (code, said)
    assert said.count("OTLP:") == 1 and "503" in said, said
    print("as it should be")


main(*sys.argv[1:])

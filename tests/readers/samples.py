"""Reads a file of samples with pyarrow, and prints as JSON what it holds."""

import json
import sys

import pyarrow.compute as pc
import pyarrow.parquet as pq

file = pq.ParquetFile(sys.argv[1])
table = file.read()


def counts(rows, *names):
    groups = rows.group_by(list(names)).aggregate([([], "count_all")]).to_pylist()
    return {"/".join(str(row[name]) for name in names): row["count_all"] for row in groups}


def places(values):
    """The smallest value that this share of all do not exceed."""
    ordered = sorted(values.to_pylist())
    at = lambda share: ordered[max(-(-share * len(ordered) // 1000), 1) - 1]
    return {"count": len(ordered), "p50": at(500), "p99": at(990), "max": ordered[-1]}


measured = table.filter(pc.invert(table["warm_up"]))
times = {
    f"{name}/{kind}": places(measured.filter(pc.equal(measured["class"], name))[f"{kind}_us"])
    for name in pc.unique(measured["class"]).to_pylist()
    for kind in ("response", "service")
}


def sub(a, b):
    return pc.subtract(table[a], table[b])


def most(values):
    return pc.max(pc.abs(values)).as_py() or 0


us = lambda ns: pc.divide(pc.add(ns, 500), 1000)
print(
    json.dumps(
        {
            "columns": {field.name: str(field.type) for field in table.schema},
            "facts": {k.decode(): v.decode() for k, v in file.metadata.metadata.items()},
            "rows": table.num_rows,
            "groups": file.metadata.num_row_groups,
            "verdicts": counts(table, "phase", "verdict"),
            "classes": counts(table, "phase", "class"),
            "matrix": counts(measured, "truth", "class"),
            "routes": counts(measured, "route"),
            "defects": counts(measured, "defect", "verdict"),
            "faults": counts(table, "faults"),
            "statuses": counts(measured, "status", "class"),
            "first_on_connection": counts(measured, "connection_reused"),
            "probes": counts(measured, "probe"),
            "times": times,
            "nulls": {name: table[name].null_count for name in table.column_names},
            "unsound": {
                "sent before due": pc.sum(pc.less(table["sent_ns"], table["due_ns"])).as_py(),
                "done before sent": pc.sum(pc.less(table["done_ns"], table["sent_ns"])).as_py(),
                "response": most(pc.subtract(us(sub("done_ns", "due_ns")), table["response_us"])),
                "service": most(pc.subtract(us(sub("done_ns", "sent_ns")), table["service_us"])),
                "send lag": most(pc.subtract(us(sub("sent_ns", "due_ns")), table["send_lag_us"])),
            },
            "users": [pc.min(table["user"]).as_py(), pc.max(table["user"]).as_py()],
            "due_s": [pc.min(table["due_ns"]).as_py() / 1e9, pc.max(table["due_ns"]).as_py() / 1e9],
            "seqs": sorted(table.filter(pc.invert(table["probe"]))["seq"].to_pylist()),
        }
    )
)

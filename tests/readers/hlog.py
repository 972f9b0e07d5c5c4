"""Adds up the histograms of an interval log by tag, and prints their figures as JSON."""

import json
import sys

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

reader = HistogramLogReader(sys.argv[1], HdrHistogram(1, 3_600_000_000, 3))
tags, begins, ends = {}, [], []
while (interval := reader.get_next_interval_histogram()) is not None:
    sums = tags.setdefault(interval.get_tag(), HdrHistogram(1, 2**40, 3))
    sums.add(interval)
    begins.append(interval.get_start_time_stamp() / 1000)
    ends.append(interval.get_end_time_stamp() / 1000)



def at(sums, percent):
    """The smallest value that this part of all do not exceed; the library rounds to the nearest rank."""
    count = sums.get_total_count()
    rank = -(-percent * count // 100)
    return sums.get_value_at_percentile(100 * rank / count)


places = {
    tag: {
        "count": sums.get_total_count(),
        "p50": at(sums, 50),
        "p99": at(sums, 99),
        "max": sums.get_max_value(),
    }
    for tag, sums in tags.items()
}
print(json.dumps({"tags": places, "begin": min(begins), "end": max(ends)}))

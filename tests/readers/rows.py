"""Prints how many rows a Parquet file has."""

import sys

import pyarrow.parquet as pq

print(pq.read_table(sys.argv[1]).num_rows)

"""Runs a command; prints the seconds that it took and its peak of resident memory in bytes.
Arguments: the command, its standard output is dropped."""

import json
import resource
import subprocess
import sys
import time

began = time.monotonic()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
took = time.monotonic() - began
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
print(json.dumps({"seconds": took, "peak_bytes": peak}))

"""Where the instructions of a request go, by function: callgrind's report of a busy run, less that of an idle one."""

import re
import subprocess
from collections import Counter

from rig.bench import say

FEWEST = 10
"""Functions below this many instructions a request are left out."""


def write(busy, idle, requests, path):
    """Writes a table of what each function does itself, and one with what it calls."""
    with open(path, "w", encoding="utf-8") as out:
        for inclusive in (False, True):
            more, less = _functions(busy, inclusive), _functions(idle, inclusive)
            each = {name: (count - less[name]) / requests for name, count in more.items()}
            kind = "with what it calls" if inclusive else f"by itself; {sum(each.values()):,.0f} in all"
            out.write(f"instructions a request, {kind}\n")
            for name, count in sorted(each.items(), key=lambda pair: -pair[1]):
                if count >= FEWEST:
                    out.write(f"{count:9,.0f}  {name}\n")
            out.write("\n")
    say(f"where they go: {path}")


def _functions(report, inclusive):
    """Instructions by function. One that was inlined at several places has a line for each source file."""
    argv = ["callgrind_annotate", "--threshold=100", "--auto=no", f"--inclusive={'yes' if inclusive else 'no'}", report]
    text = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    found = Counter()
    for line in re.finditer(r"^\s*([\d,]+) \(\s*[\d.]+%\)\s+[^:\s]*:(.+?)(?: \[[^]]*\])?$", text, re.M):
        count, name = int(line.group(1).replace(",", "")), line.group(2)
        # With what it calls, a function's lines say the same; by itself, they add up.
        found[name] = max(found[name], count) if inclusive else found[name] + count
    return found

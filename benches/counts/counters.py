"""The two counters: programs that run another and say how much of something it did.

Both follow all threads. strace makes each system call slow, so that answers gather and one wait for events
covers more of them than at full speed: reads and writes are counted faithfully, waits are a few per cent too
few. Under valgrind a program has one core at a fiftieth of its speed; what it does for each request is the same.
"""

import re
import shutil

from rig.bench import Trouble


class SystemCalls:
    """Counted by strace."""

    name = "system calls"
    package = "strace"

    def __init__(self, bench):
        self.program = _found("strace", self.package)
        self.out = bench.path("strace.out")

    def wrap(self, _label):
        """What goes before the command."""
        return [self.program, "-f", "-c", "-U", "calls,name", "-o", self.out]

    def count(self):
        """Of the run that has just ended."""
        return _number(r"^\s*(\d+)\s+total$", self.out.read_text())


class Instructions:
    """Counted by valgrind's callgrind; what the kernel does is not among them."""

    name = "user-space instructions"
    package = "valgrind"

    def __init__(self, bench):
        self.program = _found("valgrind", self.package)
        self._bench = bench
        self._last = None

    def wrap(self, label):
        """What goes before the command; its report is kept as `report(label)`."""
        self._last = self.report(label)
        return [self.program, "--quiet", "--tool=callgrind", f"--callgrind-out-file={self._last}"]

    def count(self):
        """Of the run that has just ended."""
        return _number(r"^totals: (\d+)", self._last.read_text(errors="replace"))

    def report(self, label):
        """The file of the last run with this label."""
        return self._bench.path(f"callgrind.{label}")


def _found(program, package):
    path = shutil.which(program)
    if path is None:
        raise Trouble(f"{program} is not there: install it (on Debian: apt install {package})")
    return path


def _number(pattern, text):
    found = re.search(pattern, text, re.M)
    if found is None:
        raise Trouble(f"a counter's report has no total: {text.strip()[-200:] or 'it is empty'}")
    return int(found.group(1))

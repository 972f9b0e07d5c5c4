"""The bench's own small programs (`[[example]]` in Cargo.toml): a server with known delays, a bare client, a
loop that spins.
"""

import json
import subprocess
import threading

from rig.bench import ROOT, Trouble

FOLDER = ROOT / "target/release/examples"


def path(name):
    """Where the program was built to."""
    found = FOLDER / name
    if not found.exists():
        raise Trouble(f"{found} is not there: cargo build --release --locked --examples")
    return found


def says(bench, name, *args, limit_s):
    """Runs one on the generator's core and gives what it printed and what it used."""
    measured = bench.measure([path(name), *args], limit_s)
    if measured.exit_code:
        raise Trouble(f"{name}: {measured.trouble()}")
    return json.loads(measured.output), measured


class KnownServer:
    """A running `known_server` on the server's core."""

    def __init__(self, bench, *args):
        self._bench = bench
        self.child = bench.start([path("known_server"), *args], bench.cores.server, stdout=subprocess.PIPE)
        # Should it die without a word, its output ends and so does the wait; should it hang, this ends it.
        guard = threading.Timer(10, self.child.kill)
        guard.start()
        line = self.child.stdout.readline()
        guard.cancel()
        if not line:
            raise Trouble("known_server did not start")
        self.url = json.loads(line)["url"]

    def frozen_ms(self):
        """How long it stood still, by its own clock."""
        frozen = json.loads(self.child.stdout.readline())["frozen"]
        return (frozen["until_ns"] - frozen["from_ns"]) / 1e6

    def stop(self):
        """Ends it."""
        self._bench.stop(self.child)
        self.child.stdout.close()

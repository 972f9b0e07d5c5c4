"""One bench from start to end: a folder that goes away, processes that are stopped, a time limit.

A bench runs inside `with Bench(...) as bench`. However the block is left (its end, an error, Ctrl-C, SIGTERM,
the time limit), every process that was started through it is gone afterwards, with its children. If the bench
itself is killed, the system ends what it started.
"""

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The package's root."""


STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


class Trouble(Exception):
    """What keeps a bench, or one tool of it, from going on; its text is a sentence for people."""


def fail(trouble):
    """Ends the program with a message and exit code 2."""
    print(f"error: {trouble}", file=sys.stderr)
    raise SystemExit(2)


def say(text):
    """Progress, on standard error: standard output is for tables."""
    print(text, file=sys.stderr, flush=True)


@dataclass
class Cores:
    """Which core the generator has, and which the server."""

    generator: int
    server: int

    @staticmethod
    def of_this_machine():
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) < 2:
            say("only one core: generator and server share it, and figures are worth little")
        return Cores(cores[0], cores[min(1, len(cores) - 1)])


@dataclass
class Measured:
    """What a program used: CPU time of the whole process (user + sys), wall time, peak resident memory."""

    cpu_s: float
    wall_s: float
    peak_bytes: int
    exit_code: int
    output: str
    errors: str

    def trouble(self):
        """The last thing that the program complained of, or its exit code."""
        lines = [line for line in (self.errors + self.output).splitlines() if line.strip()]
        return f"exit code {self.exit_code}: {lines[-1].strip()[:200] if lines else 'no output'}"


class Bench:
    """Owns the folder and the processes of one bench."""

    def __init__(self, limit_s):
        self.cores = Cores.of_this_machine()
        self.folder = None
        self._children = []
        self._limit_s = int(limit_s)

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="substorm-bench-"))
        # The server's worker gives up its rights and must still find its folder.
        self.folder.chmod(0o755)
        for number in STOPS:
            signal.signal(number, _interrupt)
        signal.signal(signal.SIGALRM, self._too_long)
        signal.alarm(self._limit_s)
        # Nothing of the bench itself may run on the generator's core.
        os.sched_setaffinity(0, {self.cores.server})
        return self

    def __exit__(self, *_):
        signal.alarm(0)
        for number in STOPS:
            signal.signal(number, signal.SIG_IGN)
        for child in reversed(self._children):
            _stop(child)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _too_long(self, *_):
        raise Trouble(f"the bench took more than its {self._limit_s} s")

    def path(self, name):
        """A file or folder of the bench's own."""
        return self.folder / name

    def start(self, argv, cores, stdout=None, stderr=None):
        """Starts a program on a core, or several, that goes on until the bench ends, or `stop`."""
        child = subprocess.Popen(
            [str(arg) for arg in argv],
            stdin=subprocess.DEVNULL,
            stdout=stdout if stdout is not None else subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,
            preexec_fn=lambda: _begin(cores),
        )
        self._children.append(child)
        return child

    def stop(self, child):
        """Stops a program that `start` started."""
        _stop(child)
        self._children.remove(child)

    def measure(self, argv, limit_s, cores=None, env=None):
        """Runs a program to its end on the generator's core (or others) and says what it used.

        CPU time is the kernel's account of the process and of the children that it waited for. Peak
        memory is read from /proc once a second, which disturbs the server on this core the least: the
        kernel's own maximum would count this script, of which each child starts as a copy.
        """
        out, err = self.path("stdout"), self.path("stderr")
        cores = self.cores.generator if cores is None else cores
        with open(out, "wb") as stdout, open(err, "wb") as stderr:
            started = time.monotonic()
            child = subprocess.Popen(
                [str(arg) for arg in argv],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env={**os.environ, **(env or {})},
                start_new_session=True,
                preexec_fn=lambda: _begin(cores),
            )
            self._children.append(child)
            peak = 0
            ended = os.pidfd_open(child.pid)
            try:
                while not select.select([ended], [], [], 1.0)[0]:
                    if time.monotonic() - started > limit_s:
                        self.stop(child)
                        raise Trouble(f"{Path(argv[0]).name} had not ended after {limit_s:.0f} s")
                    peak = max(peak, _peak_bytes(child.pid))
            finally:
                os.close(ended)
            _, status, usage = os.wait4(child.pid, 0)
            wall = time.monotonic() - started
            child.returncode = os.waitstatus_to_exitcode(status)
            self._children.remove(child)
        return Measured(
            cpu_s=usage.ru_utime + usage.ru_stime,
            wall_s=wall,
            peak_bytes=peak,
            exit_code=child.returncode,
            output=out.read_text(errors="replace"),
            errors=err.read_text(errors="replace"),
        )

    def together(self, argvs, limit_s, cores):
        """Runs programs at the same time to their ends, all on these cores: for each its exit code and the last thing
        that it complained of."""
        errors = [self.path(f"stderr-{number}") for number in range(len(argvs))]
        children = []
        for argv, path in zip(argvs, errors):
            with open(path, "wb") as stderr:
                children.append(self.start(argv, cores, stderr=stderr))
        until = time.monotonic() + limit_s
        codes = []
        for child in children:
            try:
                codes.append(child.wait(max(0.0, until - time.monotonic())))
            except subprocess.TimeoutExpired:
                raise Trouble(f"{Path(child.args[0]).name} had not ended after {limit_s:.0f} s") from None
            finally:
                self.stop(child)
        said = [path.read_text(errors="replace").strip().splitlines() for path in errors]
        return [(code, lines[-1] if lines else "it said nothing") for code, lines in zip(codes, said)]


def _begin(cores):
    """In the child, before its program: its cores, and its end should the bench be killed."""
    os.sched_setaffinity(0, {cores} if isinstance(cores, int) else cores)
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _interrupt(number, _):
    raise SystemExit(128 + number)


def _stop(child):
    """Ends a process and whatever it started, which is in one session with it."""
    for number, wait_s in ((signal.SIGTERM, 2), (signal.SIGKILL, 5)):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            pass
        try:
            child.wait(wait_s)
            return
        except subprocess.TimeoutExpired:
            continue


def _peak_bytes(pid):
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0

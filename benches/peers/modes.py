"""What is compared: each mode with its tools, its target, and what Substorm must reach."""

from peers.mode import Mode
from peers.open import ABOUT, GrainSubstorm, OpenMode, SendingSpin, Spin, SpinningSubstorm
from peers.tools import Ab, BareLoop, H2load, Hey, K6, Oha, OfSubstorm, Vegeta, Wrk, Wrk2, WrkTokens

CLOSED = """\
{connections} connections, as many requests under way as they carry, {rounds} rounds of {seconds} s; min / median / max
over the rounds. CPU is user + sys of the whole process, from start to end, over the requests that the tool says were
answered. `×` is within the same round. "One request" means that all requests are the same; the others send one of
10,000 tokens of 600 bytes with each."""

MODES = (
    Mode(
        name="cost",
        title="Cost of a request: HTTP/1.1",
        about=CLOSED,
        # Those that are compared most closely stand next to each other.
        tools=(Wrk(), OfSubstorm(), WrkTokens(), BareLoop(), Oha(), H2load(), Ab(), Hey(), Vegeta(), K6()),
        references=("wrk", "wrk, tokens"),
        limits={"wrk, tokens": 0.90, "wrk": 1.0, "oha": 0.65, "vegeta": 0.22, "k6": 0.08, "bare loop": None},
    ),
    Mode(
        name="tls",
        title="Cost of a request: HTTP/1.1 over TLS 1.3",
        about=CLOSED,
        tools=(Wrk(), OfSubstorm(), WrkTokens(), Oha(), H2load(), Vegeta(), K6()),
        port="tls",
        references=("wrk", "wrk, tokens"),
        limits={"wrk, tokens": 1.0, "wrk": 1.0, "h2load": None, "oha": None},
    ),
    Mode(
        name="h2",
        title="Cost of a request: HTTP/2 over TLS 1.3, 10 streams a connection",
        about=CLOSED + " wrk speaks HTTP/1.1 with one request a connection, and is there for the drift only.",
        tools=(Wrk(), H2load(), OfSubstorm(), Oha()),
        port="http2",
        streams=10,
        references=("wrk", "h2load"),
        limits={"h2load": 1.15, "oha": 0.85},
    ),
    OpenMode(
        name="open",
        title="Open loop",
        about=ABOUT,
        tools=(Wrk2(), GrainSubstorm(), OfSubstorm(), SpinningSubstorm(), Oha(), Spin(), SendingSpin()),
        does="open",
        seconds=20,
        rates=(5_000, 15_000),
    ),
)

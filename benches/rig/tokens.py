"""Bearer tokens that look like those of an identity provider: signed, all different, all of one length.

They are made here and not by Substorm, so that every generator reads the same file and none pays for
signing.
"""

import base64
import hashlib
import hmac
import json
import time

COUNT = 10_000
LENGTH = 600
"""Bytes of each token."""


def write(path, count=COUNT):
    """Writes `count` tokens (HS256, a key of this run only), one a line."""
    key = hashlib.sha256(str(time.time_ns()).encode()).digest()
    head = _base64(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "bench-1"}).encode())
    issued = int(time.time())
    with open(path, "w", encoding="ascii") as out:
        for user in range(count):
            signed = head + "." + _claims(user, issued, LENGTH - len(head) - 45)
            out.write(signed + "." + _base64(hmac.new(key, signed.encode(), "sha256").digest()) + "\n")


def _claims(user, issued, length):
    """Claims whose base64 has this many characters; the header is of such a length that there are some."""
    claims = {
        "iss": "https://idp.example.test",
        "aud": "orders",
        "sub": f"5e1f0000-0000-4000-8000-{user:012x}",
        "iat": issued,
        "exp": issued + 86_400,
        "scope": "",
    }
    short = length * 3 // 4 - len(json.dumps(claims))
    claims["scope"] = "orders:read "[:short] + "x" * max(0, short - 12)
    return _base64(json.dumps(claims).encode())


def _base64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

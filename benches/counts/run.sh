#!/usr/bin/env bash
# Counts system calls and user-space instructions of a request; fails if they are above the limits.
# README.md beside this file says how. Counts the release build, or the program in SUBSTORM.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)

[ -n "${SUBSTORM:-}" ] || "${CARGO:-cargo}" build --quiet --release --locked --manifest-path "$root/Cargo.toml"
PYTHONPATH="$root/benches" PYTHONDONTWRITEBYTECODE=1 exec python3 -m counts "$@"

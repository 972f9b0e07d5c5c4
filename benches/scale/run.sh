#!/usr/bin/env bash
# Counts how many requests more cores carry; fails if the workers cost each other too much.
# README.md beside this file says how. Runs the release build, or the program in SUBSTORM.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)

[ -n "${SUBSTORM:-}" ] || "${CARGO:-cargo}" build --quiet --release --locked --manifest-path "$root/Cargo.toml"
PYTHONPATH="$root/benches" PYTHONDONTWRITEBYTECODE=1 exec python3 -m scale "$@"

#!/usr/bin/env bash
# Checks the times that Substorm reports; fails if they are too far from what they must be.
# README.md beside this file says how. Runs the release build, or the program in SUBSTORM.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)

build=("${CARGO:-cargo}" build --quiet --release --locked --manifest-path "$root/Cargo.toml")
[ -n "${SUBSTORM:-}" ] || "${build[@]}"
# Apart from each other, or the program would be built with what only tests need of its dependencies.
"${build[@]}" --examples
PYTHONPATH="$root/benches" PYTHONDONTWRITEBYTECODE=1 exec python3 -m stall "$@"

#!/usr/bin/env bash
# Compares Substorm with the load generators that are installed. README.md beside this file says how;
# `benches/peers/run.sh --help` lists the options. Measures the release build, or the program in SUBSTORM.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)

build=("${CARGO:-cargo}" build --quiet --release --locked --manifest-path "$root/Cargo.toml")
[ -n "${SUBSTORM:-}" ] || "${build[@]}"
# Apart from each other, or the program would be built with what only tests need of its dependencies.
"${build[@]}" --examples
PYTHONPATH="$root/benches" PYTHONDONTWRITEBYTECODE=1 exec python3 -m peers "$@"

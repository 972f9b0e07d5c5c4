#!/usr/bin/env bash
# Installs what tests read Substorm's output with: Python and JavaScript packages at the versions that
# requirements.txt and package.json name, into target/tools. Does nothing where they are there.
# Chromium, Python and Node.js come from the system's packages; `.ci/run` sees to that.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tools="${CARGO_TARGET_DIR:-$here/../../target}/tools"
mkdir -p "$tools"
tools=$(cd "$tools" && pwd)
cd "$here"
wanted=$(cat requirements.txt package.json | sha256sum | cut -d' ' -f1)
[ "$(cat "$tools/installed" 2>/dev/null)" = "$wanted" ] && exit 0

for program in python3 npm; do
    command -v "$program" >/dev/null || {
        echo "tests need $program; on Debian: apt-get install python3-venv npm" >&2
        exit 1
    }
done
rm -rf "$tools"/*
python3 -m venv "$tools/python"
"$tools/python/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt
cp package.json "$tools/"
# Chromium is the system's: playwright-core brings none.
(cd "$tools" && npm install --no-package-lock --no-audit --no-fund --silent)
echo "$wanted" >"$tools/installed"

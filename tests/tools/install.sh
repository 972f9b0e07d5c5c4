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
wanted=$(cat requirements.txt package.json install.sh | sha256sum | cut -d' ' -f1)
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
# The schema of Jenkins' xUnit plugin: no package installs it, the sources of pytest have it.
source=pytest-9.2.0
"$tools/python/bin/pip" download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
    --dest "$tools" "${source/-/==}"
tar -xzf "$tools/$source.tar.gz" -C "$tools" --strip-components 3 "$source/testing/example_scripts/junit-10.xsd"
rm "$tools/$source.tar.gz"
cp package.json "$tools/"
# Chromium is the system's: playwright-core brings none.
(cd "$tools" && npm install --no-package-lock --no-audit --no-fund --silent)
echo "$wanted" >"$tools/installed"

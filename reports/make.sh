#!/usr/bin/env bash
# Makes the samples of this folder anew, from real runs of the release build: reports/sample (every file
# of one run) and reports/screens (pages and charts of several, as Chromium shows them). Takes five
# minutes. Needs what tests/tools/install.sh installs, Chromium, tmux and ImageMagick.
set -euo pipefail
cd "$(dirname "$0")/.."
tools="${CARGO_TARGET_DIR:-target}/tools"
substorm="${SUBSTORM:-${CARGO_TARGET_DIR:-target}/release/substorm}"
[ -n "${SUBSTORM:-}" ] || "${CARGO:-cargo}" build --release --locked
tests/tools/install.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
screen() { NODE_PATH="$tools/node_modules" node reports/screens.js "$@"; }
rm -rf reports/sample reports/screens
mkdir -p reports/sample reports/screens

for scenario in deleted-users steady stale-cache; do
    "$substorm" run "scenarios/$scenario.toml" --quiet --out "$work" --samples "$work/$scenario.parquet" \
        --samples-of wrong >"$work/$scenario.txt" || true
done

# The outage is watched while it goes: the page in both themes, and the terminal.
tmux new-session -d -s substorm-sample -x 110 -y 36 \
    "'$substorm' run scenarios/database-outage.toml --out '$work' --serve 127.0.0.1:8611 --linger 2s"
screen live http://127.0.0.1:8611/ reports/screens/live
tmux capture-pane -p -t substorm-sample >reports/screens/terminal.txt
while tmux has-session -t substorm-sample 2>/dev/null; do sleep 1; done

# An hour at 20,000/s that never was; the test leaves its page.
"${CARGO:-cargo}" test --quiet --locked --test documents hour >"$work/hour.txt"
cp -r "$work"/deleted-users-*/. reports/sample/
cp "$work/deleted-users.parquet" reports/sample/samples.parquet
for scenario in steady stale-cache database-outage; do
    screen report "$(echo "$work/$scenario"-2*/report.html)" "reports/screens/$scenario"
done
screen report "$(find "${CARGO_TARGET_DIR:-target}/tmp/documents/hour" -name report.html)" reports/screens/one-hour
# Flat colours: a palette without dithering makes them small and looks the same.
mogrify -dither None -colors 128 reports/screens/*.png
du -sh reports/sample reports/screens

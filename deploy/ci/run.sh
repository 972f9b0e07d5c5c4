#!/usr/bin/env bash
# Runs SCENARIO with ARGUMENTS in a GitHub Actions job, and tells later steps the exit code and where
# the run's folder is. It ends well itself, so that those steps can keep the folder. Used by action.yml.
set -uo pipefail

# A folder for each use of the action: an earlier one's is still to be read.
out=$(mktemp -d "$RUNNER_TEMP/substorm-XXXXXX") || exit
# Arguments may stand on several lines. There is no NUL to end them, so `read` says that it failed.
read -r -d '' -a arguments <<<"$ARGUMENTS" || true
substorm run "$SCENARIO" --out "$out" "${arguments[@]}"
code=$?
folder=$(find "$out" -mindepth 1 -maxdepth 1 -type d 2>/dev/null | head -n 1)
{
    echo "exit-code=$code"
    echo "folder=$folder"
    echo "report=${folder:+$folder/report.html}"
} >>"$GITHUB_OUTPUT"

#!/usr/bin/env bash
# Puts `substorm` on the PATH of a GitHub Actions job. VERSION is a released one, `source` (built from
# the checkout in SOURCE) or `path` (it is there already). Used by action.yml.
set -euo pipefail

case "$VERSION" in
path)
    command -v substorm >/dev/null || { echo "substorm is not on the PATH" >&2; exit 3; }
    ;;
source)
    cargo install --locked --path "$SOURCE" --root "$RUNNER_TEMP/substorm"
    echo "$RUNNER_TEMP/substorm/bin" >>"$GITHUB_PATH"
    ;;
*)
    [[ "$VERSION" =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || {
        echo "version '$VERSION' is neither a version such as 0.1.0, nor source, nor path" >&2
        exit 2
    }
    target="$(uname -m)-unknown-linux-gnu"
    name="substorm-$VERSION-$target"
    folder="$RUNNER_TEMP/substorm"
    mkdir -p "$folder"
    cd "$folder"
    for file in "$name.tar.gz" "$name.tar.gz.sha256"; do
        curl --fail --silent --show-error --location --retry 3 --remote-name \
            "$SERVER/${REPOSITORY:-$GITHUB_REPOSITORY}/releases/download/v$VERSION/$file"
    done
    sha256sum --check --strict "$name.tar.gz.sha256"
    tar -xzf "$name.tar.gz"
    echo "$folder/$name/bin" >>"$GITHUB_PATH"
    ;;
esac

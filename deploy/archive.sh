#!/usr/bin/env bash
# deploy/archive.sh [TARGET]: builds the archive of a release below target/dist/, with its checksum.
#
#   substorm-VERSION-TARGET.tar.gz
#     substorm-VERSION-TARGET/bin/substorm
#     .../share/man/man1, share/bash-completion/completions, share/zsh/site-functions,
#     share/fish/vendor_completions.d, share/doc/substorm (scenarios with them)
#
# It unpacks below /usr/local as it is. `package.metadata.binstall` in Cargo.toml and deploy/ci/install.sh
# know these names. The same sources and compiler give the same archive.
set -euo pipefail
cd "$(dirname "$0")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
target=${1:-$host}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
name="substorm-$version-$target"
build=${CARGO_TARGET_DIR:-target}
out=target/dist

cargo build --locked --profile dist --bin substorm --target "$target"
program="$build/$target/dist/substorm"

rm -rf "${out:?}/$name"
share="$out/$name/share"
mkdir -p "$out/$name/bin" "$share/bash-completion/completions" "$share/zsh/site-functions" \
    "$share/fish/vendor_completions.d" "$share/doc/substorm"
install -m 755 "$program" "$out/$name/bin/substorm"
# What is generated comes from a program that this machine can run.
run=$program
if [ "$target" != "$host" ]; then
    cargo build --locked --bin substorm
    run="$build/debug/substorm"
fi
"$run" completions bash >"$share/bash-completion/completions/substorm"
"$run" completions zsh >"$share/zsh/site-functions/_substorm"
"$run" completions fish >"$share/fish/vendor_completions.d/substorm.fish"
"$run" man "$share/man/man1"
cp README.md CHANGELOG.md LICENSE-* "$share/doc/substorm/"
cp -r scenarios "$share/doc/substorm/"

# Names in order, nobody's numbers and one date: nothing of this machine is in the archive.
when=$(git log -1 --format=%ct 2>/dev/null || echo 0)
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$when" -C "$out" -cf - "$name" |
    gzip -n -9 >"$out/$name.tar.gz"
(cd "$out" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
echo "$out/$name.tar.gz"

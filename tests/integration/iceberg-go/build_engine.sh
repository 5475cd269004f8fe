#!/usr/bin/env bash
# Usage: tests/integration/iceberg-go/build_engine.sh
#
# Builds the second engine of lake_engines.py and prints its path. The modules
# are pinned by go.sum; they and the program are kept in the user's cache. A Go
# that is too old for them fetches a newer one, as a module as well. Exit
# status 77: no Go, or no network.
set -euo pipefail

readonly newer=golang.org/toolchain@v0.0.1-go1.25.9.linux-amd64

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=jobs/setup/cache.sh
. "$here/../../../jobs/setup/cache.sh"
cache=$(cache_folder)/iceberg-go
sum=$(cat "$here/main.go" "$here/go.mod" "$here/go.sum" | sha256sum | cut -c1-16)
program=$cache/engine-$sum

skip() {
  echo "skipped: $1" >&2
  exit 77
}

if is_complete "$program" "$program"; then
  echo "$program"
  exit 0
fi
export PATH=$PATH:/usr/local/go/bin
export GOWORK=off GOPATH=$cache/path GOCACHE=$cache/build GOFLAGS=-modcacherw
command -v go >/dev/null || skip "no Go"
mkdir -p "$cache"
go=go
minor=$(go version | sed -n 's/.* go1\.\([0-9]*\).*/\1/p')
if [ "${minor:-0}" -lt 21 ]; then
  # from 1.21 on go itself fetches what go.mod asks for
  (cd "$cache" && GOFLAGS='-mod=mod -modcacherw' go mod download "$newer") >&2 ||
    skip "Go 1.$minor is too old, and no newer one can be fetched"
  chmod -R u+x "$GOPATH/pkg/mod/$newer/bin" "$GOPATH/pkg/mod/$newer/pkg/tool"
  go=$GOPATH/pkg/mod/$newer/bin/go
fi
(cd "$here" && "$go" mod download) >&2 || skip "the Go modules cannot be fetched"
(cd "$here" && nice "$go" build -o "$program" .) >&2
echo "$program"

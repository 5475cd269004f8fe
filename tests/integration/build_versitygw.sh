# Usage: bash tests/integration/build_versitygw.sh
#
# Builds the S3 store versitygw for s3_peers.py and prints its path. The module
# is pinned by its hash and those that it takes by its go.sum; the program is
# kept in the user's cache. A Go that is too old for it fetches a newer one, as
# a module as well. Exit status 77: no Go, or no network.
set -euo pipefail

readonly module=github.com/versity/versitygw@v1.8.0
readonly hash=h1:au+wI+aybno/STsQiSm35Uu6Q6iK5MWReQxgO6SEMFc=
readonly newer=golang.org/toolchain@v0.0.1-go1.25.9.linux-amd64

# shellcheck source=jobs/setup/cache.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../jobs/setup/cache.sh"
cache=$(cache_folder)/versitygw
program=$cache/${module##*@}

skip() {
  echo "skipped: $1" >&2
  exit 77
}

if is_complete "$program" "$program"; then
  echo "$program"
  exit 0
fi
export PATH=$PATH:/usr/local/go/bin
export GOWORK=off GOPATH=$cache/path GOCACHE=$cache/build GOFLAGS='-mod=mod -modcacherw'
command -v go >/dev/null || skip "no Go"
mkdir -p "$cache"
cd "$cache"
go=go
minor=$(go version | sed -n 's/.* go1\.\([0-9]*\).*/\1/p')
if [ "${minor:-0}" -lt 21 ]; then
  # from 1.21 on go itself fetches what go.mod asks for
  go mod download "$newer" >&2 ||
    skip "Go 1.$minor is too old, and no newer one can be fetched"
  chmod -R u+x "$GOPATH/pkg/mod/$newer/bin" "$GOPATH/pkg/mod/$newer/pkg/tool"
  go=$GOPATH/pkg/mod/$newer/bin/go
fi
told=$("$go" mod download -json "$module") || skip "$module cannot be fetched"
if ! grep -qF "\"Sum\": \"$hash\"" <<<"$told"; then
  echo "$module has another hash than $hash" >&2
  exit 1
fi
cd "$GOPATH/pkg/mod/$module"
GOFLAGS=-modcacherw "$go" mod download >&2 ||
  skip "the modules of $module cannot be fetched"
GOFLAGS='-mod=readonly -modcacherw' CGO_ENABLED=0 nice "$go" build \
  -o "$program.part" ./cmd/versitygw >&2
mv "$program.part" "$program"
# two gigabytes that only the build needs
rm -rf "$cache/path" "$cache/build"
echo "$program"

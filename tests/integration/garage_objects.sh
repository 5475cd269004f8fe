#!/usr/bin/env bash
# The object store and the lock on a real Garage. VQE_TEST_PROGRAM names the
# test program. Exit status 77: no Garage.
# Services: garage
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=${VQE_TEST_PROGRAM:-$root/build/release/tests/objects-t-objects_garage}
# shellcheck source=jobs/services/garage_server.sh
. "$root/jobs/services/garage_server.sh"

if ! garage_find >/dev/null; then
  echo "skipped: no Garage (jobs/setup/garage.sh)"
  exit 77
fi
folder=$(mktemp -d /tmp/vqe-garage-XXXXXX)

stop() {
  status=$?
  garage_stop
  if [ "$status" -eq 0 ]; then
    rm -rf "$folder"
  else
    tail -n 30 "$folder/server.log" >&2
    echo "left for inspection: $folder" >&2
  fi
  exit "$status"
}
trap stop EXIT

garage_start "$folder"
VQE_TEST_GARAGE=1 no_proxy=127.0.0.1 "$program"

#!/usr/bin/env bash
# Usage: jobs/setup/airflow.sh
#
# Provides Airflow 3.3.2 in a Python of its own, with the providers that the
# DAGs of jobs/airflow use (standard, smtp): about 300 MB from PyPI (or the
# mirror that pip is set up for), each wheel checked by hash, into the user's
# cache. Nothing is done when it is there. Python 3.11 or 3.12. The last line of
# output is the folder: bin/airflow, bin/python.
set -euo pipefail

readonly airflow=3.3.2

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=jobs/setup/cache.sh
. "$here/jobs/setup/cache.sh"
cache=$(cache_folder)
target=$cache/airflow-$airflow
requirements=$here/jobs/airflow/airflow_requirements.txt
wanted=$(sha256sum <"$requirements" | cut -c1-16)
complete=$target/complete-$wanted

command -v rclone >/dev/null || "$here/jobs/setup/packages.sh" airflow
if is_complete "$complete" "$target"; then
  echo "$target"
  exit 0
fi
if ! python3 -I -c 'import sys; sys.exit(sys.version_info[:2] not in
  ((3, 11), (3, 12)))'; then
  echo "airflow: $requirements has wheels for Python 3.11 and 3.12, python3" \
    "is $(python3 --version 2>&1); put one of them in front in PATH" >&2
  exit 1
fi
"$here/jobs/setup/packages.sh" airflow

# one fetch at a time; the second finds what the first brought
fresh_folder "$target"
exec 9>"$target/lock"
flock 9
if is_complete "$complete" "$target"; then
  echo "$target"
  exit 0
fi
echo "airflow: fetching Airflow $airflow, once; log in $target/fetch.log"
rm -rf "$target/bin" "$target/lib" "$target"/complete-*
if ! {
  python3 -I -m venv "$target" &&
    "$target/bin/python" -I -m pip install --quiet --no-cache-dir \
      --disable-pip-version-check --require-hashes --no-deps \
      --only-binary=:all: -r "$requirements" &&
    "$target/bin/python" -I -m pip check --disable-pip-version-check
} >"$target/fetch.log" 2>&1 9>&-; then
  tail -n 20 "$target/fetch.log" >&2
  echo "airflow: fetching failed, see $target/fetch.log; behind a mirror, name" \
    "it in pip.conf" >&2
  exit 1
fi
touch "$complete"
echo "$target"

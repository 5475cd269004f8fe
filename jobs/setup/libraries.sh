#!/usr/bin/env bash
# Usage: jobs/setup/libraries.sh
#
# The libraries that Debian and Ubuntu do not package, each by its own script,
# into .deps. Nothing is done where they are already.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
for script in libcint.sh duckdb.sh; do
  if [ -x "$script" ]; then
    "./$script"
  fi
done
# reports work without them
if [ -x pages.sh ]; then
  ./pages.sh || [ $? -eq 3 ]
fi

#!/usr/bin/env bash
# Usage: tests/long/newcomer_roots.sh [SUITE]...
#
# The words of the README in bare roots of debootstrap (bookworm and trixie):
# this commit is unpacked, `jobs/quickstart.sh` installs what is missing, builds
# and runs the thesis set; a second call installs nothing; the commands of the
# pages run; `pip install .` brings the Python module. Prints the seconds of
# each. As root; fetches 400 MB of packages for each. Exit status 77 where
# roots cannot be made.
#
# VQE_ROOTS   where roots are made (build/roots); they are removed at the end
# VQE_MIRROR  mirror of Debian
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
# shellcheck source=tests/long/root_lib.sh
. tests/long/root_lib.sh
need_roots || exit
roots=${VQE_ROOTS:-$root/build/roots}
mkdir -p "$roots"
work=$(mktemp -d "$roots/newcomer-XXXXXX")
trap 'remove_root "$work"' EXIT

# step WORDS COMMAND: in the checkout of the root at $folder, with its seconds
step() {
  local start=$SECONDS
  if ! in_root "$folder" bash -c "cd /srv/vqe_batch && $2" \
    >"$work/said" 2>&1; then
    tail -n 40 "$work/said"
    echo "FAILED on $suite: $1"
    exit 1
  fi
  echo "$suite: $1: $((SECONDS - start)) s"
}

for suite in ${*:-bookworm trixie}; do
  folder=$work/$suite
  make_root "$suite" "$folder"
  if in_root "$folder" sh -c 'command -v git cc python3 mpirun'; then
    echo "FAILED: the root of $suite is not bare"
    exit 1
  fi
  in_root "$folder" apt-get -qq update
  mkdir "$folder/srv/vqe_batch"
  git archive HEAD | tar -x -C "$folder/srv/vqe_batch"
  step "jobs/quickstart.sh" "jobs/quickstart.sh"
  grep -q '8 experiments: 8 ok, 0 failed' "$work/said"
  step "again" "jobs/quickstart.sh"
  if grep -q Installing "$work/said"; then
    echo "FAILED on $suite: the second call installs something"
    exit 1
  fi
  step "Python packages of the pages" "apt-get -qq -y install python3-venv \
      >/dev/null && python3 -m venv /srv/own &&
    /srv/own/bin/pip install --quiet --require-hashes --no-deps \
      -r tests/requirements.txt"
  step "the commands of doc" "PATH=/srv/own/bin:\$PATH OMPI_ALLOW_RUN_AS_ROOT=1 \
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 python3 tests/integration/documentation.py"
  tail -n 1 "$work/said"
  # as `pip install .` does, but with what is listed by hash
  step "the Python module" "python3 -m venv /srv/module && \
    /srv/module/bin/pip install --quiet --require-hashes --no-deps \
      -r tests/requirements_python.txt && \
    /srv/module/bin/pip install --quiet --no-build-isolation --no-deps . && cd / &&
    /srv/module/bin/python -c \"\$(sed -n '/^from vqe_batch import run/,/^\`\`\`/p' \
      /srv/vqe_batch/src/python/README.md | sed '/^\`\`\`/,\$d')\""
  tail -n 2 "$work/said"
  remove_root "$folder"
done

#!/usr/bin/env bash
# Usage: jobs/quickstart.sh [FOLDER]
#
# From a fresh checkout to energies: installs what is missing, builds, and
# runs jobs/thesis.json on two ranks. The result (thesis.h5) goes to FOLDER,
# by default the current one. Running it again installs nothing, builds only
# what changed, and keeps experiments that are already in the result.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${1:-$PWD}
mkdir -p "$folder"

"$root/jobs/setup/packages.sh" main
"$root/jobs/setup/libraries.sh"
"$root/jobs/setup/build.sh" release vqe_batch vqe

# Open MPI asks root twice, which containers have no use for
if [ "$(id -u)" -eq 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
ranks=2
if [ "$(nproc)" -lt 2 ]; then
  ranks=1
fi
cd "$folder"
echo "mpirun -np $ranks build/release/vqe_batch jobs/thesis.json"
exec mpirun -np "$ranks" "$root/build/release/vqe_batch" \
  "$root/jobs/thesis.json"

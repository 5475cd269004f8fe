#!/usr/bin/env bash
# Usage: jobs/quickstart.sh [FOLDER]
#
# From a fresh checkout to energies and tables: installs what is missing,
# builds, runs jobs/thesis.json on two ranks and asks the tables for the
# errors. The result (thesis.h5) and the tables (thesis.warehouse) go to
# FOLDER, by default the current one. Running it again installs nothing,
# builds only what changed, and keeps experiments that are already in the
# result.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${1:-$PWD}
mkdir -p "$folder"

"$root/jobs/setup/packages.sh" main
"$root/jobs/setup/libraries.sh"
"$root/jobs/setup/build.sh" release vqe_batch vqe_lake vqe

# Open MPI asks root twice, which containers have no use for
if [ "$(id -u)" -eq 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
# without it, Open MPI loads plugins from below the current folder
export HOME="${HOME:-/nonexistent}"
ranks=2
if [ "$(nproc)" -lt 2 ]; then
  ranks=1
fi
cd "$folder"
echo "mpirun -np $ranks build/release/vqe_batch jobs/thesis.json"
status=0
mpirun -np "$ranks" "$root/build/release/vqe_batch" "$root/jobs/thesis.json" ||
  status=$?
if [ "$status" -gt 1 ]; then
  exit "$status"
fi

query="
SELECT s.molecule_name AS molecule, r.backend, s.total_iterations AS steps,
  round(s.total_energy, 8) AS energy, round(s.fci_energy, 8) AS fci,
  round(1000 * s.error_to_fci, 4) AS error_mha,
  round(100 * s.correlation_recovered, 3) AS correlation_percent
FROM ml_run_summary s JOIN vqe_results r USING (experiment_id)
ORDER BY r.molecule_id, s.experiment_id"
echo
echo "build/release/vqe_lake query \"...\" --warehouse thesis.warehouse:$query"
echo
"$root/build/release/vqe_lake" query "$query" --warehouse thesis.warehouse
exit "$status"

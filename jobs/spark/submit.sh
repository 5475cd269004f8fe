#!/usr/bin/env bash
# Usage: jobs/spark/submit.sh PROGRAM ARGUMENT...
#
# Runs a program of this folder by the spark-submit that jobs/setup/spark.sh
# provides, with its settings:
#
#   jobs/spark/submit.sh normalize.py --raw raw --warehouse tables
#
# VQE_SPARK_MASTER  local[*], spark://HOST:PORT, yarn or k8s://... (local[*])
# VQE_SPARK_SECRET  shared secret of a master that authenticates
# VQE_SPARK_CONF    further settings, as KEY=VALUE separated by blanks
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ "${1:-}" != normalize.py ] && [ "${1:-}" != featurize.py ]; then
  sed -n '2,11p' "${BASH_SOURCE[0]}" | cut -c3- >&2
  exit 2
fi
home=${VQE_SPARK_HOME:-$("$here/../setup/spark.sh" | tail -n 1)}
# spark-submit looks for its own files by this Python, and executors run it
export PYSPARK_PYTHON=${PYSPARK_PYTHON:-$home/bin/python}
settings=()
for setting in ${VQE_SPARK_CONF:-}; do
  settings+=(--conf "$setting")
done
exec "$home/bin/spark-submit" --master "${VQE_SPARK_MASTER:-local[*]}" \
  --properties-file "$home/spark.properties" "${settings[@]}" "$here/$1" "${@:2}"

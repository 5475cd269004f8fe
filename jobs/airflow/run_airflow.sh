#!/usr/bin/env bash
# Usage: jobs/airflow/run_airflow.sh init
#        jobs/airflow/run_airflow.sh COMMAND [ARGUMENT...]
#
# Runs Airflow (jobs/setup/airflow.sh) with the DAGs of this folder. init makes
# or upgrades its database, and the pool of the one writer of the warehouse.
# COMMAND is any of Airflow's own: dags test DAG, variables set NAME VALUE,
# standalone, scheduler, ...
#
# AIRFLOW_HOME  database, logs and settings (~/airflow)
# What AIRFLOW__SECTION__KEY sets in the environment, or airflow.cfg, goes over
# what is set here.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -eq 0 ]; then
  sed -n '2,12p' "${BASH_SOURCE[0]}" | cut -c3- >&2
  exit 2
fi
airflow=$("$here/../setup/airflow.sh" | tail -n 1)
export AIRFLOW_HOME=${AIRFLOW_HOME:-$HOME/airflow}
export AIRFLOW__CORE__DAGS_FOLDER=${AIRFLOW__CORE__DAGS_FOLDER:-$here/dags}
export AIRFLOW__CORE__LOAD_EXAMPLES=${AIRFLOW__CORE__LOAD_EXAMPLES:-False}
# on this machine alone, unless the site says otherwise; tasks find the API where
# it is, and not by a proxy
export AIRFLOW__API__HOST=${AIRFLOW__API__HOST:-127.0.0.1}
api=http://127.0.0.1:${AIRFLOW__API__PORT:-8080}/execution/
export AIRFLOW__CORE__EXECUTION_API_SERVER_URL=${AIRFLOW__CORE__EXECUTION_API_SERVER_URL:-$api}
export no_proxy=${no_proxy:+$no_proxy,}127.0.0.1,localhost
export NO_PROXY=$no_proxy
# tasks start python of the same folder
export PATH=$airflow/bin:$PATH

if [ "$1" = init ]; then
  # its airflow.cfg holds the keys of the database and of the API
  umask 077
  mkdir -p "$AIRFLOW_HOME"
  airflow db migrate
  airflow pools set vqe_warehouse 1 "whatever writes the warehouse"
  exit 0
fi
exec airflow "$@"

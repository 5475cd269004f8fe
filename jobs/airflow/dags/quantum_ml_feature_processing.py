"""Normalised tables to the two feature tables, daily, after the run of
quantum_feature_processing of the same day."""

import datetime
import os
import sys

from airflow.sdk import DAG

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))

from common import commands, settings, tasks  # noqa: E402

times = settings.timing()

with DAG(
    **tasks.dag_args("quantum_ml_feature_processing", schedule="@daily", times=times),
    description="normalised tables to feature tables",
    default_args=tasks.default_args(
        retries=2,
        delay=datetime.timedelta(minutes=15),
        timeout=datetime.timedelta(hours=1),
        times=times,
    ),
    doc_md=__doc__,
):
    wait = tasks.run_of("quantum_feature_processing", times)
    featurize = tasks.Program(
        task_id="featurize",
        command=commands.featurize,
        pool=tasks.WAREHOUSE_POOL,
        outlets=[settings.table(name) for name in settings.FEATURE_TABLES],
    )
    check = tasks.Program(task_id="check", command=commands.check)
    wait >> featurize >> check

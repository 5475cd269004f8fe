"""Raw records to the nine normalised tables, daily."""

import datetime
import os
import sys

from airflow.sdk import DAG

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))

from common import commands, settings, tasks  # noqa: E402

times = settings.timing()

with DAG(
    **tasks.dag_args("quantum_feature_processing", schedule="@daily", times=times),
    description="raw records to normalised tables",
    default_args=tasks.default_args(
        retries=3,
        delay=datetime.timedelta(minutes=20),
        timeout=datetime.timedelta(hours=2),
        times=times,
    ),
    doc_md=__doc__,
):
    ingest = tasks.Program(task_id="ingest", command=commands.ingest)
    normalize = tasks.Program(
        task_id="normalize",
        command=commands.normalize,
        pool=tasks.WAREHOUSE_POOL,
        trigger_rule="none_failed",
        outlets=[settings.table("processing_metadata")],
    )
    check = tasks.Program(task_id="check", command=commands.check)
    ingest >> normalize >> check

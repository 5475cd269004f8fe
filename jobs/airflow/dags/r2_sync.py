"""The feature tables to a second store, after the run of
quantum_ml_feature_processing of the same day. Has no schedule unless the
Variable vqe_timing gives it one."""

import datetime
import os
import sys

from airflow.sdk import DAG

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))

from common import commands, settings, tasks  # noqa: E402

times = settings.timing()

with DAG(
    **tasks.dag_args("r2_sync", schedule=None, times=times),
    description="feature tables to a second store",
    default_args=tasks.default_args(
        retries=1,
        delay=datetime.timedelta(minutes=10),
        timeout=datetime.timedelta(hours=1),
        times=times,
    ),
    doc_md=__doc__,
):
    wait = tasks.run_of("quantum_ml_feature_processing", times)
    health = tasks.Program(
        task_id="health",
        command=commands.health,
        # of two stores, 30 s each
        execution_timeout=datetime.timedelta(seconds=90),
    )
    check = tasks.Program(task_id="check", command=commands.check_target)
    wait >> health
    for table in settings.FEATURE_TABLES:
        health >> tasks.Program(task_id=f"sync_{table}", command=commands.sync(table)) >> check

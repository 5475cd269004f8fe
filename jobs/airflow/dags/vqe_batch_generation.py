"""A campaign: the job files of a tier are made, run by SLURM or mpirun, and
their state is shown. Manual, with the configuration {"tier": N}; run again, it
goes on with what is not done."""

import datetime
import os
import sys

from airflow.sdk import DAG, Param

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))

from common import commands, settings, tasks  # noqa: E402

times = settings.timing()

with DAG(
    **tasks.dag_args("vqe_batch_generation", schedule=None, times=times),
    description="a campaign of vqe_batch",
    default_args=tasks.default_args(
        retries=1,
        delay=datetime.timedelta(minutes=30),
        timeout=datetime.timedelta(hours=30),
        times=times,
    ),
    params={
        "tier": Param(
            1, type=["integer", "string"], description="number of a tier, or the path of its file"
        )
    },
    doc_md=__doc__,
):
    build_images = tasks.Program(task_id="build_images", command=commands.build_images)
    generate = tasks.Program(
        task_id="generate", command=commands.generate, trigger_rule="none_failed"
    )
    submit = tasks.Program(task_id="submit", command=commands.submit)
    status = tasks.Program(task_id="status", command=commands.status)
    build_images >> generate >> submit >> status

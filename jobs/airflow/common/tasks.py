"""The operator that runs a program, the sensors, limits and pools."""

import datetime
import json
import os
import re
import shlex
import signal
import subprocess
import tempfile

from airflow.providers.standard.sensors.external_task import ExternalTaskSensor
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException

from . import callbacks, settings

# one writer of the warehouse at a time; run_airflow.sh init makes the pool
WAREHOUSE_POOL = "vqe_warehouse"
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
# names in the environment whose values no log shows
SECRET = re.compile("SECRET|TOKEN|PASSWORD")
LONGEST_DELAY = datetime.timedelta(hours=1)


def default_args(*, retries, delay, timeout, times):
    """Of all tasks of a DAG: the delay doubles from attempt to attempt, up to
    an hour."""
    if "retry_seconds" in times:
        delay = datetime.timedelta(seconds=times["retry_seconds"])
    return {
        "owner": "vqe",
        "retries": retries,
        "retry_delay": delay,
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": LONGEST_DELAY,
        "execution_timeout": timeout,
        "on_success_callback": callbacks.task_succeeded,
        "on_retry_callback": callbacks.task_retried,
        "on_failure_callback": callbacks.task_failed,
    }


def dag_args(dag_id, *, schedule, times):
    """What the DAGs have in common."""
    return {
        "dag_id": dag_id,
        "schedule": times.get("schedules", {}).get(dag_id, schedule),
        "start_date": START,
        "catchup": False,
        "max_active_runs": 1,
        "tags": ["vqe"],
        "on_success_callback": callbacks.run_succeeded,
        "on_failure_callback": callbacks.run_failed,
    }


class Program(BaseOperator):
    """Runs the program that `command` (common.commands) gives; its output goes
    to the log of the task, without secrets; what it counted is the result."""

    def __init__(self, *, command, **arguments):
        super().__init__(**arguments)
        self.command = command
        self.process = None

    def execute(self, context):
        command = self.command(context)
        with tempfile.TemporaryDirectory(prefix="vqe-task-") as scratch:
            summary = os.path.join(scratch, "summary.json")
            words = [*command.words, "--summary", summary] if command.counts else command.words
            status = self._run(words, command.environment)
            counts = _counts(summary)
        set_aside = counts.get("skipped", 0) + counts.get("dropped", 0)
        if status == 1 and set_aside > 0:
            self.log.warning("records set aside: %d; the tables have the others", set_aside)
        elif status == 1 and command.some_may_fail:
            self.log.warning("some experiments failed")
        elif status != 0:
            raise AirflowException(
                f"{shlex.join(words)} ended with exit status {status}; the lines above say why"
            )
        return counts or None

    def _run(self, words, additions):
        env = dict(os.environ)
        for name, value in additions.items():
            env.pop(name, None)
            if value is not None:
                env[name] = value
        secrets = [value for name, value in additions.items() if value and SECRET.search(name)]
        self.log.info("%s", shlex.join(words))
        self.process = subprocess.Popen(
            words,
            cwd=settings.ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
            start_new_session=True,
        )
        for line in self.process.stdout:
            for secret in secrets:
                line = line.replace(secret, "***")
            self.log.info("%s", line.rstrip())
        return self.process.wait()

    def on_kill(self):
        """Of a timeout too. Programs get a minute to leave things whole."""
        if self.process is None or self.process.poll() is not None:
            return
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)


def _counts(path):
    try:
        with open(path, encoding="utf-8") as stream:
            return json.load(stream)
    except FileNotFoundError:
        return {}


class RunOf(ExternalTaskSensor):
    """Waits for the run of another DAG of the same logical date. A manual run
    whose date no run of that DAG has goes on at once: it would wait in vain.
    """

    def poke(self, context):
        run = context["dag_run"]
        if run.run_type == "manual" and not self._has_run(context):
            self.log.info(
                "a manual run, and no run of %s has its logical date %s: not waited for",
                self.external_dag_id, run.logical_date,
            )  # fmt: skip
            return True
        return super().poke(context)

    def _has_run(self, context):
        date = context["dag_run"].logical_date
        return (
            date is not None
            and context["ti"].get_dr_count(dag_id=self.external_dag_id, logical_dates=[date]) > 0
        )


def run_of(dag_id, times):
    return RunOf(
        task_id=f"wait_for_{dag_id}",
        external_dag_id=dag_id,
        allowed_states=["success"],
        failed_states=["failed"],
        mode="reschedule",
        poke_interval=times.get("poke_seconds", 60),
        timeout=3600,
    )

#!/usr/bin/env python3
"""The DAGs of jobs/airflow by a real scheduler, with schedules of minutes: the
second DAG waits for the first of the same date and the third for the second,
a task that fails is retried, reports reach their places, and no secret of a
Connection stands in a log.

The tables are in a bucket, the copy is in another whose key does not open the
first. Scheduler, DAG processor and API server run on loopback with SQLite;
Variables and Connections are in its database, and nothing in the environment.

Services: airflow garage.

VQE_BATCH and VQE_LAKE name the programs. Exit status 77: no Airflow, no
Garage, no PyIceberg, or no rclone.
"""

import contextlib
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import airflow_runs
import harness
from airflow_runs import FIRST, SECOND, SYNC
from harness import check

try:
    import lake_readers as readers
    from lake_readers import Bucket, Local, lake
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(harness.SKIPPED)

LIMIT = 420  # seconds, on a machine that has other work too
EVERY = "*/2 * * * *"
TABLES, TARGET = "s3a://features/tables", "s3a://copies/tables"
FEATURES = ("ml_iteration_features", "ml_run_summary")


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextlib.contextmanager
def services(airflow, folder):
    """The three services; each in a process group of its own, which ends with
    this block."""
    port = free_port()
    airflow.env.update(
        AIRFLOW__API__PORT=str(port),
        AIRFLOW__API__WORKERS="1",
        AIRFLOW__CORE__EXECUTOR="LocalExecutor",
        AIRFLOW__CORE__PARALLELISM="3",
        AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION="False",
        AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK="False",
    )
    processes = {}
    try:
        for name in ("api-server", "scheduler", "dag-processor"):
            with open(folder.file(f"{name}.log"), "wb") as log:
                processes[name] = subprocess.Popen(
                    [airflow_runs.SCRIPT, name],
                    env=airflow.env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        yield port, processes
    finally:
        for process in reversed(processes.values()):
            end(process)


def end(process):
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=30)
            if how == signal.SIGKILL:
                return
    process.wait(timeout=30)


def await_api(port, processes, folder):
    deadline = time.monotonic() + 180
    while True:
        for name, process in processes.items():
            if process.poll() is not None:
                with open(folder.file(f"{name}.log"), encoding="utf-8") as log:
                    harness.fail(f"{name} ended:\n{log.read()[-4000:]}")
        try:
            urllib.request.urlopen(
                f"http://127.0.0.1:{port}/api/v2/monitor/health", timeout=5
            ).close()
            return
        except (urllib.error.URLError, OSError):
            check(time.monotonic() < deadline, "the API does not respond")
            time.sleep(0.5)


def first_date_done(airflow):
    """The runs of the three DAGs of the first date that all of them have done,
    and what there is else."""
    runs = {name: airflow.states(name) for name in (FIRST, SECOND, SYNC)}
    done = {
        name: {run["date"]: run for run in found if run["state"] == "success"}
        for name, found in runs.items()
    }
    for date in sorted(done[SYNC]):
        if date in done[FIRST] and date in done[SECOND]:
            return {name: done[name][date] for name in runs}, runs
    return None, runs


def logs_of(airflow):
    text = ""
    for path in glob.glob(os.path.join(airflow.home, "logs", "**", "*.log"), recursive=True):
        with open(path, encoding="utf-8", errors="replace") as stream:
            text += stream.read()
    return text


def connection(env, **extra):
    return {
        "conn_type": "generic",
        "login": env["AWS_ACCESS_KEY_ID"],
        "password": env["AWS_SECRET_ACCESS_KEY"],
        "extra": json.dumps(
            {"endpoint_url": env["AWS_ENDPOINT_URL"], "region_name": env["AWS_REGION"], **extra}
        ),
    }


def set_up(airflow, folder, garage):
    """Variables and Connections; the environments of both stores."""
    garage.do("garage_bucket copies")
    writer = garage.key("writer", {"features": "--read --write"})
    copyist = garage.key("copyist", {"copies": "--read --write"})
    folder.write(
        "connections.json",
        {"vqe_s3": connection(writer), "vqe_s3_target": connection(copyist, provider="Other")},
    )
    airflow.run("init")
    airflow.run("variables", "import", folder.file("variables.json"))
    airflow.run("connections", "import", folder.file("connections.json"))
    for name in [name for name in airflow.env if name.startswith(("AWS_", "RCLONE_"))]:
        del airflow.env[name]
    return writer, copyist


def main(folder):
    raw, by_hand = folder.file("raw"), folder.file("by_hand")
    airflow_runs.put_records(raw)
    lake("normalize", raw, "-w", by_hand, status=1)  # one record is set aside
    lake("featurize", by_hand)
    gateway = airflow_runs.Pushgateway()
    folder.write(
        "variables.json",
        {
            "vqe_raw": raw,
            "vqe_warehouse": TABLES,
            "vqe_target_warehouse": TARGET,
            "vqe_programs": airflow_runs.programs(folder, readers.LAKE, "normalize"),
            "vqe_pushgateway": gateway.url,
            "vqe_timing": {
                "schedules": {FIRST: EVERY, SECOND: EVERY, SYNC: EVERY},
                "retry_seconds": 2,
                "poke_seconds": 3,
            },
        },
    )
    garage = readers.Garage(folder.file("garage"))
    try:
        airflow = airflow_runs.Airflow(folder, {})
        writer, copyist = set_up(airflow, folder, garage)
        with services(airflow, folder) as (port, processes):
            await_api(port, processes, folder)
            done, runs = await_runs(airflow)
        check_order(done, runs)
        place = f"/metrics/job/vqe_airflow/dag/{FIRST}"
        check(any(where == place and "run_success 1\n" in body for where, body in gateway.pushed),
              f"no metric of the run: {gateway.pushed}")  # fmt: skip
        said = logs_of(airflow)
        check("fails once; the key is ***" in said, "the log of the failure is not there")
        for env in (writer, copyist):
            check(env["AWS_SECRET_ACCESS_KEY"] not in said, "a key is in a log")
        check_tables(by_hand, writer, copyist)
    finally:
        garage.close()


def await_runs(airflow):
    deadline = time.monotonic() + LIMIT
    while True:
        done, runs = first_date_done(airflow)
        if done is not None:
            return done, runs
        check(time.monotonic() < deadline, f"not done in {LIMIT} s: {json.dumps(runs, indent=1)}")
        time.sleep(1)


def check_tables(by_hand, writer, copyist):
    readers.compare_results("by the scheduler", Bucket(TABLES, writer), Local(by_hand))
    copy = Bucket(TARGET, copyist)
    for name in FEATURES:
        left = readers.rows_of(copy.table(name), name)
        right = readers.rows_of(Local(by_hand).table(name), name)
        readers.compare(f"the copy: {name}", left, right, readers.VOLATILE)
    lake("check", TABLES, env=writer)
    lake("check", TARGET, env=copyist)
    check(lake("check", TABLES, env=copyist, status=None).returncode != 0,
          "the key of the copy opens the tables")  # fmt: skip


def check_order(done, runs):
    ends = {name: max(t["end"] for t in run["tasks"].values()) for name, run in done.items()}
    for name, before, work in ((SECOND, FIRST, "featurize"), (SYNC, SECOND, "health")):
        tasks = done[name]["tasks"]
        sensor = tasks[f"wait_for_{before}"]
        check(done[name]["type"] == "scheduled", f"{name}: {done[name]}")
        check(sensor["state"] == "success" and sensor["end"] >= ends[before],
              f"{name}: the sensor ended at {sensor['end']}, {before} at {ends[before]}")  # fmt: skip
        check(tasks[work]["start"] >= ends[before], f"{name}.{work} began before {before} ended")
    attempts = [run["tasks"]["normalize"]["attempts"] for run in runs[FIRST]]
    check(attempts[0] == 2 and max(attempts) == 2, f"attempts of normalize: {attempts}")


airflow_runs.leave_without_airflow()
if not readers.has_garage():
    print("skipped: no Garage (jobs/setup/garage.sh)")
    sys.exit(harness.SKIPPED)
if shutil.which("rclone") is None:
    print("skipped: no rclone")
    sys.exit(harness.SKIPPED)
with harness.Folder() as test_folder:
    main(test_folder)

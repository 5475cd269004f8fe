#!/usr/bin/env python3
"""The DAGs of jobs/airflow: they import, have the schedules, sensors, pools and
limits that their page lists, and run with their real tasks: raw records become
the tables that vqe_lake makes by hand, by either engine, and a second run of a
day changes nothing; a small campaign is generated, run and shown. A task that fails is retried; a manual run that no run of
the DAG before it can match does not wait; keys of connections stay out of the
log; callbacks reach a Pushgateway, statsd and a mail server.

Services: airflow spark.

VQE_BATCH and VQE_LAKE name the programs. Exit status 77: no Airflow, or no
PyIceberg.
"""

import json
import os
import re
import sys

import airflow_runs
import harness
from airflow_runs import CAMPAIGN, FIRST, SECOND, SECRET, SYNC
from harness import check

try:
    import lake_readers as readers
    from lake_readers import Local, lake, snapshots
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(harness.SKIPPED)

STRUCTURE = """
import json, os
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
def seconds(delta):
    return None if delta is None else delta.total_seconds()
print()
print(json.dumps(dict(errors=bag.import_errors, dags={
    dag.dag_id: dict(
        schedule=None if dag.schedule is None else str(dag.schedule),
        catchup=dag.catchup, max_active_runs=dag.max_active_runs,
        callbacks=bool(dag.has_on_success_callback and dag.has_on_failure_callback),
        tasks={t.task_id: dict(
            kind=[c.__name__ for c in type(t).__mro__], upstream=sorted(t.upstream_task_ids),
            retries=t.retries, delay=seconds(t.retry_delay), longest=seconds(t.max_retry_delay),
            backoff=float(t.retry_exponential_backoff), limit=seconds(t.execution_timeout),
            pool=t.pool, trigger=str(t.trigger_rule), mode=getattr(t, "mode", None),
            poke=getattr(t, "poke_interval", None), timeout=getattr(t, "timeout", None),
            external=getattr(t, "external_dag_id", None), outlets=[a.name for a in t.outlets],
            callbacks=bool(t.has_on_success_callback and t.has_on_failure_callback))
        for t in dag.tasks})
    for dag in bag.dags.values()})))
"""
MINUTE, HOUR = 60.0, 3600.0
# schedule, retries, delay, limit of a task, tasks with what is before them
WANTED = {
    FIRST: ("@daily", 3, 20 * MINUTE, 2 * HOUR,
            {"ingest": [], "normalize": ["ingest"], "check": ["normalize"]}),
    SECOND: ("@daily", 2, 15 * MINUTE, HOUR,
             {f"wait_for_{FIRST}": [], "featurize": [f"wait_for_{FIRST}"],
              "check": ["featurize"]}),
    SYNC: (None, 1, 10 * MINUTE, HOUR,
           {f"wait_for_{SECOND}": [], "health": [f"wait_for_{SECOND}"],
            "sync_ml_iteration_features": ["health"], "sync_ml_run_summary": ["health"],
            "check": ["sync_ml_iteration_features", "sync_ml_run_summary"]}),
    CAMPAIGN: (None, 1, 30 * MINUTE, 30 * HOUR,
               {"build_images": [], "generate": ["build_images"], "submit": ["generate"],
                "status": ["submit"]}),
}  # fmt: skip
SENSORS = {SECOND: FIRST, SYNC: SECOND}
# what writes the warehouse, and the tables that it says it has written
WRITERS = {
    (FIRST, "normalize"): ["processing_metadata"],
    (SECOND, "featurize"): ["ml_iteration_features", "ml_run_summary"],
}


def check_structure(airflow):
    found = airflow.python(STRUCTURE)
    check(not found["errors"], f"import errors: {found['errors']}")
    check(found["dags"].keys() == WANTED.keys(), f"DAGs {sorted(found['dags'])}")
    for name, (schedule, retries, delay, limit, tasks) in WANTED.items():
        dag = found["dags"][name]
        check(dag["schedule"] == schedule, f"{name}: schedule {dag['schedule']}")
        check(not dag["catchup"] and dag["max_active_runs"] == 1, f"{name}: {dag}")
        check(dag["callbacks"], f"{name}: no callbacks")
        before = {key: task["upstream"] for key, task in dag["tasks"].items()}
        check(before == tasks, f"{name}: tasks {before}")
        for key, task in dag["tasks"].items():
            limits = [task[k] for k in ("retries", "delay", "longest", "backoff", "limit")]
            longest = 90.0 if (name, key) == (SYNC, "health") else limit
            check(limits == [retries, delay, HOUR, 2.0, longest], f"{name}.{key}: {limits}")
            check(task["callbacks"], f"{name}.{key}: no callbacks")
            pool = "vqe_warehouse" if (name, key) in WRITERS else "default_pool"
            check(task["pool"] == pool, f"{name}.{key}: pool {task['pool']}")
            outlets = [f"quantum_catalog.quantum_features.{t}" for t in WRITERS.get((name, key), [])]
            check(task["outlets"] == outlets, f"{name}.{key}: outlets {task['outlets']}")
            if key.startswith("wait_for_"):
                sensor = [task[k] for k in ("external", "mode", "poke", "timeout")]
                check(sensor == [SENSORS[name], "reschedule", 60, 3600], f"{name}.{key}: {sensor}")
                check("ExternalTaskSensor" in task["kind"], f"{name}.{key}: {task['kind']}")


def has_line(text, *parts):
    return any(all(part in line for part in parts) for line in text.splitlines())


def main(folder):
    raw, tables, by_hand = (folder.file(n) for n in ("raw", "tables", "by_hand"))
    airflow_runs.put_records(raw)
    gateway, mail = airflow_runs.Pushgateway(), airflow_runs.MailServer()
    taker, statsd = airflow_runs.statsd()
    airflow = airflow_runs.Airflow(folder, {"vqe_raw": raw, "vqe_warehouse": tables})
    airflow.run("init")
    pool = airflow.run("pools", "get", "vqe_warehouse", "-o", "json")
    check(re.search(r'"slots": "?1"?', pool), f"the pool: {pool}")
    check_structure(airflow)

    # what the DAGs are to make
    lake("normalize", raw, "-w", by_hand, status=1)  # one record is set aside
    lake("featurize", by_hand)

    # the first day; a task fails once, and its log has no key
    path = airflow_runs.programs(folder, readers.LAKE, "normalize")
    airflow.set("vqe_programs", path)
    airflow.set("vqe_timing", {"retry_seconds": 1})
    airflow.set("vqe_pushgateway", gateway.url)
    airflow.set("vqe_statsd", statsd)
    airflow.set("vqe_email", "someone@localhost")
    airflow.env["AIRFLOW_CONN_VQE_S3"] = (
        '{"conn_type": "generic", "login": "key", "password": "%s"}' % SECRET
    )
    airflow.env["AIRFLOW_CONN_SMTP_DEFAULT"] = (
        '{"conn_type": "smtp", "host": "127.0.0.1", "port": %d, '
        '"extra": {"disable_ssl": true, "disable_tls": true}}' % mail.port
    )
    said = airflow.run("dags", "test", FIRST, "2026-11-01")
    check(has_line(said, "fails once; the key is ***"), f"no masked key in\n{said}")
    check(SECRET not in said, "the key is in the log")
    run = airflow.states(FIRST)[-1]
    check(run["state"] == "success", f"{run}\n{said}")
    tasks = run["tasks"]
    check(tasks["ingest"]["state"] == "skipped", f"{tasks}")
    check(tasks["normalize"]["attempts"] == 2, f"normalize was not retried: {tasks}\n{said}")
    check(has_line(said, "records set aside: 1;"), f"no word of the record set aside\n{said}")
    check_reports(gateway, taker, mail)

    said = airflow.run("dags", "test", SECOND, "2026-11-01")
    check(has_line(said, f"Poking for DAG '{FIRST}'"), f"the sensor did not look\n{said}")
    readers.compare_results("by the DAGs", Local(tables), Local(by_hand))

    # the same day again, and a day that the first DAG has no run of
    before = snapshots(Local(tables))
    airflow.run("dags", "test", FIRST, "2026-11-01")
    said = airflow.run("dags", "test", SECOND, "2026-11-02")
    check(has_line(said, "2026-11-02", "not waited for"), f"it waited\n{said}")
    for name in (FIRST, SECOND):
        runs = airflow.states(name)
        check([r["state"] for r in runs] == ["success"] * len(runs), f"{name}: {runs}")
    check(snapshots(Local(tables)) == before, "a second run left snapshots")
    lake("check", tables)

    campaign(airflow, folder)
    by_spark(airflow, folder, by_hand)


def check_reports(gateway, taker, mail):
    pushed = dict(gateway.pushed)
    task = f"/metrics/job/vqe_airflow/dag/{FIRST}/task/normalize"
    check(task in pushed, f"pushed: {list(pushed)}")
    seen = [body for place, body in gateway.pushed if place == task]
    check("vqe_airflow_task_success 0\n" in seen[0], f"of the failure: {seen[0]}")
    check("vqe_airflow_task_success 1\n" in seen[-1], f"of the success: {seen[-1]}")
    check("vqe_airflow_run_success 1\n" in pushed[f"/metrics/job/vqe_airflow/dag/{FIRST}"],
          f"of the run: {pushed}")  # fmt: skip
    counted = airflow_runs.datagrams(taker)
    for line in (f"vqe_airflow.{FIRST}.normalize.retry:1|c",
                 f"vqe_airflow.{FIRST}.normalize.success:1|c",
                 f"vqe_airflow.{FIRST}.success:1|c"):  # fmt: skip
        check(line in counted, f"no {line} in {counted}")
    check(len(mail.mails) == 1, f"{len(mail.mails)} mails")
    check("someone@localhost" in mail.mails[0], mail.mails[0])


def campaign(airflow, folder):
    """A tier of two experiments by mpirun; run again, nothing is left."""
    folder.write(
        "small.json",
        {
            "molecules": [harness.H2],
            "ansatz": {"name": "EfficientSU2", "reps": 1},
            "optimizer": {"name": "COBYLA", "max_evaluations": 20},
            "init": "hf",
            "seed": "1-2",
        },
    )
    airflow.set("vqe_campaigns", folder.file("campaigns"))
    airflow.set("vqe_containerfile", "no/such/file")
    airflow.set("vqe_submit", "mpirun")
    conf = json.dumps({"tier": folder.file("small.json")})
    for wanted in ("2 to run", "2 done already"):
        said = airflow.run("dags", "test", CAMPAIGN, "-c", conf)
        run = airflow.states(CAMPAIGN)[-1]
        states = {name: task["state"] for name, task in run["tasks"].items()}
        check(
            states.pop("build_images") == "skipped" and set(states.values()) == {"success"},
            f"{states}\n{said}",
        )
        check(has_line(said, "no/such/file (Variable vqe_containerfile)"), f"no reason\n{said}")
        check(has_line(said, wanted), f"not '{wanted}'\n{said}")
        check(has_line(said, "2 experiments: 2 done"), f"no state\n{said}")
    tables = folder.file(os.path.join("campaigns", "tier-small", "warehouse"))
    rows = readers.rows_of(Local(tables).table("ml_run_summary"), "ml_run_summary")
    check(sorted(row["seed"] for row in rows.values()) == [1, 2], f"{rows}")


def by_spark(airflow, folder, by_hand):
    """The switch: normalised by Spark, the features by vqe_lake."""
    spark = os.path.join(os.path.dirname(airflow_runs.VENV), "spark-4.0.5", "spark.properties")
    if not os.path.exists(spark):
        check(os.environ.get("CI") != "true", "no Spark (jobs/setup/spark.sh)")
        print("not tested: the engine Spark, which is not there (jobs/setup/spark.sh)")
        return
    tables = folder.file("by_spark")
    airflow.set("vqe_warehouse", tables)
    airflow.set("vqe_engine", "spark")
    airflow.set("vqe_spark_master", "local[2]")
    airflow.set("vqe_spark_conf", "spark.driver.memory=1g spark.driver.host=127.0.0.1")
    said = airflow.run("dags", "test", FIRST, "2026-11-03", timeout=600)
    run = airflow.states(FIRST)[-1]
    check(run["state"] == "success", f"{run}\n{said}")
    check(has_line(said, "submit.sh normalize.py"), f"not by Spark\n{said}")
    lake("featurize", tables)
    readers.compare_results("by Spark", Local(tables), Local(by_hand))


airflow_runs.leave_without_airflow()
with harness.Folder() as test_folder:
    main(test_folder)

#!/usr/bin/env python3
"""The DAGs of jobs/airflow on the services that a site has: records on a topic
of Kafka become raw files by the task `ingest` and a Connection, tables and
features in a bucket by Spark under the writer lock, and plain files in a second
bucket. The tables are those that the job made of its results, and no secret
stands in a log.

Where buildah is, `build_images` builds an image.

Services: airflow garage kafka spark.

VQE_BATCH and VQE_LAKE name the programs. Exit status 77: no Airflow, Garage,
Java, Spark or package.
"""

import json
import os
import shutil
import subprocess
import sys

import airflow_runs
import harness
from airflow_runs import CAMPAIGN, FIRST, SECOND, SYNC
from harness import check

try:
    import lake_readers as readers
    import stream_services
    from lake_readers import Bucket, Local, lake
except ImportError as error:
    print(f"skipped: this Python has no {error.name}")
    sys.exit(harness.SKIPPED)

JOB = {
    "molecules": [
        harness.H2,
        {"name": "HeH+", "symbols": ["He", "H"], "charge": 1,
         "coords": [[0, 0, 0], [0, 0, 0.7719]]},
    ],
    "ansatz": ["UCCSD", {"name": "EfficientSU2", "reps": 1}],
    "optimizer": {"name": "L-BFGS-B", "max_evaluations": 30},
    "seed": [1, 2],
}  # fmt: skip
DAY = "2026-11-05"
WAREHOUSE, COPY = "s3a://features/tables", "s3a://copies/files"


def publish(services, folder):
    """To the topic, and into tables by hand."""
    folder.write("job.json", JOB)
    services(f"kafka_start {folder.file('kafka')}")
    services(f"registry_start {folder.file('registry')}")
    services.topics("--create --topic", stream_services.TOPIC, "--partitions 2")
    process = stream_services.start_batch(
        services, folder, "job.json", "--warehouse", "by_hand"
    )
    out, err = stream_services.end_batch(process)
    check("records delivered" in out, out + err)
    lake("featurize", folder.file("by_hand"))


def connection(env, **extra):
    return json.dumps(
        {
            "conn_type": "generic",
            "login": env["AWS_ACCESS_KEY_ID"],
            "password": env["AWS_SECRET_ACCESS_KEY"],
            "extra": {
                "endpoint_url": env["AWS_ENDPOINT_URL"],
                "region_name": env["AWS_REGION"],
                **extra,
            },
        }
    )


def one_day(airflow, dag, *words):
    said = airflow.run("dags", "test", dag, DAY, timeout=900)
    run = airflow.states(dag)[-1]
    check(run["state"] == "success", f"{dag}: {run}\n{said}")
    for word in words:
        check(word in said, f"{dag}: no '{word}' in\n{said}")
    return run["tasks"], said


def build_image(airflow, folder):
    """An image of nothing but a file, as a base would have to be fetched."""
    if shutil.which("buildah") is None or os.geteuid() != 0:
        print("not tested: build_images, as there is no buildah")
        return
    folder.write("Containerfile", "FROM scratch\nCOPY LICENSE /\n")
    name = f"vqe_test:{os.getpid()}"
    folder.write("small.json", {**JOB, "ansatz": "UCCSD", "seed": 1})
    airflow.env["STORAGE_DRIVER"] = "vfs"
    airflow.set("vqe_containerfile", folder.file("Containerfile"))
    airflow.set("vqe_build_options", f"--isolation chroot --root {folder.file('images')}")
    airflow.set("vqe_image", name)
    airflow.set("vqe_campaigns", folder.file("campaigns"))
    airflow.set("vqe_submit", "mpirun")
    said = airflow.run(
        "dags", "test", CAMPAIGN, "-c", json.dumps({"tier": folder.file("small.json")}),
        timeout=600,
    )  # fmt: skip
    tasks = airflow.states(CAMPAIGN)[-1]["tasks"]
    check(tasks["build_images"]["state"] == "success", f"{tasks}\n{said}")
    images = subprocess.run(
        ["buildah", "--root", folder.file("images"), "images", "--json"],
        env=airflow.env, stdout=subprocess.PIPE, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    check(name in images, f"no {name} in {images}")


def main(folder, services):
    garage = readers.Garage(folder.file("garage"))
    try:
        publish(services, folder)
        garage.do("garage_bucket copies")
        copyist = garage.key("copyist", {"copies": "--read --write"})
        airflow = airflow_runs.Airflow(
            folder,
            {
                "vqe_engine": "spark",
                "vqe_raw": "s3a://raw-results",
                "vqe_warehouse": WAREHOUSE,
                "vqe_target_warehouse": COPY,
                "vqe_sync": "files",
                "vqe_spark_master": "local[2]",
                "vqe_spark_conf": "spark.driver.memory=1g spark.driver.host=127.0.0.1",
            },
        )
        airflow.env["AIRFLOW_CONN_VQE_S3"] = connection(garage.env)
        airflow.env["AIRFLOW_CONN_VQE_S3_TARGET"] = connection(copyist, provider="Other")
        airflow.env["AIRFLOW_CONN_VQE_KAFKA"] = json.dumps(
            {
                "conn_type": "generic",
                "host": services.env["KAFKA_BROKERS"],
                "extra": {"registry": services.env["REGISTRY_URL"]},
            }
        )
        for name in [n for n in airflow.env if n.startswith(("AWS_", "RCLONE_", "VQE_KAFKA"))]:
            del airflow.env[name]
        airflow.run("init")

        tasks, first = one_day(
            airflow, FIRST, "ingest --land s3a://raw-results", "with-lock", "submit.sh normalize.py"
        )
        states = {name: task["state"] for name, task in tasks.items()}
        check(set(states.values()) == {"success"}, f"{states}\n{first}")
        _, second = one_day(airflow, SECOND, "with-lock", "submit.sh featurize.py")
        readers.compare_results(
            "by Spark in a bucket",
            Bucket(WAREHOUSE, garage.env),
            Local(folder.file("by_hand")),
            features=readers.is_close,
        )
        lake("check", WAREHOUSE, env=garage.env)
        _, third = one_day(airflow, SYNC, "sync.sh files")
        for env in (garage.env, copyist):
            for said in (first, second, third):
                check(env["AWS_SECRET_ACCESS_KEY"] not in said, "a key is in a log")
        build_image(airflow, folder)
    finally:
        garage.close()


airflow_runs.leave_without_airflow()
if not readers.has_garage():
    print("skipped: no Garage (jobs/setup/garage.sh)")
    sys.exit(harness.SKIPPED)
SPARK = os.path.join(os.path.dirname(airflow_runs.VENV), "spark-4.0.5", "spark.properties")
if not os.path.exists(SPARK):
    print("skipped: no Spark (jobs/setup/spark.sh)")
    sys.exit(harness.SKIPPED)
kafka = stream_services.Services()
try:
    with harness.Folder() as test_folder:
        main(test_folder, kafka)
finally:
    kafka.stop()
print("passed")

#!/usr/bin/env python3
"""The whole way by commands: the thesis job on two ranks publishes to a real
Kafka whose broker is killed in the middle, vqe_lake lands the topic in a real
Garage, and its tables equal those that the job made of its result file.

Services: kafka garage.

The programs: stream_services.py. Exit status 77: no Java, Garage or package.
"""

import os
import sys
import time

import harness
from harness import check

try:
    from lake_readers import Garage
    from stream_services import (
        TABLES,
        TOPIC,
        Services,
        count_on,
        end_batch,
        ids_on,
        lake,
        rows_of,
        spooled,
        start_batch,
        wait_for,
    )
except ImportError as lacking:
    print(f"skipped: this Python has no {lacking.name}")
    sys.exit(harness.SKIPPED)

EXPERIMENTS = 8


def publish_thesis(services, folder):
    """The broker dies after three records and comes back."""
    job = os.path.join(harness.ROOT, "jobs", "thesis.json")
    words = (job, "--output", "thesis.h5", "--warehouse", "direct")
    process = start_batch(services, folder, *words)
    wait_for(lambda: count_on(services, TOPIC) >= 3, "three records")
    before = count_on(services, TOPIC)
    services("kafka_kill")
    time.sleep(3)
    services(f"kafka_start {folder.file('kafka')}")
    out, err = end_batch(process)
    check(before < EXPERIMENTS, f"killed too late: {before}")
    check(f"{EXPERIMENTS} records delivered" in out, out + err)
    check(spooled(folder, "vqe_spool") == 0, "the spool is not empty")
    check(len(ids_on(services, TOPIC)) == EXPERIMENTS, "ids on the topic")
    print(f"thesis: broker killed after {before} records;", out.splitlines()[-1])


def land_and_compare(services, folder, env):
    direct = rows_of(services, folder, "direct")
    # the second bucket holds what the first would have by JSON
    for form, bucket in (("avro", "raw-results"), ("json", "test")):
        out = lake(
            services,
            folder,
            *("ingest", "--land", f"s3://{bucket}", "--format", form),
            *("--group", form),
            env=env,
        )
        check("0 rejected" in out, out)
        place = f"s3://features/{form}/warehouse"
        raw = f"s3://{bucket}/experiments/"
        lake(services, folder, "normalize", raw, "--warehouse", place, env=env)
        found = rows_of(services, folder, place, env=env)
        for table in TABLES:
            check(found[table] == direct[table], f"{form}: {table} differs")
        # again: offsets are committed, and what is there stays once
        out = lake(
            services,
            folder,
            *("ingest", "--land", f"s3://{bucket}", "--group", form),
            env=env,
        )
        check(out.startswith("0 messages"), out)
        lake(services, folder, "normalize", raw, "--warehouse", place, env=env)
        check(rows_of(services, folder, place, env=env) == found, "twice")
        print(f"topic to Garage by {form} to tables: as from the result file")


def main():
    services = Services()
    try:
        with harness.Folder() as folder:
            garage = Garage(folder.file("garage"))
            services(f"kafka_start {folder.file('kafka')}")
            services(f"registry_start {folder.file('registry')}")
            services.topics(
                "--create --topic",
                TOPIC,
                "--partitions 3 --config max.message.bytes=20971520",
            )
            publish_thesis(services, folder)
            land_and_compare(services, folder, garage.env)
            garage.close()
            services.stop()
    finally:
        services.stop()
    print("passed")


main()

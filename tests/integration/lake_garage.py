#!/usr/bin/env python3
"""The lake on a real Garage: the same job in a local warehouse and in a
bucket, by PyIceberg and by vqe_lake query; a relocated copy read by a key that
has no right to its source; bad places and keys.

Services: garage.

VQE_BATCH and VQE_LAKE name the programs. Exit status 77: no Garage, or no
PyIceberg.
"""

import datetime
import socket
import sys

import harness
from harness import check

try:
    import lake_readers as readers
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(harness.SKIPPED)

from lake_readers import TABLES, Bucket, Local, lake

PLACE = "s3://features/warehouse"
COPY = "s3://copies/moved/warehouse"
COUNT = "SELECT count(*) FROM molecules"


def json_value(value):
    """A value of PyIceberg as the JSON of a query has it."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


def compare_query(place, warehouse, env):
    """vqe_lake query and PyIceberg read the same."""
    for name in TABLES:
        found = readers.query_rows(place, name, env)
        wanted = readers.rows_of(warehouse.table(name), name)
        for row in wanted.values():
            row.update({column: json_value(value) for column, value in row.items()})
        for row in found.values():
            if "processing_timestamp" in row:
                moment = datetime.datetime.fromisoformat(row["processing_timestamp"])
                if moment.tzinfo:
                    moment = moment.astimezone(datetime.timezone.utc)
                row["processing_timestamp"] = moment.replace(tzinfo=None)
        readers.compare(f"query of {name}", found, wanted)


def refused(done, *words):
    """An error of one line that names what is wrong, and no success."""
    check(done.returncode in (1, 2), f"exit status {done.returncode}: {done.stderr}")
    for word in words:
        check(
            word in harness.unfolded(done.stderr), f"no '{word}' in: {done.args} {done.stderr}"
        )


def check_bad_places(garage, result):
    env = garage.env
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
    for command in (
        ["normalize", result],
        ["featurize"],
        ["query", COUNT],
        ["check"],
        ["log"],
    ):
        wrong = {**env, "AWS_SECRET_ACCESS_KEY": "0" * 64}
        done = lake(*command, "-w", PLACE, env=wrong, status=None)
        refused(done, "features")
        check(done.stdout == "", f"{command}: findings instead of an error")
        check("0" * 64 not in done.stderr, "the message tells the secret")
        done = lake(
            *command, "-w", "s3://absent/warehouse", env=env, status=None
        )
        refused(done, "absent")
        if command[0] == "normalize":
            done = lake(
                *command, "-w", PLACE, "--endpoint", nowhere, env=env, status=None
            )
            refused(done, nowhere.removeprefix("http://"))
    done = lake("log", "-w", f"{PLACE} of mine", env=env, status=2)
    refused(done, "no tables", f"{PLACE} of mine")
    reader = garage.key("reader", {"features": "--read"})
    done = lake("normalize", result, "-w", PLACE, env=reader, status=None)
    refused(done, "features")
    missing = {
        **env,
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
    done = lake("featurize", PLACE, env=missing, status=None)
    refused(done, "AWS_ACCESS_KEY_ID")


with harness.Folder() as folder:
    garage = readers.Garage(folder.file("garage"))
    env = garage.env
    results = readers.run_jobs(folder)

    local = Local(folder.file("local"))
    bucket = Bucket(PLACE, env)
    for result in results:
        for place in (local.place, PLACE):
            lake("normalize", result, "-w", place, env=env)
            lake("featurize", place, env=env)
    readers.compare_results("Garage", bucket, local)
    compare_query(PLACE, bucket, env)
    compare_query(local.place, local, {})

    before = readers.snapshots(bucket)
    for result in results:
        lake("normalize", result, "-w", PLACE, env=env)
    lake("featurize", PLACE, env=env)
    check(
        readers.snapshots(bucket) == before,
        "a run that adds nothing made a snapshot",
    )

    check_bad_places(garage, results[0])
    check(
        readers.snapshots(bucket) == before, "a refused run changed the warehouse"
    )
    lake("check", PLACE, env=env)
    lake("check", local.place)

    garage.do("garage_bucket copies")
    lake("relocate", PLACE, COPY, env=env)
    copyist = garage.key("copyist", {"copies": "--read"})
    copy = Bucket(COPY, copyist)
    for name in TABLES:
        readers.compare(
            f"copy of {name}",
            readers.rows_of(copy.table(name), name),
            readers.rows_of(bucket.table(name), name),
        )
    check(readers.snapshots(copy) == before, "the copy has other snapshots")
    compare_query(COPY, copy, copyist)
    lake("check", COPY, env=copyist)
    refused(lake("query", COUNT, "-w", PLACE, env=copyist, status=None), "features")
    garage.close()
print("Garage: thirteen tables as local, by two readers; copied, denied, refused")

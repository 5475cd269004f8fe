"""What tests of crashes compare of the tables of a warehouse."""

import functools
import json
import os
import subprocess

import harness

LAKE = os.environ.get("VQE_LAKE") or os.path.join(
    os.path.dirname(harness.BATCH), "vqe_lake")
LAKE = os.path.abspath(LAKE)

NAMES = sorted(
    name[: -len(".json")]
    for name in os.listdir(os.path.join(harness.ROOT, "schemas", "iceberg"))
    # what each run did is in processing_metadata
    if name.endswith(".json") and name != "processing_metadata.json"
)
# when and by which run, and how long it took
STAMPS = ("'processing_timestamp', 'processing_date', 'processing_batch_id', "
          "'processing_name'")


def rows_of(warehouse, same_results=True):
    """For each table its rows, its keys, and, where all come from the same
    result file, a hash of all values."""
    parts = []
    for name in NAMES:
        value = "bit_xor(hash(rows))" if same_results else "0"
        parts.append(
            f"SELECT '{name}' AS name, count(*) AS n, "
            f"count(DISTINCT experiment_id) AS ids, {value} AS value "
            f"FROM (SELECT COLUMNS(c -> c NOT IN ({STAMPS})) FROM {name}) AS rows")
    done = subprocess.run(
        [LAKE, "query", " UNION ALL ".join(parts), "-w", warehouse, "-f", "json"],
        capture_output=True, text=True, timeout=120, check=False)
    harness.check(done.returncode == 0, f"{warehouse}: {done.stderr}")
    return {row["name"]: row for row in json.loads(done.stdout)}


@functools.cache
def rows_once(warehouse, same_results=True):
    """The same for a warehouse that stays as it is."""
    return rows_of(warehouse, same_results)


def check_sound(warehouse, text):
    done = subprocess.run([LAKE, "check", warehouse], capture_output=True, text=True,
                          timeout=120, check=False)
    harness.check(done.returncode == 0, f"{text}: {done.stdout}{done.stderr}")

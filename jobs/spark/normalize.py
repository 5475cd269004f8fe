#!/usr/bin/env python3
"""Raw result records to the ten normalised tables and processing_metadata.

Usage: spark-submit --properties-file spark.properties normalize.py \
         --raw RAW --warehouse WAREHOUSE

Each table gets the experiments that it lacks; running it again changes
nothing, and running it after a crash completes it. The rows are those of
`vqe_lake normalize` from the same raw files. On a store without conditional
PUT, start it by `vqe_lake with-lock WAREHOUSE -- spark-submit ...`.
"""

import datetime
import json
import sys
import uuid

import lake_raw
import lake_session
from lake_sql import statements
from iceberg_tables import Table

NAME = "quantum_base_processing"
# As processing_metadata lists them; vqe_iterations is committed last, since
# features wait for it. With each, the rows that a record brings.
TABLES = {
    "molecules": "1",
    "ansatz_info": "1",
    "performance_metrics": "1",
    "vqe_results": "1",
    "initial_parameters": "size(initial_parameters)",
    "optimal_parameters": "size(optimal_parameters)",
    "vqe_iterations": "total_iterations",
    "iteration_parameters": "iteration_parameter_rows",
    "hamiltonian_terms": "term_rows",
    "molecular_properties": "property_rows",
}
COMMIT_ORDER = [name for name in TABLES if name != "vqe_iterations"] + ["vqe_iterations"]


def make_run(spark):
    """The view `run`, one row: what every row of this run says about it."""
    now = datetime.datetime.now(datetime.timezone.utc)
    run_id = str(uuid.uuid4())
    spark.sql(
        f"""CREATE OR REPLACE TEMPORARY VIEW run AS SELECT
        timestamp'{now:%Y-%m-%d %H:%M:%S.%f}+00:00' AS processing_timestamp,
        date'{now:%Y-%m-%d}' AS processing_date,
        '{run_id}' AS processing_batch_id, '{NAME}' AS processing_name"""
    )
    return run_id


def write_table(spark, name, weight, run_id):
    """(tag, rows, experiments) of what the table lacked; the tag is None where
    that was nothing."""
    table = Table(spark, name)
    tag = ("v_incr_" if table.exists else "v_") + run_id.replace("-", "")
    table.create()
    chosen = (
        spark.table("staged_records")
        .where(f"{weight} > 0")
        .select("record", "experiment_id")
        .join(table.held(), "experiment_id", "left_anti")
        .select("record")
    ).persist()
    experiments = chosen.count()
    rows = 0
    if experiments > 0:
        chosen.createOrReplaceTempView("chosen")
        (text,) = statements(name)
        rows = table.append(spark.sql(text), run_id, tag)
    chosen.unpersist()
    return (tag if rows else None), rows, experiments


def write_batch(spark, run_id, head, entries, info):
    """The row of a run in processing_metadata. `entries`: (tag, rows) of each
    table; `head`: a query for the columns that all tables share."""
    rows = [
        (k, name, entries[name][0] or "no_changes", int(entries[name][1]))
        for k, name in enumerate(TABLES)
    ]
    spark.createDataFrame(
        rows, "position int, table_name string, table_version string, record_count long"
    ).createOrReplaceTempView("entries")
    text = info.replace("\\", "\\\\").replace("'", "\\'")
    spark.sql(
        f"""CREATE OR REPLACE TEMPORARY VIEW batch AS
        SELECT h.*, e.*, '{text}' AS source_data_info FROM ({head}) h CROSS JOIN entries e"""
    )
    table = Table(spark, "processing_metadata")
    table.create()
    (text,) = statements("processing_metadata")
    table.append(spark.sql(text), run_id)


def repair_batches(spark):
    """Rows of runs that crashed between their snapshots and their row."""
    metadata = Table(spark, "processing_metadata")
    known = {run for run, *_ in metadata.snapshots()}
    if metadata.exists:
        known |= {
            row[0] for row in spark.table(metadata.path).select("processing_batch_id").collect()
        }
    found = {}
    for name in TABLES:
        for run, operation, tag, rows, moment in Table(spark, name).snapshots():
            if operation == "append" and run not in known:
                found.setdefault(run, {})[name] = (tag, rows, moment)
    for run, entries in sorted(found.items(), key=lambda item: min(e[2] for e in item[1].values())):
        moment = min(e[2] for e in entries.values())
        head = (
            f"SELECT '{run}' AS processing_batch_id, '{NAME}' AS processing_name, "
            f"timestamp_millis({moment}) AS processing_timestamp, "
            f"to_date(timestamp_millis({moment})) AS processing_date"
        )
        whole = {name: entries.get(name, (None, 0))[:2] for name in TABLES}
        write_batch(spark, run, head, whole, '{"source":"unknown"}')
    return len(found)


def main():
    given = lake_session.arguments(__doc__.split("\n", 1)[0], raw=True)
    spark, _, raw = lake_session.open_session("normalize", given.warehouse, raw=given.raw)
    repaired = repair_batches(spark)
    staged, counts = lake_raw.stage(spark, lake_raw.read(spark, raw))
    run_id = make_run(spark)
    entries, new = {}, 0
    for name in COMMIT_ORDER:
        tag, rows, experiments = write_table(spark, name, TABLES[name], run_id)
        entries[name] = (tag, rows)
        new = max(new, experiments)
        print(f"{name}: {rows} rows", flush=True)
    staged.unpersist()
    if any(tag for tag, _ in entries.values()):
        info = {
            "source": "raw",
            "name": raw.rstrip("/").rsplit("/", 1)[-1],
            "experiments": new,
            "records": counts["records"],
            "duplicates": counts["duplicates"],
            "skipped": counts["invalid"] + counts["nonfinite_minimum"],
            "failed": 0,
            "nonfinite_values": counts["nonfinite_values"],
        }
        head = (
            "SELECT processing_batch_id, processing_name, processing_timestamp, "
            "processing_date FROM run"
        )
        write_batch(spark, run_id, head, entries, json.dumps(info, separators=(",", ":")))
    print(
        f"{new} new experiments of {counts['records']} records; {counts['duplicates']} "
        f"duplicates, {counts['invalid']} not readable, {counts['nonfinite_minimum']} without a "
        f"finite minimum, {counts['nonfinite_values']} values not finite; {repaired} run{'' if repaired == 1 else 's'} repaired"
    )
    spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())

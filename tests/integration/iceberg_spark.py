#!/usr/bin/env python3
"""One table written in turns by the Iceberg part and by Spark: each goes on
from what the other committed, and both, and PyIceberg, read the same rows.

Services: spark.

Runs in the Python that jobs/setup/spark.sh provides.
ICEBERG_TOOL names tests/iceberg/iceberg-tool.c. Exit status 77: no Spark.
"""

import glob
import os
import shutil
import sys
import tempfile
import uuid

SPARK = os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
    "vqe_batch",
    "spark-4.0.5",
)


def use_spark():
    """Go on in the Python that has Spark."""
    if not glob.glob(os.path.join(SPARK, "complete-*")) or shutil.which("java") is None:
        print("skipped: no Spark (jobs/setup/spark.sh)")
        sys.exit(77)
    if os.path.realpath(sys.prefix) != os.path.realpath(SPARK):
        python = os.path.join(SPARK, "bin", "python")
        os.execv(python, [python, os.path.abspath(sys.argv[0]), *sys.argv[1:]])


use_spark()
os.environ["TZ"] = "UTC"
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"

import iceberg_pyiceberg as ours  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402

NAME = "lake.quantum_features.sample"


def start(folder, warehouse):
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": "1g",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraClassPath": os.path.join(SPARK, "jars", "*"),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.warehouse.dir": os.path.join(folder, "spark"),
        "spark.local.dir": os.path.join(folder, "scratch"),
        "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.lake.type": "hadoop",
        "spark.sql.catalog.lake.warehouse": warehouse,
        "spark.sql.catalog.lake.cache-enabled": "false",
    }
    builder = SparkSession.builder.master("local[2]").appName("iceberg")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def spark_rows(spark):
    rows = [row.asDict(recursive=True) for row in spark.table(NAME).collect()]
    for row in rows:
        row["processing_timestamp"] = row["processing_timestamp"].replace(tzinfo=ours.UTC)
    return rows


def everyone_reads(spark, warehouse, rows):
    ours.same_rows(spark_rows(spark), rows)
    ours.same_rows(ours.rows_of(ours.load(warehouse)), rows)
    response = ours.clean(warehouse)
    assert response["records"] == len(rows), response


def insert(spark, rows):
    names = [c["name"] for c in ours.DEFINITION["columns"]]
    schema = spark.table(NAME).schema
    data = [tuple(row[name] for name in names) for row in rows]
    spark.createDataFrame(data, schema).coalesce(1).writeTo(NAME).append()


def main():
    with tempfile.TemporaryDirectory(prefix="vqe-test-") as folder:
        warehouse = os.path.join(folder, "warehouse")
        rows, _ = ours.many(warehouse, 3, rows_each=6)
        spark = start(folder, warehouse)
        everyone_reads(spark, warehouse, rows)

        more = ours.make_rows("s" * 64, 6, 1, "sto3g") + ours.make_rows("t" * 64, 6, 4, None)
        insert(spark, more)
        rows += more
        everyone_reads(spark, warehouse, rows)

        # after Spark: its manifests are carried, its sequence goes on
        more, _ = ours.many(warehouse, 2, rows_each=6, first=10)
        rows += more
        everyone_reads(spark, warehouse, rows)
        print("append after Spark ok", flush=True)

        # whole files go: deleted entries in Spark's manifests
        spark.sql(f"DELETE FROM {NAME} WHERE processing_date = DATE '2026-01-04'")
        rows = [row for row in rows if row["processing_date"].day != 4]
        everyone_reads(spark, warehouse, rows)

        # rows go: Spark rewrites the file
        spark.sql(f"DELETE FROM {NAME} WHERE experiment_id = '{'s' * 64}' AND step = 2")
        rows = [r for r in rows if (r["experiment_id"], r["step"]) != ("s" * 64, 2)]
        everyone_reads(spark, warehouse, rows)
        more, _ = ours.many(warehouse, 1, rows_each=6, first=20)
        rows += more
        everyone_reads(spark, warehouse, rows)
        print("append after deletes ok", flush=True)

        spark.sql("CALL lake.system.rewrite_manifests('quantum_features.sample')")
        everyone_reads(spark, warehouse, rows)
        response, asked = ours.compact(warehouse, str(uuid.uuid4()))
        assert response["outcome"] == "committed" and asked, response
        everyone_reads(spark, warehouse, rows)
        print("compaction of Spark's files ok", flush=True)

        # our merging of manifests, Spark's among them
        more, _ = ours.many(warehouse, 66, rows_each=1, first=100)
        rows += more
        everyone_reads(spark, warehouse, rows)
        insert(spark, ours.make_rows("u" * 64, 3, 2, "6-31g"))
        rows += ours.make_rows("u" * 64, 3, 2, "6-31g")
        everyone_reads(spark, warehouse, rows)
        print("merged manifests ok", flush=True)

        # Spark's own maintenance on our commits, ours on Spark's
        spark.sql(f"ALTER TABLE {NAME} CREATE TAG theirs")
        tagged = len(rows)
        spark.sql(
            "CALL lake.system.rewrite_data_files(table => 'quantum_features.sample',"
            " options => map('rewrite-all', 'true'))"
        )
        everyone_reads(spark, warehouse, rows)
        last = ours.metadata(warehouse)["snapshots"][-1]["timestamp-ms"]
        response = ours.expire(warehouse, last)
        assert response["tags"] > 60 and response["data_files"] > 0, response
        everyone_reads(spark, warehouse, rows)
        assert spark.sql(f"SELECT * FROM {NAME} VERSION AS OF 'theirs'").count() == tagged
        print("expiry ok", flush=True)

        # a column of Spark's, which our files lack
        spark.sql(f"ALTER TABLE {NAME} ADD COLUMN theirs string")
        more, _ = ours.many(warehouse, 1, first=300)
        rows = [dict(row, theirs=None) for row in rows + more]
        everyone_reads(spark, warehouse, rows)
        copy = os.path.join(folder, "copy")
        command = {"do": "relocate", "table": "sample", "to": copy, "scratch": folder}
        response = ours.tool(warehouse, command)[0]
        assert response["status"] == "ok", response
        spark.stop()
        shutil.move(warehouse, warehouse + ".denied")
        spark = start(folder, copy)
        everyone_reads(spark, copy, rows)
        assert spark.table(NAME).columns[-1] == "theirs"
        spark.stop()
        print("relocation ok", flush=True)


if __name__ == "__main__":
    main()

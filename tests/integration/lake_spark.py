#!/usr/bin/env python3
"""The lake by Spark with Iceberg's own library: all thirteen tables, every
column as PyIceberg reads it, tags, and predicates on which Spark, PyIceberg and
a filter in plain Python agree; from a folder, with every column, and from a
Garage by S3A where there is one, with some.

Services: spark garage.

Runs in the Python that jobs/setup/spark.sh provides. VQE_BATCH and VQE_LAKE
name the programs. Exit status 77: no Spark.
"""

import contextlib
import datetime
import functools
import glob
import io
import os
import runpy
import shutil
import sys

import harness
from harness import check

SPARK = os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
    "vqe_batch",
    "spark-4.0.5",
)


def skip(reason):
    print("skipped:", reason)
    sys.exit(harness.SKIPPED)


def use_spark():
    """Go on in the Python that has Spark."""
    if not glob.glob(os.path.join(SPARK, "complete-*")):
        skip("no Spark (jobs/setup/spark.sh)")
    if shutil.which("java") is None:
        skip("no Java")
    if os.path.realpath(sys.prefix) != os.path.realpath(SPARK):
        python = os.path.join(SPARK, "bin", "python")
        os.execv(python, [python, os.path.abspath(__file__), *sys.argv[1:]])


use_spark()
# Spark gives moments in the zone of this process
os.environ["TZ"] = "UTC"
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"

import lake_readers as readers  # noqa: E402
from lake_readers import MAY_BE_EMPTY, TABLES, Bucket, Local, key_of, lake  # noqa: E402
from pyiceberg import expressions as pyi  # noqa: E402
from pyspark.sql import DataFrame, SparkSession, functions  # noqa: E402

PLACE = "s3://features/warehouse"
FAR = "s3a://features/warehouse"
BUNDLE = 16  # predicates to a job of Spark
# of the bucket, one column in so many has predicates: each is a scan of a dozen
# small requests, and Garage answers one in 40 ms
FAR_STRIDE = 5
# A raw file of another producer, with nulls where our own have none
OTHER = os.path.join(harness.ROOT, "tests", "data", "other_producer.avro")


def start_spark(folder, local, env):
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": "1g",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraClassPath": os.path.join(SPARK, "jars", "*"),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.warehouse.dir": folder.file("spark"),
        "spark.local.dir": folder.file("scratch"),
        "spark.sql.catalog.near": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.near.type": "hadoop",
        "spark.sql.catalog.near.warehouse": local,
        "spark.sql.catalog.near.cache-enabled": "false",
        "spark.sql.catalog.far": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.far.type": "hadoop",
        "spark.sql.catalog.far.warehouse": FAR,
        "spark.sql.catalog.far.cache-enabled": "false",
        "spark.hadoop.fs.s3a.path.style.access": "true",
    }
    if env:
        settings["spark.hadoop.fs.s3a.endpoint"] = env["AWS_ENDPOINT_URL"]
        settings["spark.hadoop.fs.s3a.endpoint.region"] = env["AWS_REGION"]
        settings["spark.hadoop.fs.s3a.access.key"] = env["AWS_ACCESS_KEY_ID"]
        settings["spark.hadoop.fs.s3a.secret.key"] = env["AWS_SECRET_ACCESS_KEY"]
    builder = SparkSession.builder.master("local[2]").appName("lake")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def plain(value):
    """A value of PyIceberg as Spark gives it."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return value


def spark_rows(frame, name):
    rows = [row.asDict() for row in frame.collect()]
    found = {key_of(name, row): row for row in rows}
    check(len(found) == len(rows), f"Spark, {name}: a key twice")
    return found


def probes(values):
    """Values to look for: the ends and the middle of what is there."""
    given = sorted({value for value in values if value is not None})
    if not given:
        return []
    return list(dict.fromkeys((given[0], given[len(given) // 2], given[-1])))


def absent(value):
    """One that a column with this greatest value does not hold."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return value + "\N{GRINNING FACE}"
    if isinstance(value, (int, float)):
        return value + 1
    return value + datetime.timedelta(days=1)


class Predicates:
    """A predicate on every column by two readers, against plain Python. Keys
    tell the rows: that a key has its values is what the full scans check."""

    def __init__(self, frame, table, name, rows):
        self.frame = frame
        self.table = table
        self.name = name
        self.rows = rows  # of PyIceberg, {key: row}
        self.questions = []

    def same(self, text, spark, pyiceberg, python):
        self.questions.append((text, spark, pyiceberg, python))

    def ask(self):
        """Spark gets many at once: a job costs more than its rows."""
        keys = readers.KEYS[self.name]
        for first in range(0, len(self.questions), BUNDLE):
            bundle = self.questions[first : first + BUNDLE]
            frames = [
                self.frame.where(spark).select(functions.lit(k), *keys)
                for k, (_, spark, _, _) in enumerate(bundle)
            ]
            by_spark = [[] for _ in bundle]
            for k, *key in functools.reduce(DataFrame.unionAll, frames).collect():
                by_spark[k].append(tuple(key))
            for found, (text, _, pyiceberg, python) in zip(by_spark, bundle):
                wanted = {key for key, row in self.rows.items() if python(row)}
                self.check("Spark", text, found, wanted)
                if pyiceberg is not None:
                    scan = self.table.scan(
                        row_filter=pyiceberg, selected_fields=tuple(keys)
                    )
                    rows = scan.to_arrow().to_pylist()
                    found = [key_of(self.name, row) for row in rows]
                    self.check("PyIceberg", text, found, wanted)
        return len(self.questions)

    def check(self, who, text, found, wanted):
        check(
            len(found) == len(wanted) and set(found) == wanted,
            f"{who}, {self.name} where {text}: {len(found)} rows, "
            f"not {len(wanted)}",
        )

    def column(self, field, thorough):
        column = field.name
        values = [row[column] for row in self.rows.values()]
        spark = functions.col(column)
        # PyIceberg filters by no list
        is_list = str(field.field_type).startswith("list")
        self.same(
            f"{column} is null",
            spark.isNull(),
            None if is_list else pyi.IsNull(column),
            lambda row: row[column] is None,
        )
        if thorough:
            self.same(
                f"{column} is not null",
                spark.isNotNull(),
                None if is_list else pyi.NotNull(column),
                lambda row: row[column] is not None,
            )
        if is_list:
            return
        looked_for = probes(values)
        if not thorough:
            looked_for = looked_for[-1:]
        for value in looked_for:
            self.equal(column, spark, value)
        if looked_for and thorough:
            other = absent(looked_for[-1])
            if other is not None:
                self.equal(column, spark, other)
            middle = looked_for[len(looked_for) // 2]
            literal = self.literal(middle)
            self.same(
                f"{column} > {middle!r}",
                spark > functions.lit(middle),
                pyi.GreaterThan(column, literal),
                lambda row: row[column] is not None and row[column] > middle,
            )

    @staticmethod
    def literal(value):
        return value.isoformat() if isinstance(value, datetime.date) else value

    def equal(self, column, spark, value):
        self.same(
            f"{column} = {value!r}",
            spark == functions.lit(value),
            pyi.EqualTo(column, self.literal(value)),
            lambda row: row[column] == value,
        )

    def aggregates(self):
        """Iceberg computes these from the bounds and counts in manifests."""
        scalars = [
            f.name
            for f in self.table.schema().fields
            if not str(f.field_type).startswith("list")
        ]
        found = self.frame.agg(
            functions.count("*").alias("rows"),
            *(
                function(column).alias(f"{function.__name__} {column}")
                for column in scalars
                for function in (functions.min, functions.max, functions.count)
            ),
        ).collect()[0]
        check(found["rows"] == len(self.rows), f"{self.name}: count(*)")
        for column in scalars:
            values = [row[column] for row in self.rows.values()]
            values = [plain(value) for value in values if value is not None]
            wanted = (min(values), max(values)) if values else (None, None)
            for word, value in zip(("min", "max", "count"), (*wanted, len(values))):
                check(
                    found[f"{word} {column}"] == value,
                    f"{self.name}: {word}({column}) is "
                    f"{found[f'{word} {column}']!r}, not {value!r}",
                )


def check_tags(spark, catalog, table, name):
    """Each tag has the rows that PyIceberg finds there."""
    tags = 0
    for ref, info in table.metadata.refs.items():
        frame = spark.sql(
            f"SELECT * FROM {catalog}.quantum_features.{name} VERSION AS OF '{ref}'"
        )
        found = {key_of(name, row.asDict()) for row in frame.collect()}
        wanted = readers.rows_of(table, name, table.scan(snapshot_id=info.snapshot_id))
        check(found == wanted.keys(), f"{name}: other rows at {ref}")
        tags += info.snapshot_ref_type == "tag"
    return tags


def check_warehouse(spark, catalog, warehouse, thorough):
    asked = tags = 0
    for name in TABLES:
        table = warehouse.table(name)
        rows = readers.rows_of(table, name)
        check(rows or name in MAY_BE_EMPTY, f"{name}: there is nothing to compare")
        frame = spark.table(f"{catalog}.quantum_features.{name}")
        readers.compare(
            f"{catalog}, {name} by Spark",
            spark_rows(frame, name),
            {
                key: {column: plain(value) for column, value in row.items()}
                for key, row in rows.items()
            },
        )
        predicates = Predicates(frame, table, name, rows)
        for field in table.schema().fields[:: 1 if thorough else FAR_STRIDE]:
            predicates.column(field, thorough)
        predicates.aggregates()
        asked += predicates.ask()
        tags += check_tags(spark, catalog, table, name)
    print(f"{catalog}: {asked} predicates, {tags} tags")
    check(tags >= 9, "hardly a tag")


def add(place, sources, env=None):
    for source in sources:
        lake("normalize", source, "-w", place, env=env)
        lake("featurize", place, env=env)


def check_page(place):
    """What jobs/analysis/read_spark.py prints; it ends the session."""
    said, held = io.StringIO(), sys.argv
    sys.argv = ["read_spark.py", place]
    with contextlib.redirect_stdout(said):
        runpy.run_path(
            os.path.join(harness.ROOT, "jobs", "analysis", "read_spark.py"),
            run_name="__main__",
        )
    sys.argv = held
    sql = ("SELECT optimizer, count(*), avg(within_chemical_accuracy::INT) FROM "
           "ml_run_summary WHERE within_chemical_accuracy IS NOT NULL GROUP BY 1 "
           "ORDER BY 1")
    rows = lake("query", sql, "-w", place, "-f", "csv").stdout.splitlines()[1:]
    right = [f"{one:12} {int(count):6} runs {100 * float(mean):6.1f} %"
             for one, count, mean in (row.split(",") for row in rows)]
    check(right and said.getvalue().splitlines() == right, f"page: {said.getvalue()}")


with harness.Folder() as folder:
    sources = readers.run_jobs(folder)
    raw = folder.file("raw/experiments/experiment.vqe/partition=0")
    os.makedirs(raw)
    shutil.copy(OTHER, os.path.join(raw, "experiment.vqe+0+0000000000.avro"))
    sources.append(folder.file("raw"))

    local = Local(folder.file("local"))
    add(local.place, sources)
    garage = None
    if readers.has_garage():
        garage = readers.Garage(folder.file("garage"))
        add(PLACE, sources, garage.env)
    spark = start_spark(folder, local.place, garage and garage.env)
    check_warehouse(spark, "near", local, thorough=True)
    if garage:
        check_warehouse(spark, "far", Bucket(FAR, garage.env), thorough=False)
    check_page(local.place)
    if garage:
        garage.close()
    else:
        print("no Garage: not read by S3A")

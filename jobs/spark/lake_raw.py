"""Raw result records (Avro container files, then JSON) as staged tables.

Every type comes from schemas/avro/experiment.vqe.avsc, never from the data.
staged_records, staged_iterations, staged_terms and staged_properties have the columns that the
SQL of schemas/sql reads; schemas/staging_columns.json says which field of the
record each of them holds. `record`, their key, is the experiment's id.
"""

import hashlib
import json
import os
import struct

from lake_sql import SCHEMAS
from pyspark import StorageLevel
from pyspark.sql import Observation, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

SCALARS = {
    "string": T.StringType(),
    "int": T.IntegerType(),
    "long": T.LongType(),
    "double": T.DoubleType(),
    "boolean": T.BooleanType(),
}
ITERATIONS = "vqe_result.iteration_list"
TERMS = "vqe_result.initial_data.hamiltonian"
PROPERTIES = "properties"


def _load(*names):
    with open(os.path.join(SCHEMAS, *names), encoding="utf-8") as stream:
        return json.load(stream)


def _branch(kind):
    """The type of a union beside null, or None."""
    if isinstance(kind, list):
        (other,) = [k for k in kind if k != "null"]
        return other
    return None


# ---- Spark types of the Avro schema ----


def spark_type(kind, unions_as_text=False):
    """The Spark type of an Avro type. Unions of JSON are taken as text first,
    since they come bare or as {"double": 1.5}."""
    if _branch(kind) is not None:
        return T.StringType() if unions_as_text else spark_type(_branch(kind))
    if isinstance(kind, str):
        return SCALARS[kind]
    if kind["type"] == "array":
        return T.ArrayType(spark_type(kind["items"], unions_as_text))
    return T.StructType(
        [T.StructField(f["name"], spark_type(f["type"], unions_as_text)) for f in kind["fields"]]
    )


def _has_union(kind):
    if isinstance(kind, list):
        return True
    if isinstance(kind, dict) and kind["type"] == "array":
        return _has_union(kind["items"])
    return isinstance(kind, dict) and any(_has_union(f["type"]) for f in kind["fields"])


def _from_union(kind, text):
    """Text of a JSON value, bare or in an object that names its type."""
    name = kind if isinstance(kind, str) else kind.get("name", kind["type"])
    wrapped = text.rlike(r'^\s*\{\s*"(\w+\.)*' + name + r'"\s*:')
    inner = F.when(wrapped, F.get_json_object(text, f"$.{name}")).otherwise(text)
    if isinstance(kind, str):
        return inner if kind == "string" else inner.try_cast(SCALARS[kind])
    return _from_text(kind, F.from_json(inner, spark_type(kind, unions_as_text=True)))


def _from_text(kind, column):
    """A value read with unions as text, in its right types."""
    if _branch(kind) is not None:
        return _from_union(_branch(kind), column)
    if isinstance(kind, str) or not _has_union(kind):
        return column
    if kind["type"] == "array":
        return F.transform(column, lambda item: _from_text(kind["items"], item))
    fields = [_from_text(f["type"], column[f["name"]]).alias(f["name"]) for f in kind["fields"]]
    return F.when(column.isNotNull(), F.struct(*fields))


# ---- what a record must have ----


def _valid(kind, column):
    """Is everything there that must be?"""
    if _branch(kind) is not None:
        inner = _valid(_branch(kind), column)
        return None if inner is None else column.isNull() | inner
    there = column.isNotNull()
    if isinstance(kind, str):
        return there
    if kind["type"] == "array":
        return there & F.forall(column, lambda item: _valid(kind["items"], item))
    parts = [_valid(f["type"], column[f["name"]]) for f in kind["fields"]]
    for part in parts:
        there = there if part is None else there & part
    return there


def _optional(kind):
    """_valid knows None for a union of scalars, which is always valid."""
    return _branch(kind) is not None and isinstance(_branch(kind), str)


def _numbered(iterations):
    """Iterations are numbered from 1 and rise: the step is part of a key."""
    steps = F.transform(iterations, lambda item: item["iteration"])
    wrong = F.filter(
        steps,
        lambda step, k: F.when(k == 0, step < 1).otherwise(step <= F.get(steps, k - 1)),
    )
    return F.size(wrong) == 0


def _bad(value):
    return F.isnan(value) | (F.abs(value) == float("inf"))


def _count_nonfinite(kind, column):
    """How many doubles are no numbers; NaN in a union is how null is said."""
    if _branch(kind) == "double":
        return F.coalesce((F.abs(column) == float("inf")).cast("int"), F.lit(0))
    if _branch(kind) is not None:
        return _count_nonfinite(_branch(kind), column)
    if kind == "double":
        return F.coalesce(_bad(column).cast("int"), F.lit(0))
    if isinstance(kind, str):
        return None
    if kind["type"] == "array":
        if _count_nonfinite(kind["items"], F.lit(None)) is None:
            return None
        count = F.aggregate(
            column, F.lit(0), lambda total, item: total + _count_nonfinite(kind["items"], item)
        )
        return F.coalesce(count, F.lit(0))
    parts = [_count_nonfinite(f["type"], column[f["name"]]) for f in kind["fields"]]
    parts = [part for part in parts if part is not None]
    return sum(parts[1:], parts[0]) if parts else None


def _finite(kind, column):
    """The value with null for every double that is no number."""
    kind = _branch(kind) or kind
    if kind == "double":
        return F.when(~_bad(column), column)
    if isinstance(kind, dict) and kind["type"] == "array":
        if _count_nonfinite(kind["items"], F.lit(None)) is None:
            return column
        return F.transform(column, lambda item: _finite(kind["items"], item))
    return column


# ---- identity of records that came without one ----


def _canonical(value):
    if isinstance(value, float):
        return struct.pack(">d", value + 0.0 if value != 0.0 else 0.0).hex()
    if isinstance(value, dict):
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    return value


def identity(molecule_data, basis_set, initial_data):
    """SHA-256 of the canonical text of a record's inputs (data contract: the
    encoding of experiment_id)."""
    whole = {
        "molecule_data": _canonical(molecule_data),
        "basis_set": basis_set,
        "initial_data": _canonical(initial_data),
    }
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@F.udf(T.StringType())
def _identify(inputs):
    if inputs is None:
        return None
    row = inputs.asDict(recursive=True)
    return identity(row["molecule_data"], row["basis_set"], row["initial_data"])


# ---- files ----


def _children(spark, place):
    path = spark._jvm.org.apache.hadoop.fs.Path(place)
    files = path.getFileSystem(spark._jsc.hadoopConfiguration())
    if not files.exists(path):
        raise SystemExit(f"{place}: there is no such place; name a folder or bucket of raw files")
    return [status for status in files.listStatus(path)]


def topics(spark, raw):
    """Folders below experiments/, or the place itself where there is none."""
    names = {status.getPath().getName(): status for status in _children(spark, raw)}
    if "experiments" not in names:
        return [raw]
    below = _children(spark, raw.rstrip("/") + "/experiments")
    return sorted(s.getPath().toString() for s in below if s.isDirectory())


def _with_place(frame, kind):
    """Where a record comes first: kind of file, key, place in the file."""
    key = F.regexp_replace(F.col("_metadata.file_path"), r"\+", "%2B")
    return frame.select(
        F.struct(
            F.lit(kind).alias("kind"),
            F.url_decode(key).alias("key"),
            F.col("_metadata.file_block_start").alias("block"),
            F.monotonically_increasing_id().alias("index"),
        ).alias("place"),
        F.col("record"),
    )


def _read_avro(spark, place, schema):
    frame = (
        spark.read.format("avro")
        .option("avroSchema", json.dumps(schema))
        .option("recursiveFileLookup", "true")
        .option("pathGlobFilter", "*.avro")
        .load(place)
    )
    names = [f["name"] for f in schema["fields"]]
    return _with_place(frame.withColumn("record", F.struct(*names)), 0)


def _read_json(spark, place, schema):
    frame = (
        spark.read.format("text")
        .option("wholetext", "true")
        .option("recursiveFileLookup", "true")
        .option("pathGlobFilter", "*.json")
        .load(place)
    )
    parsed = F.from_json(F.col("value"), spark_type(schema, unions_as_text=True))
    return _with_place(frame.withColumn("record", _from_text(schema, parsed)), 1)


def read(spark, raw):
    """Every record below `raw`: `place` and `record`, null where a file holds
    none. Topics without files are passed over."""
    schema = _load("avro", "experiment.vqe.avsc")
    whole = None
    for place in topics(spark, raw):
        for reader in (_read_avro, _read_json):
            frame = reader(spark, place, schema)
            whole = frame if whole is None else whole.unionByName(frame)
    return whole


# ---- staging ----


def _by_path(column, path):
    for name in path.split("."):
        column = column[name]
    return column


def _kind_at(schema, path):
    """The Avro type at a path; through arrays and unions."""
    kind = schema
    for name in path.split("."):
        kind = _branch(kind) or kind
        if kind.get("type") == "array":
            kind = kind["items"]
        (kind,) = [f["type"] for f in kind["fields"] if f["name"] == name]
    return kind


def _columns(schema, mapping, base, column):
    """Staged columns of the fields below `base`, taken from `column`."""
    out = []
    for path, name in mapping.items():
        owner = next((b for b in (ITERATIONS, TERMS, PROPERTIES) if path.startswith(b + ".")), "")
        if owner == base:
            inner = path[len(base) + 1 :] if base else path
            value = _finite(_kind_at(schema, path), _by_path(column, inner))
            out.append(value.alias(name))
    return out


def stage(spark, records):
    """Make the views staged_records, staged_iterations, staged_terms and staged_properties of
    what `read` found; returns the frame that they stand on, which the caller
    unpersists, and what was counted."""
    schema = _load("avro", "experiment.vqe.avsc")
    mapping = _load("staging_columns.json")
    record = F.col("record")
    seen = Observation("records")
    valid = F.coalesce(_valid(schema, record), F.lit(False))
    valid = valid & F.coalesce(_numbered(_by_path(record, ITERATIONS)), F.lit(False))
    minimum = _by_path(record, "vqe_result.minimum")
    inputs = F.struct(
        _by_path(record, "molecule.molecule_data").alias("molecule_data"),
        record["basis_set"].alias("basis_set"),
        _by_path(record, "vqe_result.initial_data").alias("initial_data"),
    )
    lacking = F.when(record["experiment_id"].isNull(), inputs)
    good = (
        records.withColumn("valid", valid)
        .withColumn("finite", ~_bad(minimum))
        .observe(
            seen,
            F.count(F.lit(1)).alias("read"),
            F.coalesce(F.sum((~F.col("valid")).cast("long")), F.lit(0)).alias("invalid"),
            F.coalesce(
                F.sum((F.col("valid") & ~F.col("finite")).cast("long")), F.lit(0)
            ).alias("nonfinite_minimum"),
        )
        .where("valid AND finite")
        .withColumn("id", F.coalesce(record["experiment_id"], _identify(lacking)))
    )
    first = Window.partitionBy("id").orderBy("place")
    staged = (
        good.withColumn("rank", F.row_number().over(first))
        .where("rank = 1")
        .select("id", "record", _count_nonfinite(schema, record).alias("nonfinite"))
        # kept on the executors' disks, so that files are read once; the plan
        # of each table starts here
        .localCheckpoint(eager=True, storageLevel=StorageLevel.DISK_ONLY)
    )
    kept = staged.agg(F.count(F.lit(1)), F.coalesce(F.sum("nonfinite"), F.lit(0))).first()
    counts = dict(seen.get)
    counts["records"], counts["nonfinite_values"] = int(kept[0]), int(kept[1])
    counts["duplicates"] = (
        counts["read"] - counts["invalid"] - counts["nonfinite_minimum"] - counts["records"]
    )
    iterations, terms = _by_path(record, ITERATIONS), _by_path(record, TERMS)
    parameters = F.aggregate(
        iterations, F.lit(0).cast("long"), lambda total, item: total + F.size(item["parameters"])
    )
    # null where no properties were asked for
    properties = _by_path(record, PROPERTIES)
    numbers = F.coalesce(
        F.aggregate(
            properties, F.lit(0).cast("long"), lambda total, item: total + F.size(item["values"])
        ),
        F.lit(0).cast("long"),
    )
    whole = [c for c in _columns(schema, mapping, "", record)]
    staged.select(
        F.col("id").alias("record"),
        *whole,
        F.size(iterations).alias("total_iterations"),
        parameters.alias("iteration_parameter_rows"),
        F.size(terms).cast("long").alias("term_rows"),
        numbers.alias("property_rows"),
    ).withColumn("experiment_id", F.col("record")).createOrReplaceTempView("staged_records")
    staged.select(F.col("id").alias("record"), F.explode(iterations).alias("item")).select(
        "record", *_columns(schema, mapping, ITERATIONS, F.col("item"))
    ).createOrReplaceTempView("staged_iterations")
    staged.select(
        F.col("id").alias("record"), F.posexplode(terms).alias("term_index", "item")
    ).select(
        "record", "term_index", *_columns(schema, mapping, TERMS, F.col("item"))
    ).createOrReplaceTempView("staged_terms")
    staged.select(F.col("id").alias("record"), F.explode(properties).alias("item")).select(
        "record", *_columns(schema, mapping, PROPERTIES, F.col("item"))
    ).createOrReplaceTempView("staged_properties")
    return staged, counts

#!/usr/bin/env python3
"""The same raw files by Spark (jobs/spark) and by vqe_lake: thirteen tables with
the same rows and columns, doubles to the last bit but in sums; either engine
goes on with a warehouse that the other began, and changes nothing when there
is nothing new.

The records are ours, those of another producer without our fields, and edge
cases: null seed and shots, no iterations, whole and non-finite doubles, unions
that name their type, unicode names, a Hamiltonian of 10,000 terms, odd basis
names, duplicates, and files that cannot be read. Spark begins with tables of an
older version, which lack the newest columns.

Services: spark.

VQE_BATCH and VQE_LAKE name the programs. Exit status 77: no Spark, or no
PyIceberg.
"""

import copy
import io
import json
import math
import os
import shutil
import struct
import subprocess
import sys

import harness
from harness import check

try:
    import fastavro

    import lake_readers as readers
    from lake_readers import Local, lake, rows_of, snapshots
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(harness.SKIPPED)

SPARK = os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
    "vqe_batch",
    "spark-4.0.5",
)
JOBS = os.path.join(harness.ROOT, "jobs", "spark")
FEATURES = ("ml_iteration_features", "ml_run_summary")
# of these: sums over rows, which each engine adds in its own order
SUMS = {
    "energy_moving_avg_5", "mean_param_change", "mean_energy_delta", "std_energy_delta",
    "mean_param_delta_norm", "std_param_delta_norm", "total_param_distance",
    "first_10_mean_energy", "first_10_energy_slope", "last_10_mean_energy",
}  # fmt: skip
# the first of the columns that version 0.1.0 did not have
NEWER = {
    "ansatz_info": "num_parameters",
    "ml_run_summary": "molecule_label",
    "molecules": "molecule_label",
    "vqe_results": "molecule_label",
}
with open(
    os.path.join(harness.ROOT, "schemas", "avro", "experiment.vqe.avsc"), encoding="utf-8"
) as schema_file:
    SCHEMA = json.load(schema_file)


# ---- records ----


def spooled(folder, result):
    """The records of a result file, by a spool that no broker empties."""
    lake(
        "publish", result, "--spool", folder.file("spool"), "--brokers", "127.0.0.1:1",
        "--registry", "http://127.0.0.1:1", status=None,
    )  # fmt: skip
    found = []
    for name in sorted(os.listdir(folder.file("spool"))):
        with open(folder.file(os.path.join("spool", name)), "rb") as stream:
            content = stream.read()
        check(content[:4] == b"VQES", f"{name} is no file of the spool")
        _, id_size, schema_size, size = struct.unpack_from("<IIIQ", content, 4)
        start = 24 + id_size
        schema = json.loads(content[start : start + schema_size])
        body = content[start + schema_size : start + schema_size + size]
        found.append(fastavro.schemaless_reader(io.BytesIO(body), schema, None))
    shutil.rmtree(folder.file("spool"))
    check(found, "nothing was spooled")
    return found


def edge_cases(record):
    """Records that hold what is rare, each another experiment."""
    cases = []

    def case(change):
        other = copy.deepcopy(record)
        other["experiment_id"] = f"{len(cases):064x}"
        change(other, other["vqe_result"], other["vqe_result"]["initial_data"])
        cases.append(other)

    def without_ours(other, _result, initial):
        for name in ("experiment_id", "references", "provenance", "molecule_label", "diagnostics",
                     "properties"):
            other[name] = None
        initial["seed"] = initial["default_shots"] = initial["init_strategy"] = None
        initial["ansatz_name"] = None

    def no_iterations(_other, result, _initial):
        result["iteration_list"] = []

    def no_energy_changes(_other, result, _initial):
        for step in result["iteration_list"]:
            step["energy_delta"] = step["parameter_delta_norm"] = None
            step["cumulative_min_energy"] = None

    def one_iteration(_other, result, _initial):
        result["iteration_list"] = result["iteration_list"][:1]

    def whole(other, result, _initial):
        other["total_time"] = 3.0
        result["minimum"] = -1.0
        result["optimal_parameters"] = [0.0, -2.0, 1e20, 0.1]

    def not_finite(other, result, _initial):
        other["vqe_time"] = math.nan
        result["maxcv"] = math.inf
        result["optimal_parameters"] = [math.nan, math.inf, 0.1]
        result["iteration_list"][0]["std"] = -math.inf

    def names(other, _result, initial):
        other["basis_set"] = "6-31g**/α b=c%20+x"
        other["molecule_label"] = "Wasser – 水 \"'\\ "
        initial["optimizer"] = "naïve"
        other["molecule"]["molecule_data"]["masses"] = [1.008, 2.0]

    def large(_other, _result, initial):
        initial["hamiltonian"] = [
            {"label": format(k, "020b").replace("0", "I").replace("1", "Z"),
             "coefficients": {"real": 0.1 + k, "imaginary": 0.0}}
            for k in range(10000)
        ]  # fmt: skip

    def fcidump(other, _result, _initial):
        other["molecule"]["molecule_data"].update(symbols=[], coords=[])

    def norms(other, result, _initial):
        # one less than there are evaluations, and one that was not computed
        count = len(result["iteration_list"]) - 1
        other["diagnostics"]["gradient_norms"] = [
            math.nan if k == 1 else 0.5 + k for k in range(count)]

    def properties(other, _result, _initial):
        other["properties"] = [
            {"name": "dipole", "columns": 0, "values": [0.0, -1.5, math.nan]},
            {"name": "quadrupole", "columns": 3, "values": [0.5 + k for k in range(9)]},
            {"name": "empty", "columns": 2, "values": []},
        ]

    for change in (without_ours, no_iterations, no_energy_changes, one_iteration, whole,
                   not_finite, names, large, fcidump, norms, properties):  # fmt: skip
        case(change)
    return cases


def bad_records(record):
    """Records that are not taken: steps that do not rise, no minimum."""
    steps = copy.deepcopy(record)
    steps["experiment_id"] = "b" * 64
    steps["vqe_result"]["iteration_list"][1]["iteration"] = 1
    minimum = copy.deepcopy(record)
    minimum["experiment_id"] = "c" * 64
    minimum["vqe_result"]["minimum"] = math.nan
    return [steps, minimum]


def branch(kind):
    return next((k for k in kind if k != "null"), None) if isinstance(kind, list) else None


def as_json(kind, value, named):
    """A record as connectors write it in JSON: unions bare, or by the name of
    their type; whole doubles without a point, NaN as null."""
    if branch(kind) is not None:
        if value is None:
            return None
        inner = as_json(branch(kind), value, named)
        name = branch(kind) if isinstance(branch(kind), str) else (
            branch(kind).get("name") or branch(kind)["type"])  # fmt: skip
        return {name: inner} if named else inner
    if kind == "double":
        if not math.isfinite(value):
            return None
        return int(value) if value == int(value) and abs(value) < 1e15 else value
    if isinstance(kind, str):
        return value
    if kind["type"] == "array":
        return [as_json(kind["items"], item, named) for item in value]
    return {f["name"]: as_json(f["type"], value[f["name"]], named) for f in kind["fields"]}


def put_avro(path, records):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as stream:
        fastavro.writer(stream, fastavro.parse_schema(copy.deepcopy(SCHEMA)), records)


def put_json(path, record, named=False):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(as_json(SCHEMA, record, named), stream, ensure_ascii=False)


# ---- engines ----


def spark(program, *arguments):
    """One job of jobs/spark, as its page says."""
    done = subprocess.run(
        [
            os.path.join(SPARK, "bin", "spark-submit"), "--master", "local[2]",
            "--driver-memory", "1g", "--properties-file",
            os.path.join(SPARK, "spark.properties"), os.path.join(JOBS, program), *arguments,
        ],
        env={**os.environ, "PYSPARK_PYTHON": os.path.join(SPARK, "bin", "python"),
             "SPARK_LOCAL_IP": "127.0.0.1"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    check(done.returncode == 0, f"{program}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def compare(what, found, wanted):
    """All rows of two warehouses, but when and by which run they were made."""
    rows = 0
    for name in readers.TABLES:
        left, right = (rows_of(Local(place).table(name), name) for place in (found, wanted))
        if name == "processing_metadata":
            check(len(left) == len(right), f"{what}: {len(left)} runs, not {len(right)}")
            continue
        check(left.keys() == right.keys(),
              f"{what}, {name}: {len(left)} rows, not {len(right)}")  # fmt: skip
        rows += len(left)
        for key, row in right.items():
            there = left[key]
            check(list(there) == list(row), f"{what}, {name}: columns {list(there)}")
            for column, value in row.items():
                same = readers.is_close if column in SUMS else readers.is_same
                check(
                    column in readers.VOLATILE or same(there[column], value),
                    f"{what}, {name}, {key}: {column} is {there[column]!r}, not {value!r}",
                )
    return rows


def schema_of(place, name):
    metadata = Local(place).table(name).metadata
    return (
        [(f.field_id, f.name, str(f.field_type)) for f in metadata.schema().fields],
        [(f.source_id, str(f.transform), f.name) for f in metadata.spec().fields],
    )


def older_tables(ours, theirs):
    """Tables without rows, of version 0.1.0: our first metadata without the
    columns that came later."""
    for name, newer in NEWER.items():
        with open(
            f"{ours}/quantum_features/{name}/metadata/v1.metadata.json", encoding="utf-8"
        ) as file:
            metadata = json.load(file)
        fields = metadata["schemas"][0]["fields"]
        kept = [f["name"] for f in fields].index(newer)
        metadata["schemas"][0]["fields"] = fields[:kept]
        metadata["last-column-id"] = max(f["id"] for f in fields[:kept])
        metadata["current-snapshot-id"] = -1
        metadata["last-sequence-number"] = 0
        metadata["snapshots"] = metadata["snapshot-log"] = metadata["metadata-log"] = []
        metadata["refs"] = {}
        metadata["location"] = metadata["location"].replace(ours, theirs)
        place = f"{theirs}/quantum_features/{name}/metadata"
        os.makedirs(place)
        with open(f"{place}/v1.metadata.json", "w", encoding="utf-8") as file:
            json.dump(metadata, file)
        with open(f"{place}/version-hint.text", "w", encoding="ascii") as file:
            file.write("1")


def main(folder):
    first, second = readers.run_jobs(folder)
    records = spooled(folder, first)
    raw = folder.file("raw")
    topic = os.path.join(raw, "experiments", "experiment.vqe")
    put_avro(os.path.join(topic, "year=2026", "one.avro"), records[:1] + edge_cases(records[0]))
    put_avro(os.path.join(topic, "a+b c.avro"), records[1:2] + bad_records(records[0]))
    for k, record in enumerate(records):
        put_json(os.path.join(topic, f"{k}.json"), record, named=k % 2 == 1)
    shutil.copy(os.path.join(harness.ROOT, "tests", "data", "other_producer.json"), topic)
    folder.write("raw/experiments/experiment.vqe/bad.json", '{"vqe_result": 1')
    folder.write("raw/experiments/experiment.vqe/bad.avro", "no container")
    os.makedirs(os.path.join(raw, "experiments", "empty.topic"))

    ours, theirs = folder.file("ours"), folder.file("theirs")
    lake("normalize", raw, "-w", ours, status=1)  # some are set aside
    lake("featurize", ours)
    older_tables(ours, theirs)
    print(spark("normalize.py", "--raw", raw, "--warehouse", theirs).splitlines()[-1])
    spark("featurize.py", "--warehouse", theirs)
    rows = compare("Spark's", theirs, ours)
    for name in readers.TABLES:
        left, right = schema_of(theirs, name), schema_of(ours, name)
        if name in NEWER:
            # elements of lists get their ids where columns are added, not behind all
            left, right = ([f[1:] for f in one[0]] for one in (left, right))
        check(left == right, f"{name}: {left}, not {right}")

    # more records; each engine goes on with what the other began
    before = snapshots(Local(ours))
    put_avro(os.path.join(topic, "year=2027", "two.avro"), spooled(folder, second))
    lake("normalize", raw, "-w", theirs, status=1)
    lake("featurize", theirs)
    spark("normalize.py", "--raw", raw, "--warehouse", ours)
    spark("featurize.py", "--warehouse", ours)
    more = compare("gone on with", theirs, ours)
    check(more > rows, "nothing was added")
    after = snapshots(Local(ours))
    for name in readers.TABLES:
        check(len(after[name]) == len(before[name]) + 1, f"{name}: {after[name]}")
    for place in (ours, theirs):
        lake("check", place)
        for name in readers.TABLES:
            tags = [r for r in Local(place).table(name).metadata.refs if r != "main"]
            tagged = name not in FEATURES and name != "processing_metadata"
            check(len(tags) == (2 if tagged else 0), f"{place}, {name}: {tags}")

    # nothing new
    spark("normalize.py", "--raw", raw, "--warehouse", ours)
    check(snapshots(Local(ours)) == after, "a run without new records left snapshots")
    print(f"{more} rows are equal in {len(readers.TABLES)} tables")


if not os.path.exists(os.path.join(SPARK, "spark.properties")) or shutil.which("java") is None:
    print("skipped: no Spark (jobs/setup/spark.sh)")
    sys.exit(harness.SKIPPED)
with harness.Folder() as test_folder:
    main(test_folder)

#!/usr/bin/env python3
"""Tables committed by the Iceberg part, read by PyIceberg and fastavro.

Parquet files with field ids are written by PyArrow here and committed by
tests/iceberg/iceberg-tool.c, named by ICEBERG_TOOL.
"""

import collections
import datetime
import glob
import json
import math
import multiprocessing
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import urllib.parse
import uuid

try:
    import fastavro
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyiceberg.conversions import from_bytes
    from pyiceberg.expressions import (
        And,
        EqualTo,
        GreaterThanOrEqual,
        IsNull,
        LessThanOrEqual,
        StartsWith,
    )
    from pyiceberg.table import StaticTable
except ImportError as error:
    print("skipped:", error)
    sys.exit(77)

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
TOOL = os.path.abspath(
    os.environ.get("ICEBERG_TOOL")
    or os.path.join(ROOT, "build", "release", "tests", "iceberg-tool")
)
UTC = datetime.timezone.utc
EPOCH = datetime.date(1970, 1, 1)

DEFINITION = {
    "name": "sample",
    "comment": "every type there is",
    "columns": [
        {"name": "experiment_id", "type": "string"},
        {"name": "symbols", "type": "list<string>"},
        {"name": "coordinates", "type": "list<list<double>>"},
        {"name": "masses", "type": "list<double>"},
        {"name": "step", "type": "int"},
        {"name": "energy", "type": "double"},
        {"name": "flag", "type": "boolean"},
        {"name": "counts", "type": "list<long>"},
        {"name": "minima", "type": "long"},
        {"name": "processing_timestamp", "type": "timestamptz"},
        {"name": "processing_date", "type": "date"},
        {"name": "basis_set", "type": "string"},
        {"name": "note", "type": "string"},
    ],
    "partition": ["processing_date", "basis_set"],
    "key": ["experiment_id", "step"],
    "tagged": True,
}

ARROW = {
    "string": pa.string(),
    "int": pa.int32(),
    "long": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamptz": pa.timestamp("us", tz="UTC"),
}


def with_id(name, kind, field_id):
    return pa.field(name, kind, metadata={"PARQUET:field_id": str(field_id)})


def ids(definition, first=None):
    """Column and element ids by the contract's rule, worked out anew."""
    columns = definition["columns"]
    result = {c["name"]: [k + 1] for k, c in enumerate(columns)}
    last = len(columns)
    for column in columns:
        for _ in range(column["type"].count("list<")):
            last += 1
            result[column["name"]].append(last)
    return result


def arrow_schema(definition, numbers=None):
    numbers = numbers or ids(definition)
    fields = []
    for column in definition["columns"]:
        own = numbers[column["name"]]
        kind = ARROW[column["type"].replace("list<", "").rstrip(">")]
        for element in reversed(own[1:]):
            kind = pa.list_(with_id("element", kind, element))
        fields.append(with_id(column["name"], kind, own[0]))
    return pa.schema(fields)


def plain(value):
    """As iceberg-tool takes it."""
    if isinstance(value, datetime.datetime):
        return round(value.timestamp() * 1e6)
    if isinstance(value, datetime.date):
        return (value - EPOCH).days
    return value


def statistics(definition, rows):
    result = []
    for column in definition["columns"]:
        values = [row[column["name"]] for row in rows]
        stats = {"column": column["name"], "size": 8 * len(rows)}
        if "list" not in column["type"]:
            there = [v for v in values if v is not None]
            real = [v for v in there if not (isinstance(v, float) and math.isnan(v))]
            stats.update(values=len(values), nulls=len(values) - len(there))
            if column["type"] == "double":
                stats["nans"] = len(there) - len(real)
            if real:
                stats.update(min=plain(min(real)), max=plain(max(real)))
        result.append(stats)
    return result


def write_files(warehouse, definition, rows, numbers=None):
    """One Parquet file a partition; what iceberg-tool wants to know of it."""
    files = []
    groups = collections.defaultdict(list)
    for row in rows:
        groups[tuple(row[p] for p in definition["partition"])].append(row)
    for values, group in groups.items():
        folder = "/".join(
            f"{name}={urllib.parse.quote_plus(str('null' if v is None else v), safe='.-*_')}"
            for name, v in zip(definition["partition"], values)
        )
        key = f"quantum_features/{definition['name']}/data/{folder}/{uuid.uuid4()}.parquet"
        key = key.replace("//", "/")
        path = os.path.join(warehouse, key)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        table = pa.Table.from_pylist(group, schema=arrow_schema(definition, numbers))
        pq.write_table(table, path, compression="zstd")
        meta = pq.read_metadata(path)
        offsets = []
        for g in range(meta.num_row_groups):
            column = meta.row_group(g).column(0)
            offsets.append(column.dictionary_page_offset or column.data_page_offset)
        files.append(
            {
                "key": key,
                "records": len(group),
                "size": os.path.getsize(path),
                "partition": [plain(v) for v in values],
                "stats": statistics(definition, group),
                "offsets": offsets,
            }
        )
    return files


def make_rows(experiment, count, day, basis, seed=0):
    draw = random.Random(f"{experiment}/{seed}")
    rows = []
    for step in range(count):
        rows.append(
            {
                "experiment_id": experiment,
                "symbols": ["H", "Li"][: draw.randint(0, 2)],
                "coordinates": [[0.1, -0.2, 0.3], [draw.random(), 0.0, 1e300]],
                "masses": None if step % 3 == 0 else [1.00782503207, 7.016],
                "step": step,
                "energy": draw.choice([draw.uniform(-9, 9), 0.0, -0.0, math.nan, None]),
                "flag": draw.choice([True, False, None]),
                "counts": [2**40 + step, -1],
                "minima": draw.choice([2**40, -(2**50), None, step]),
                "processing_timestamp": datetime.datetime(2026, 1, day, 3, 4, 5, 678901, UTC),
                "processing_date": datetime.date(2026, 1, day),
                "basis_set": basis,
                # longer than a bound, with code points that round awkwardly
                "note": draw.choice(
                    [
                        "x" * 15 + "\U0010ffff" + "tail",
                        "é" * 20,
                        "\U0010ffff" * 17,
                        "z" * 15 + "\ud7ff" + "zz",
                        "",
                        None,
                        "short",
                    ]
                ),
            }
        )
    return rows


def tool(warehouse, *commands, leaks=True):
    """Responses of iceberg-tool, one for each command.

    leaks False: avro-c leaks the value that a truncated file ends in.
    """
    env = dict(os.environ)
    if not leaks:
        env["ASAN_OPTIONS"] = "detect_leaks=0"
    text = "".join(json.dumps(c) + "\n" for c in commands)
    done = subprocess.run(
        [TOOL, warehouse], input=text, capture_output=True, text=True, timeout=300, env=env
    )
    if done.returncode != 0:
        raise AssertionError(f"{TOOL}: status {done.returncode}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def append(warehouse, run, rows, definition=DEFINITION, numbers=None, **more):
    files = write_files(warehouse, definition, rows, numbers)
    command = {"do": "append", "run": run, "definition": definition, "files": files}
    return tool(warehouse, {**command, **more})[0], files


def metadata_path(warehouse, table="sample"):
    folder = os.path.join(warehouse, "quantum_features", table, "metadata")
    with open(os.path.join(folder, "version-hint.text"), encoding="ascii") as stream:
        hint = stream.read()
    assert hint.isdigit(), repr(hint)  # no newline, nothing else
    return os.path.join(folder, f"v{hint}.metadata.json")


def load(warehouse, table="sample"):
    return StaticTable.from_metadata(metadata_path(warehouse, table))


def metadata(warehouse, table="sample"):
    with open(metadata_path(warehouse, table), encoding="utf-8") as stream:
        return json.load(stream)


def canonical(row):
    def one(value):
        if isinstance(value, float):
            return ("nan",) if math.isnan(value) else (value, math.copysign(1, value))
        if isinstance(value, list):
            return tuple(one(v) for v in value)
        return value

    return tuple((name, one(row[name])) for name in sorted(row))


def same_rows(found, expected):
    a = collections.Counter(canonical(r) for r in found)
    b = collections.Counter(canonical(r) for r in expected)
    assert a == b, f"{sum((a - b).values())} rows too many, {sum((b - a).values())} missing"


def rows_of(table, **scan):
    return table.scan(**scan).to_arrow().to_pylist()


# ---- what readers see ----------------------------------------------------


def check_ids(table):
    expected = ids(DEFINITION)
    fields = table.schema().fields
    assert [f.name for f in fields] == [c["name"] for c in DEFINITION["columns"]]
    for field, column in zip(fields, DEFINITION["columns"]):
        own = [field.field_id]
        kind = field.field_type
        while hasattr(kind, "element_id"):
            own.append(kind.element_id)
            kind = kind.element_type
        assert own == expected[field.name], (field.name, own)
        assert str(kind) == column["type"].replace("list<", "").rstrip(">")
        assert not field.required
    assert table.metadata.last_column_id == max(max(v) for v in expected.values())
    assert [f.name for f in table.spec().fields] == DEFINITION["partition"]
    assert [f.field_id for f in table.spec().fields] == [1000, 1001]
    assert table.metadata.last_partition_id == 1001


def check_predicates(table, rows):
    """Every value of every column, found by equality and by ranges."""
    tried = 0
    for column in DEFINITION["columns"]:
        name = column["name"]
        if "list" in column["type"]:
            continue  # PyIceberg refuses filters on them
        same_rows(rows_of(table, row_filter=IsNull(name)), [r for r in rows if r[name] is None])
        values = {r[name] for r in rows if r[name] is not None}
        values = [v for v in values if not (isinstance(v, float) and math.isnan(v))]
        for value in sorted(values)[:4] + sorted(values)[-4:]:
            literal = value
            if isinstance(value, datetime.datetime):
                literal = value.isoformat()
            elif isinstance(value, datetime.date):
                literal = value.isoformat()
            cases = [(EqualTo(name, literal), lambda v, w=value: v == w)]
            if column["type"] != "boolean":
                cases.append((GreaterThanOrEqual(name, literal), lambda v, w=value: v >= w))
                cases.append((LessThanOrEqual(name, literal), lambda v, w=value: v <= w))
            if column["type"] == "string" and len(value) > 3:
                cases.append(
                    (StartsWith(name, value[:17]), lambda v, w=value: v.startswith(w[:17]))
                )
            for expression, wanted in cases:
                found = rows_of(table, row_filter=expression)
                expected = [
                    r
                    for r in rows
                    if r[name] is not None
                    and not (isinstance(r[name], float) and math.isnan(r[name]))
                    and wanted(r[name])
                ]
                same_rows(found, expected)
                tried += 1
    return tried


def check_pruning(table, rows):
    one = And(EqualTo("processing_date", "2026-01-02"), EqualTo("basis_set", "sto3g"))
    files = list(table.scan(row_filter=one).plan_files())
    assert files and all(
        "processing_date=2026-01-02/basis_set=sto3g" in f.file.file_path for f in files
    )
    assert len(files) < len(list(table.scan().plan_files()))
    # bounds of a column that is no partition: one file holds the experiment
    files = list(table.scan(row_filter=EqualTo("experiment_id", "b" * 64)).plan_files())
    assert len(files) == 1, files


def check_bounds(table):
    """Bounds as PyIceberg has them against what the files hold."""
    seen = 0
    for task in table.scan().plan_files():
        data = pq.ParquetFile(urllib.parse.urlparse(task.file.file_path).path).read()
        assert data.num_rows == task.file.record_count
        lists = {
            i
            for c in DEFINITION["columns"]
            if "list" in c["type"]
            for i in ids(DEFINITION)[c["name"]]
        }
        for maps in (
            task.file.value_counts,
            task.file.null_value_counts,
            task.file.nan_value_counts,
            task.file.lower_bounds,
            task.file.upper_bounds,
        ):
            assert not lists & set(maps or {}), "lists have sizes only"
        for field in table.schema().fields:
            number = field.field_id
            if number in lists:
                continue
            values = data.column(field.name).to_pylist()
            there = [v for v in values if v is not None]
            real = [v for v in there if not (isinstance(v, float) and math.isnan(v))]
            assert task.file.value_counts[number] == len(values)
            assert task.file.null_value_counts[number] == len(values) - len(there)
            if field.name == "energy":
                assert task.file.nan_value_counts[number] == len(there) - len(real)
            lower = task.file.lower_bounds.get(number)
            upper = task.file.upper_bounds.get(number)
            if not real:
                assert lower is None and upper is None, (field.name, lower, upper)
                continue
            low = from_bytes(field.field_type, lower)
            real = [plain(v) for v in real]
            if field.name == "note":
                exact = min(real, key=lambda s: s.encode())
                assert low == exact[:16]
                top = max(real, key=lambda s: s.encode()).encode()
                if upper is not None:
                    assert upper >= top and len(upper.decode()) <= 16, (upper, top)
                else:
                    assert top.decode()[:16] == "\U0010ffff" * 16
            else:
                high = from_bytes(field.field_type, upper)
                if field.field_type.__class__.__name__ == "StringType":
                    assert low == min(real)[:16] and high.encode() >= max(real).encode()
                else:
                    assert low == min(real) and high == max(real), (field.name, low, high)
                if field.name == "energy" and low == 0:
                    assert math.copysign(1, low) < 0
                if field.name == "energy" and high == 0:
                    assert math.copysign(1, high) > 0
            seen += 1
        assert task.file.split_offsets == [4]
    assert seen > 20


# ---- what lies in the files ------------------------------------------------


def avro_headers(path):
    with open(path, "rb") as stream:
        reader = fastavro.reader(stream)
        raw = {k: v if isinstance(v, str) else v.decode() for k, v in reader.metadata.items()}
        return raw, list(reader)


def field_ids_everywhere(schema, path="", where=None):
    """Every record field and array element has an id."""
    if isinstance(schema, list):
        for branch in schema:
            field_ids_everywhere(branch, path)
    elif isinstance(schema, dict):
        if schema["type"] == "record":
            for field in schema["fields"]:
                assert "field-id" in field, f"{path}.{field['name']}"
                if isinstance(field["type"], list):
                    assert field["type"][0] == "null" and field.get("default", 0) is None
                field_ids_everywhere(field["type"], f"{path}.{field['name']}")
        elif schema["type"] == "array":
            items = schema["items"]
            if isinstance(items, dict) and items["name"].startswith("k"):
                assert schema["logicalType"] == "map", path
                key, value = items["fields"]
                assert items["name"] == f"k{key['field-id']}_v{value['field-id']}"
            else:
                assert "element-id" in schema, path
            field_ids_everywhere(items, path)


def check_headers(warehouse):
    meta = metadata(warehouse)
    folder = os.path.join(warehouse, "quantum_features", "sample", "metadata")
    lists = glob.glob(os.path.join(folder, "snap-*.avro"))
    assert len(lists) == len(meta["snapshots"]), "no list of a lost attempt is left"
    by_id = {s["snapshot-id"]: s for s in meta["snapshots"]}
    total = 0
    for snapshot in meta["snapshots"]:
        path = urllib.parse.urlparse(snapshot["manifest-list"]).path
        header, entries = avro_headers(path)
        assert header["format-version"] == "2"
        assert header["snapshot-id"] == str(snapshot["snapshot-id"])
        assert header["parent-snapshot-id"] == str(snapshot.get("parent-snapshot-id", "null"))
        assert header["sequence-number"] == str(snapshot["sequence-number"])
        schema = json.loads(header["avro.schema"])
        assert schema["name"] == "manifest_file"
        field_ids_everywhere(schema)
        partitions = next(f for f in schema["fields"] if f["name"] == "partitions")
        assert partitions["type"][1]["items"]["name"] == "r508"
        assert partitions["type"][1]["element-id"] == 508
        assert snapshot["summary"]["operation"] == "append"
        assert all(isinstance(v, str) for v in snapshot["summary"].values())
        assert int(snapshot["summary"]["total-data-files"]) == sum(
            e["added_files_count"] + e["existing_files_count"] for e in entries
        )
        for entry in entries:
            manifest = urllib.parse.urlparse(entry["manifest_path"]).path
            assert entry["manifest_length"] == os.path.getsize(manifest)
            header, files = avro_headers(manifest)
            schema = json.loads(header["avro.schema"])
            assert schema["name"] == "manifest_entry"
            field_ids_everywhere(schema)
            table = json.loads(header["schema"])
            assert table["type"] == "struct" and table["fields"][0]["id"] == 1
            assert header["schema-id"] == str(table["schema-id"])
            spec = json.loads(header["partition-spec"])
            assert isinstance(spec, list) and spec[0]["field-id"] == 1000
            assert header["partition-spec-id"] == "0"
            assert header["format-version"] == "2" and header["content"] == "data"
            if entry["added_files_count"] == len(files):
                assert all(f["sequence_number"] is None and f["status"] == 1 for f in files)
                assert all(f["snapshot_id"] == entry["added_snapshot_id"] for f in files)
                assert (
                    by_id[entry["added_snapshot_id"]]["sequence-number"] == entry["sequence_number"]
                )
            for summary, name in zip(entry["partitions"], DEFINITION["partition"]):
                values = [f["data_file"]["partition"][name] for f in files]
                assert summary["contains_null"] == (None in values)
                raw = [
                    v.encode() if isinstance(v, str) else struct.pack("<i", (v - EPOCH).days)
                    for v in values
                    if v is not None
                ]
                assert {summary["lower_bound"], summary["upper_bound"]} <= set(raw) | {None}
                assert (summary["lower_bound"] is None) == (not raw)
            total += 1
    return total


def test_straight(warehouse):
    rows = []
    tags = []
    for number, (name, day, basis) in enumerate(
        [
            ("a", 1, "sto3g"),
            ("b", 2, "sto3g"),
            ("c", 2, "6-31g"),
            ("d", 3, None),
            ("e", 1, "sha256:a/b c"),
        ]
    ):
        run = str(uuid.uuid4())
        more = make_rows(name * 64, 30, day, basis)
        if number == 0:
            more += make_rows("f" * 64, 5, 1, "cc-pvdz")
        reply, _ = append(warehouse, run, more)
        assert reply["status"] == "ok" and reply["outcome"] == "committed", reply
        assert reply["version"] == number + 1 and reply["created"] == (number == 0)
        tag = ("v_" if number == 0 else "v_incr_") + run.replace("-", "")
        assert reply["tag"] == tag, reply
        rows += more
        tags.append((tag, len(rows), reply["snapshot"]))
        table = load(warehouse)
        same_rows(rows_of(table), rows)
    check_ids(table)
    for tag, count, snapshot in tags:
        assert table.snapshot_by_name(tag).snapshot_id == snapshot
        assert table.scan(snapshot_id=snapshot).to_arrow().num_rows == count
    meta = metadata(warehouse)
    assert meta["refs"]["main"]["snapshot-id"] == meta["current-snapshot-id"]
    assert len(meta["refs"]) == 1 + len(tags)
    assert [e["snapshot-id"] for e in meta["snapshot-log"]] == [s for _, _, s in tags]
    assert len(meta["metadata-log"]) == 4
    assert all(
        os.path.exists(urllib.parse.urlparse(e["metadata-file"]).path) for e in meta["metadata-log"]
    )
    times = [s["timestamp-ms"] for s in meta["snapshots"]]
    assert times == sorted(times) and meta["last-updated-ms"] >= times[-1]
    assert meta["last-sequence-number"] == 5
    assert meta["properties"] == {
        "comment": DEFINITION["comment"],
        "write.parquet.compression-codec": "zstd",
    }
    summary = meta["snapshots"][-1]["summary"]
    assert int(summary["total-records"]) == len(rows)
    size = sum(t.file.file_size_in_bytes for t in table.scan().plan_files())
    assert int(summary["total-files-size"]) == size
    # ids of snapshots are random, not counted from the parent
    numbers = [s["snapshot-id"] for s in meta["snapshots"]]
    assert min(abs(a - b) for a, b in zip(numbers, numbers[1:])) > 2**32
    print("predicates:", check_predicates(table, rows))
    check_pruning(table, rows)
    check_bounds(table)
    print("manifests checked:", check_headers(warehouse))
    responses = tool(warehouse, {"do": "files", "table": "sample"}, {"do": "log", "table": "sample"})
    assert sum(f["records"] for f in responses[0]["files"]) == len(rows)
    assert [s["refs"] for s in responses[1]["snapshots"]][0] == [tags[0][0]]
    for tag, count, _ in tags:
        response = tool(warehouse, {"do": "files", "table": "sample", "ref": tag})[0]
        assert sum(f["records"] for f in response["files"]) == count


def test_again(warehouse):
    """A repeated run adds nothing; no files means no snapshot."""
    run = str(uuid.uuid4())
    rows = make_rows("a" * 64, 3, 1, "sto3g")
    first, _ = append(warehouse, run, rows)
    second, _ = append(warehouse, run, rows)
    assert second["outcome"] == "already" and second["snapshot"] == first["snapshot"]
    assert second["tag"] == first["tag"]
    third, _ = append(warehouse, str(uuid.uuid4()), [])
    assert third["status"] == "ok" and third["outcome"] == "nothing" and third["version"] == 1
    same_rows(rows_of(load(warehouse)), rows)
    stale, _ = append(warehouse, str(uuid.uuid4()), rows, base=-1)
    assert stale["status"] == "exists" and stale["outcome"] == "nothing", stale
    assert len(glob.glob(warehouse + "/quantum_features/sample/metadata/*")) == 4


def test_empty(warehouse):
    reply, _ = append(warehouse, str(uuid.uuid4()), [])
    assert reply["created"] and reply["snapshot"] == -1 and reply["version"] == 1
    table = load(warehouse)
    assert table.current_snapshot() is None and rows_of(table) == []
    assert not glob.glob(warehouse + "/quantum_features/sample/metadata/*.avro")
    rows = make_rows("a" * 64, 3, 1, "sto3g")
    reply, _ = append(warehouse, str(uuid.uuid4()), rows)
    assert reply["version"] == 2 and reply["tag"].startswith("v_incr_")
    same_rows(rows_of(load(warehouse)), rows)


def test_unpartitioned(warehouse):
    definition = dict(DEFINITION, name="flat", partition=[], tagged=False)
    rows = make_rows("a" * 64, 4, 1, "sto3g")
    reply, _ = append(warehouse, str(uuid.uuid4()), rows, definition)
    assert reply["status"] == "ok" and reply["tag"] == "", reply
    table = load(warehouse, "flat")
    same_rows(rows_of(table), rows)
    assert table.metadata.last_partition_id == 999
    assert list(table.metadata.refs) == ["main"]


def test_evolution(warehouse):
    old = make_rows("a" * 64, 4, 1, "sto3g")
    append(warehouse, str(uuid.uuid4()), old)
    added = [{"name": "extra", "type": "double"}, {"name": "more", "type": "list<string>"}]
    later = dict(DEFINITION, columns=DEFINITION["columns"] + added)
    numbers = ids(DEFINITION)
    last = max(max(v) for v in numbers.values())
    numbers.update(extra=[last + 1], more=[last + 2, last + 3])
    new = [dict(r, extra=0.5 * r["step"], more=["x"]) for r in make_rows("b" * 64, 4, 1, "sto3g")]
    reply, _ = append(warehouse, str(uuid.uuid4()), new, later, numbers)
    assert reply["status"] == "ok", reply
    expected = [dict(r, extra=None, more=None) for r in old] + new
    table = load(warehouse)
    same_rows(rows_of(table), expected)
    same_rows(
        rows_of(table, row_filter=GreaterThanOrEqual("extra", 1.0)),
        [r for r in new if r["extra"] >= 1],
    )
    same_rows(rows_of(table, row_filter=IsNull("extra")), expected[:4])
    assert table.schema().schema_id == 1 and len(table.metadata.schemas) == 2
    # a program of the older version still writes
    older, _ = append(warehouse, str(uuid.uuid4()), make_rows("c" * 64, 2, 1, "sto3g"))
    assert older["status"] == "ok", older
    assert len(metadata(warehouse)["schemas"]) == 2
    assert load(warehouse).scan().to_arrow().num_rows == 10
    # the schema of the first snapshot is the first one
    first = metadata(warehouse)["snapshots"][0]
    assert first["schema-id"] == 0


def test_merge(warehouse):
    rows = []
    for number in range(70):
        more = make_rows(f"{number:064d}", 1, 1 + number % 3, "sto3g")
        reply, _ = append(warehouse, str(uuid.uuid4()), more)
        assert reply["outcome"] == "committed", reply
        rows += more
    table = load(warehouse)
    same_rows(rows_of(table), rows)
    manifests = table.current_snapshot().manifests(table.io)
    assert len(manifests) < 10, len(manifests)
    by_id = {s.snapshot_id: s.sequence_number for s in table.metadata.snapshots}
    for manifest in manifests:
        for entry in manifest.fetch_manifest_entry(table.io):
            assert entry.sequence_number == by_id[entry.snapshot_id]
    for number in (3, 40, 69):
        found = rows_of(table, row_filter=EqualTo("experiment_id", f"{number:064d}"))
        same_rows(found, rows[number : number + 1])


# ---- races and crashes -------------------------------------------------------


def race(warehouse, who, count, replies):
    for number in range(count):
        reply, _ = append(
            warehouse, f"{who}-{number}", make_rows(f"{who}-{number}", 2, 1 + number % 2, "sto3g")
        )
        replies.put((who, number, reply["status"], reply["outcome"], reply["retries"]))


def test_race(warehouse):
    count = 50
    replies = multiprocessing.Queue()
    writers = [
        multiprocessing.Process(target=race, args=(warehouse, w, count, replies)) for w in "pq"
    ]
    for writer in writers:
        writer.start()
    results = [replies.get(timeout=300) for _ in range(2 * count)]
    for writer in writers:
        writer.join()
    assert all(r[2:4] == ("ok", "committed") for r in results), results
    lost = sum(r[4] for r in results)
    table = load(warehouse)
    expected = []
    for who in "pq":
        for number in range(count):
            expected += make_rows(f"{who}-{number}", 2, 1 + number % 2, "sto3g")
    same_rows(rows_of(table), expected)
    meta = metadata(warehouse)
    assert [s["sequence-number"] for s in meta["snapshots"]] == list(range(1, 2 * count + 1))
    chain = [s.get("parent-snapshot-id") for s in meta["snapshots"]]
    assert chain == [None] + [s["snapshot-id"] for s in meta["snapshots"]][:-1]
    assert sum(t.startswith("v_") for t in meta["refs"]) == 2 * count
    assert sum(not t.startswith("v_incr_") for t in meta["refs"]) == 2  # main and the first
    folder = warehouse + "/quantum_features/sample/metadata/"
    assert len(glob.glob(folder + "snap-*")) == 2 * count, "lists of lost races are gone"
    clean(warehouse)
    print("races lost:", lost)


def test_kill(warehouse):
    expected = []
    for step in range(5):
        run = str(uuid.uuid4())
        rows = make_rows(f"{step:064d}", 3, 1, "sto3g")
        files = write_files(warehouse, DEFINITION, rows)
        command = {"do": "append", "run": run, "definition": DEFINITION, "files": files}
        text = json.dumps({**command, "die_after": step})
        done = subprocess.run([TOOL, warehouse], input=text, text=True, capture_output=True)
        assert done.returncode == -signal.SIGKILL, (step, done.returncode)
        if expected:  # the table still reads, old or new
            same = load(warehouse).scan().to_arrow().num_rows
            assert same in (len(expected), len(expected) + 3)
        reply = tool(warehouse, command)[0]
        assert reply["outcome"] == ("already" if step >= 3 else "committed"), (step, reply)
        expected += rows
        for name in ("", "x"):
            # the hint may lag by the commit that died before writing it
            table = newest(warehouse)
            same_rows(rows_of(table), expected)
    reply, _ = append(warehouse, str(uuid.uuid4()), make_rows("z" * 64, 1, 1, "sto3g"))
    assert reply["version"] == 6
    assert load(warehouse).scan().to_arrow().num_rows == len(expected) + 1


def newest(warehouse):
    paths = glob.glob(warehouse + "/quantum_features/sample/metadata/v*.metadata.json")
    path = max(paths, key=lambda p: int(os.path.basename(p)[1:].split(".")[0]))
    return StaticTable.from_metadata(path)


def test_hint(warehouse):
    """The hint may be old, garbage or gone."""
    rows = []
    hint = warehouse + "/quantum_features/sample/metadata/version-hint.text"
    for number, text in enumerate([None, "1", "garbage\n", "", "99", None]):
        if number > 0:
            os.unlink(hint)
            if text is not None:
                with open(hint, "w", encoding="ascii") as stream:
                    stream.write(text)
        more = make_rows(f"{number:064d}", 1, 1, "sto3g")
        reply, _ = append(warehouse, str(uuid.uuid4()), more)
        rows += more
        assert reply["version"] == number + 1, (text, reply)
        same_rows(rows_of(load(warehouse)), rows)


def test_bad(warehouse):
    """Metadata edited by hand, a read-only directory: clear words."""
    rows = make_rows("a" * 64, 2, 1, "sto3g")
    append(warehouse, str(uuid.uuid4()), rows)
    path = metadata_path(warehouse)
    with open(path, encoding="utf-8") as stream:
        good = stream.read()
    cases = [
        (good[:-20], "line 1"),
        (good.replace('"format-version":2', '"format-version":1'), "format version 1"),
        (good.replace('"current-snapshot-id":', '"current-snapshot-id":1,"x":'), "not among"),
        (good.replace('"sample"', '"s"').replace("/sample", "/other"), "points at"),
        (good.replace('"type":"double"', '"type":"float"'), "'energy'"),
        (good.replace('"transform":"identity"', '"transform":"bucket[4]"'), "partitioned"),
        ("[]", "not an object"),
    ]
    for text, word in cases:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
        reply, _ = append(warehouse, str(uuid.uuid4()), rows)
        assert reply["status"] in ("input", "unsupported"), (word, reply)
        assert word in reply["message"], (word, reply)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(good)
    same_rows(rows_of(load(warehouse)), rows)


# ---- check and maintenance ---------------------------------------------------


def check(warehouse, table="sample", **how):
    return tool(warehouse, {"do": "check", "table": table}, **how)[0]


def clean(warehouse, table="sample", orphans=0):
    response = check(warehouse, table)
    assert response["status"] == "ok" and not response["problems"], response
    assert len(response["orphans"]) == orphans, response["orphans"]
    return response


def many(warehouse, count, rows_each=2, first=0):
    rows, tags = [], []
    for number in range(first, first + count):
        more = make_rows(f"{number:064d}", rows_each, 1 + number % 2, "sto3g")
        reply, _ = append(warehouse, str(uuid.uuid4()), more)
        assert reply["outcome"] == "committed", reply
        rows += more
        tags.append(reply["tag"])
    return rows, tags


def rewrite_avro(path, change):
    """Change values of an Avro file, its header kept."""
    with open(path, "rb") as stream:
        reader = fastavro.reader(stream)
        header = {k: v for k, v in reader.metadata.items() if not k.startswith("avro.")}
        schema = reader.writer_schema
        values = list(reader)
    change(values, header)
    with open(path, "wb") as stream:
        fastavro.writer(stream, schema, values, metadata=header)


def test_check(warehouse):
    rows, _ = many(warehouse, 3)
    response = clean(warehouse)
    assert (response["files"], response["records"]) == (3, len(rows))
    assert (response["snapshots"], response["manifests"]) == (3, 3)
    folder = warehouse + "/quantum_features/sample/"
    data = sorted(glob.glob(folder + "data/*/*/*.parquet"))[0]
    newest_list = max(glob.glob(folder + "metadata/snap-*"), key=os.path.getmtime)
    manifest = max(glob.glob(folder + "metadata/*-m0.avro"), key=os.path.getmtime)
    meta = metadata_path(warehouse)

    def manifest_change(change):
        """Changed in place, its length made right in all lists."""
        rewrite_avro(manifest, change)
        length = os.path.getsize(manifest)

        def fix(entries, header):
            for entry in entries:
                if entry["manifest_path"].endswith(os.path.basename(manifest)):
                    entry["manifest_length"] = length

        rewrite_avro(newest_list, fix)

    def set_in(entries, *path):
        *way, last, value = path
        target = entries[0]
        for name in way:
            target = target[name]
        target[last] = value

    def bound(entries, kind, field, value):
        for item in entries[0]["data_file"][kind]:
            if item["key"] == field:
                item["value"] = value

    def edit_meta(old, new):
        with open(meta, encoding="utf-8") as stream:
            text = stream.read()
        assert old in text, old
        with open(meta, "w", encoding="utf-8") as stream:
            stream.write(text.replace(old, new))

    snapshot = json.load(open(meta, encoding="utf-8"))["snapshots"][-1]
    faults = [
        (lambda: os.unlink(data), "is gone"),
        (lambda: open(data, "ab").write(b"x"), "its manifest says"),
        (lambda: os.unlink(manifest), "is gone"),
        (lambda: open(manifest, "ab").write(b"x"), "its list says"),
        (lambda: os.truncate(manifest, 900), "its list says"),
        (lambda: os.truncate(newest_list, 500), "snap-"),
        (
            lambda: rewrite_avro(newest_list, lambda e, h: set_in(e, "added_rows_count", 7)),
            "it holds",
        ),
        (
            lambda: rewrite_avro(newest_list, lambda e, h: set_in(e, "added_files_count", 2)),
            "it holds",
        ),
        (
            lambda: rewrite_avro(newest_list, lambda e, h: set_in(e, "sequence_number", 9)),
            "sequence number",
        ),
        (
            lambda: rewrite_avro(
                newest_list, lambda e, h: e[0]["partitions"][0].update(upper_bound=b"\0\0\0\0")
            ),
            "summary of partition",
        ),
        (lambda: rewrite_avro(newest_list, lambda e, h: h.pop("format-version")), "format-version"),
        (
            lambda: rewrite_avro(newest_list, lambda e, h: h.update({"snapshot-id": "5"})),
            "snapshot-id",
        ),
        (lambda: rewrite_avro(newest_list, lambda e, h: e.pop()), "total-records"),
        (
            lambda: manifest_change(lambda e, h: h.update(schema='{"type":"record"}')),
            "no Iceberg schema",
        ),
        (lambda: manifest_change(lambda e, h: h.pop("partition-spec")), "partition-spec"),
        (
            lambda: manifest_change(lambda e, h: set_in(e, "data_file", "record_count", 1)),
            "it holds",
        ),
        (lambda: manifest_change(lambda e, h: set_in(e, "snapshot_id", 12)), "another snapshot"),
        (
            lambda: manifest_change(lambda e, h: set_in(e, "sequence_number", 12)),
            "newer than its manifest",
        ),
        (
            lambda: manifest_change(
                lambda e, h: set_in(e, "data_file", "partition", "basis_set", "x")
            ),
            "summary of partition",
        ),
        (
            lambda: manifest_change(
                lambda e, h: bound(e, "lower_bounds", 6, struct.pack("<d", math.nan))
            ),
            "not a number",
        ),
        (
            lambda: manifest_change(
                lambda e, h: bound(e, "lower_bounds", 5, struct.pack("<i", 99))
            ),
            "above the upper",
        ),
        (lambda: manifest_change(lambda e, h: bound(e, "upper_bounds", 5, b"123")), "has 3 bytes"),
        (lambda: manifest_change(lambda e, h: bound(e, "value_counts", 5, 77)), "77 values"),
        (
            lambda: manifest_change(
                lambda e, h: set_in(e, "data_file", "file_path", "file:///elsewhere/x.parquet")
            ),
            "outside the warehouse",
        ),
        (lambda: manifest_change(lambda e, h: e.append(e[0])), "twice"),
        (lambda: edit_meta('"total-records":"6"', '"total-records":"5"'), "total-records"),
        (
            lambda: edit_meta(
                '"total-files-size":"' + snapshot["summary"]["total-files-size"],
                '"total-files-size":"1',
            ),
            "total-files-size",
        ),
        (
            lambda: edit_meta('"last-sequence-number":3', '"last-sequence-number":2'),
            "sequence number",
        ),
        (lambda: edit_meta('"operation":"append"', '"x":"append"'), "no operation"),
        (lambda: edit_meta('"last-column-id":18', '"last-column-id":5'), "last-column-id"),
        (
            lambda: edit_meta(
                '"main":{"type":"branch","snapshot-id":%d' % snapshot["snapshot-id"],
                '"main":{"type":"branch","snapshot-id":7',
            ),
            "branch main",
        ),
        (lambda: os.unlink(os.path.join(folder, "metadata", "v2.metadata.json")), "metadata log"),
        (
            lambda: open(os.path.join(folder, "metadata", "version-hint.text"), "w").write("2"),
            "version-hint",
        ),
        (lambda: open(meta, "w").write("{"), "line 1"),
    ]
    backup = warehouse + ".good"
    shutil.copytree(warehouse, backup)
    for number, (fault, word) in enumerate(faults):
        fault()
        response = check(warehouse, leaks=False)
        assert response["status"] == "ok", (number, response)
        assert any(word in p for p in response["problems"]), (number, word, response)
        shutil.rmtree(warehouse)
        shutil.copytree(backup, warehouse)
    clean(warehouse)
    with open(os.path.join(os.path.dirname(data), "left.parquet"), "w", encoding="ascii") as stream:
        stream.write("x")
    assert "left.parquet" in check(warehouse)["orphans"][0]
    print("faults found:", len(faults))


def expire(warehouse, older_than_ms):
    response = tool(warehouse, {"do": "expire", "table": "sample", "older_than_ms": older_than_ms})[0]
    assert response["status"] == "ok", response
    return response


def add_refs(warehouse, refs):
    """As another program would, by a commit of its own."""
    meta = metadata(warehouse)
    meta["refs"].update(refs)
    version = int(os.path.basename(metadata_path(warehouse))[1:].split(".")[0]) + 1
    folder = os.path.dirname(metadata_path(warehouse))
    with open(f"{folder}/v{version}.metadata.json", "w", encoding="utf-8") as stream:
        json.dump(meta, stream)
    with open(f"{folder}/version-hint.text", "w", encoding="ascii") as stream:
        stream.write(str(version))


def test_expire(warehouse):
    rows, tags = many(warehouse, 8)
    snapshots = metadata(warehouse)["snapshots"]
    kept = snapshots[2]
    add_refs(
        warehouse,
        {
            "v_of_theirs": {"type": "tag", "snapshot-id": kept["snapshot-id"]},
            tags[3] + "0": {"type": "tag", "snapshot-id": snapshots[3]["snapshot-id"]},
        },
    )
    assert expire(warehouse, 0)["tags"] == 0  # nothing is that old
    middle = snapshots[6]["timestamp-ms"]
    response = expire(warehouse, middle)
    assert response["tags"] == 6 and response["snapshots"] == 4, response
    assert response["manifest_lists"] == 4 and response["data_files"] == 0, response
    table = load(warehouse)
    same_rows(rows_of(table), rows)
    assert table.scan(snapshot_id=kept["snapshot-id"]).to_arrow().num_rows == 6
    refs = metadata(warehouse)["refs"]
    assert sorted(refs) == sorted(["main", "v_of_theirs", tags[3] + "0", *tags[6:]]), refs
    log = [e["snapshot-id"] for e in metadata(warehouse)["snapshot-log"]]
    assert log == [s["snapshot-id"] for s in snapshots[6:]], log
    clean(warehouse)
    # once more: the newest stays, with its tag
    response = expire(warehouse, snapshots[7]["timestamp-ms"] + 1000)
    assert response["tags"] == 1 and response["snapshots"] == 1, response
    assert tags[7] in metadata(warehouse)["refs"]
    version = metadata_path(warehouse)
    assert expire(warehouse, snapshots[7]["timestamp-ms"] + 1000)["tags"] == 0
    assert metadata_path(warehouse) == version  # nothing left to do
    clean(warehouse)
    more, _ = many(warehouse, 1, first=20)
    same_rows(rows_of(load(warehouse)), rows + more)


def compact(warehouse, run, before_reply=None, die_after=-1, definition=DEFINITION):
    """Drives iceberg-tool, merging with PyArrow where it asks."""
    process = subprocess.Popen(
        [TOOL, warehouse], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    command = {"do": "compact", "run": run, "definition": definition, "die_after": die_after}
    process.stdin.write(json.dumps(command) + "\n")
    process.stdin.flush()
    asked = []
    for line in process.stdout:
        response = json.loads(line)
        if "merge" not in response:
            process.stdin.close()
            process.wait()
            return response, asked
        asked.append(response["merge"])
        rows = []
        for key in response["merge"]:
            rows += pq.ParquetFile(os.path.join(warehouse, key)).read().to_pylist()
        files = write_files(warehouse, definition, rows)
        assert len(files) == 1
        if before_reply:
            before_reply()
            before_reply = None
        process.stdin.write(json.dumps(files[0]) + "\n")
        process.stdin.flush()
    process.wait()
    return process.returncode, asked


def test_compact(warehouse):
    rows, tags = many(warehouse, 6)
    late = []

    def meanwhile():
        late.extend(many(warehouse, 1, first=50)[0])

    response, asked = compact(warehouse, str(uuid.uuid4()), before_reply=meanwhile)
    assert response["outcome"] == "committed", response
    assert sorted(len(a) for a in asked) == [3, 3], "one file a partition"
    assert (response["before"], response["merged"]) == (6, 6), response
    table = load(warehouse)
    same_rows(rows_of(table), rows + late)
    assert len(list(table.scan().plan_files())) == 3
    snapshot = table.current_snapshot()
    summary = metadata(warehouse)["snapshots"][-1]["summary"]
    assert summary["operation"] == "replace"
    assert summary["deleted-data-files"] == "6" and summary["added-data-files"] == "2"
    assert summary["added-records"] == summary["deleted-records"] == str(len(rows))
    by_id = {s.snapshot_id: s.sequence_number for s in table.metadata.snapshots}
    seen = collections.Counter()
    for manifest in snapshot.manifests(table.io):
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False):
            seen[int(entry.status)] += 1
            if int(entry.status) == 2:
                assert entry.snapshot_id == snapshot.snapshot_id
                assert entry.sequence_number < by_id[snapshot.snapshot_id]
            else:
                assert entry.sequence_number == by_id[entry.snapshot_id]
    assert seen == {1: 3, 2: 6}, seen
    # the tags still see their files
    for number, tag in enumerate(tags):
        there = table.scan(snapshot_id=table.snapshot_by_name(tag).snapshot_id).to_arrow()
        assert there.num_rows == 2 * (number + 1)
    clean(warehouse)
    same_rows(rows_of(table, row_filter=EqualTo("experiment_id", "3".zfill(64))), rows[6:8])
    # an append drops the manifests that only tell of deleted files
    more, _ = many(warehouse, 1, first=60)
    table = load(warehouse)
    same_rows(rows_of(table), rows + late + more)
    assert all(
        m.added_files_count or m.existing_files_count
        for m in table.current_snapshot().manifests(table.io)
    )
    clean(warehouse)
    # expiry deletes the replaced files at last
    last = metadata(warehouse)["snapshots"][-1]["timestamp-ms"]
    response = expire(warehouse, last + 1)
    assert response["data_files"] == 6, response
    same_rows(rows_of(load(warehouse)), rows + late + more)
    clean(warehouse)


def test_compact_kill(warehouse):
    rows, _ = many(warehouse, 3)
    for step in range(5):
        run = str(uuid.uuid4())
        code, _ = compact(warehouse, run, die_after=step)
        assert code == -signal.SIGKILL, (step, code)
        same_rows(rows_of(newest(warehouse)), rows)
        response, asked = compact(warehouse, run)
        assert response["status"] == "ok", response
        assert not asked or step < 3, step
        same_rows(rows_of(newest(warehouse)), rows)
        assert not check(warehouse)["problems"] or step == 3, check(warehouse)
        more, _ = many(warehouse, 1, first=100 + step)
        rows += more


def test_relocate(warehouse):
    rows, tags = many(warehouse, 4)
    compact(warehouse, str(uuid.uuid4()))
    other = warehouse + "-other"
    command = {
        "do": "relocate",
        "table": "sample",
        "to": other,
        "scratch": os.path.dirname(warehouse),
    }
    response = tool(warehouse, command)[0]
    assert response["status"] == "ok", response
    response = tool(warehouse, command)[0]
    assert response["status"] == "ok" and response["files"] == 0, response
    shutil.move(warehouse, warehouse + ".denied")
    table = load(other)
    same_rows(rows_of(table), rows)
    for number, tag in enumerate(tags):
        there = table.scan(snapshot_id=table.snapshot_by_name(tag).snapshot_id).to_arrow()
        assert there.num_rows == 2 * (number + 1)
    clean(other)
    text = b"".join(
        open(p, "rb").read() for p in glob.glob(other + "/quantum_features/sample/metadata/*")
    )
    assert (warehouse + "/").encode() not in text
    check_predicates(table, rows)
    more, _ = many(other, 1, first=30)
    same_rows(rows_of(load(other)), rows + more)
    # a copy by other means says so, and can be relocated
    third = warehouse + "-third"
    shutil.copytree(other, third)
    reply, _ = append(third, str(uuid.uuid4()), rows[:2])
    assert reply["status"] == "input" and "relocate" in reply["message"], reply
    response = tool(warehouse + ".denied", dict(command, to=third))[0]
    assert response["status"] == "exists", response
    fourth = warehouse + "-fourth"
    shutil.rmtree(other)
    response = tool(third, dict(command, to=fourth))[0]
    assert response["status"] == "ok", response
    shutil.rmtree(third)
    same_rows(rows_of(load(fourth)), rows + more)
    clean(fourth)


def main():
    tests = [v for k, v in globals().items() if k.startswith("test_")]
    wanted = [word for word in sys.argv[1:] if word.startswith("test_")]
    for test in tests:
        if wanted and test.__name__ not in wanted:
            continue
        with tempfile.TemporaryDirectory(prefix="vqe-test-") as folder:
            test(os.path.join(folder, "warehouse"))
        print(test.__name__, "ok", flush=True)


if __name__ == "__main__":
    main()

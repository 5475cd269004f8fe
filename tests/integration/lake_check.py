#!/usr/bin/env python3
"""vqe_lake check finds every breach of the rules of the table format, also of
those that other readers forgive: a sound table passes, and each mutant of it,
one a rule, is reported in the words that name the rule.

VQE_BATCH and VQE_LAKE name the programs.
"""

import copy
import glob
import io
import json
import os
import re
import shutil
import subprocess
import sys

import harness
from harness import check

try:
    import fastavro
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(harness.SKIPPED)

LAKE = os.path.abspath(
    os.environ.get("VQE_LAKE") or os.path.join(os.path.dirname(harness.BATCH), "vqe_lake")
)
NAN = b"\0\0\0\0\0\0\xf8\x7f"


def lake(*words):
    return subprocess.run(
        [LAKE, *words],
        capture_output=True,
        text=True,
        env=harness.environment(),
        timeout=300,
        check=False,
    )


# ---- Avro files with all their bytes ----


def read_long(stream):
    value = shift = 0
    while True:
        byte = stream.read(1)[0]
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return (value >> 1) ^ -(value & 1)


def write_long(value):
    value = (value << 1) ^ (value >> 63)
    data = bytearray()
    while value & ~0x7F:
        data.append((value & 0x7F) | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)


class Avro:
    """A container file: header keys, schema and records, all to be changed."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as stream:
            check(stream.read(4) == b"Obj\1", path)
            self.meta = {}
            while count := read_long(stream):
                for _ in range(count):
                    key = stream.read(read_long(stream)).decode()
                    self.meta[key] = stream.read(read_long(stream))
        self.schema = json.loads(self.meta["avro.schema"])
        with open(path, "rb") as stream:
            self.records = list(fastavro.reader(stream))

    def save(self):
        self.meta["avro.schema"] = json.dumps(self.schema).encode()
        self.meta["avro.codec"] = b"null"
        parsed = fastavro.parse_schema(copy.deepcopy(self.schema))
        body = io.BytesIO()
        for record in self.records:
            fastavro.schemaless_writer(body, parsed, record)
        sync = b"0123456789abcdef"
        data = b"Obj\1" + write_long(len(self.meta))
        for key, value in self.meta.items():
            data += write_long(len(key)) + key.encode()
            data += write_long(len(value)) + value
        data += b"\0" + sync
        data += write_long(len(self.records)) + write_long(len(body.getvalue()))
        with open(self.path, "wb") as stream:
            stream.write(data + body.getvalue() + sync)


def field_of(schema, name):
    """A field of that name, however deep."""
    if isinstance(schema, list):
        found = [field_of(item, name) for item in schema]
        return next((item for item in found if item), None)
    if not isinstance(schema, dict):
        return None
    for field in schema.get("fields", []):
        if field["name"] == name:
            return field
        found = field_of(field["type"], name)
        if found:
            return found
    return field_of(schema.get("items"), name)


def record_of(schema, name):
    """The record of that name."""
    if isinstance(schema, list):
        found = [record_of(item, name) for item in schema]
        return next((item for item in found if item), None)
    if not isinstance(schema, dict):
        return None
    if schema.get("type") == "record" and schema.get("name") == name:
        return schema
    for field in schema.get("fields", []):
        found = record_of(field["type"], name)
        if found:
            return found
    return record_of(schema.get("items"), name)


# ---- the table ----


class Table:
    """The files of vqe_results, which a mutant changes in place."""

    def __init__(self, folder):
        self.folder = folder
        names = glob.glob(os.path.join(folder, "metadata", "v*.metadata.json"))
        self.path = max(
            names, key=lambda p: int(re.search(r"v(\d+)\.", os.path.basename(p))[1])
        )
        with open(self.path, encoding="utf-8") as stream:
            self.metadata = json.load(stream)

    def snapshot(self):
        return next(
            s
            for s in self.metadata["snapshots"]
            if s["snapshot-id"] == self.metadata["current-snapshot-id"]
        )

    def save_metadata(self):
        with open(self.path, "w", encoding="utf-8") as stream:
            json.dump(self.metadata, stream)

    def list(self):
        return Avro(self.snapshot()["manifest-list"].removeprefix("file://"))

    def manifest(self, status=1):
        """Of the newest commit, or the one that has an entry of the status."""
        paths = [r["manifest_path"] for r in reversed(self.list().records)]
        newest = [
            r["manifest_path"]
            for r in self.list().records
            if r["added_snapshot_id"] == self.snapshot()["snapshot-id"]
        ]
        for path in newest + paths:
            manifest = Avro(path.removeprefix("file://"))
            if any(entry["status"] == status for entry in manifest.records):
                return manifest
        harness.fail(f"no manifest with an entry of status {status}")

    def save_manifest(self, manifest):
        """With its length in every list."""
        manifest.save()
        length = os.path.getsize(manifest.path)
        for snapshot in self.metadata["snapshots"]:
            listed = Avro(snapshot["manifest-list"].removeprefix("file://"))
            hit = False
            for record in listed.records:
                if record["manifest_path"].removeprefix("file://") == manifest.path:
                    record["manifest_length"] = length
                    hit = True
            if hit:
                listed.save()


MUTANTS = []


def mutant(words):
    """Declare a mutant that check must report in these words."""

    def add(change):
        MUTANTS.append((change.__name__.replace("_", " "), words, change))
        return change

    return add


def on_metadata(name, words, change):
    def mutate(table):
        change(table.metadata)
        table.save_metadata()

    MUTANTS.append((name, words, mutate))


def on_manifest(name, words, change, status=1):
    def mutate(table):
        manifest = table.manifest(status)
        entry = next(e for e in manifest.records if e["status"] == status)
        change(manifest, entry, entry["data_file"])
        table.save_manifest(manifest)

    MUTANTS.append((name, words, mutate))


def on_list(name, words, change):
    def mutate(table):
        listed = table.list()
        newest = next(
            r
            for r in listed.records
            if r["added_snapshot_id"] == table.snapshot()["snapshot-id"]
        )
        change(listed, newest)
        listed.save()

    MUTANTS.append((name, words, mutate))


# ---- metadata ----

for _key in (
    "last-updated-ms",
    "last-partition-id",
    "default-sort-order-id",
    "sort-orders",
):
    on_metadata(f"no {_key}", f"'{_key}'", lambda m, k=_key: m.pop(k))
for _key in (
    "format-version",
    "table-uuid",
    "location",
    "last-sequence-number",
    "last-column-id",
    "schemas",
    "current-schema-id",
    "partition-specs",
    "default-spec-id",
):
    on_metadata(f"no {_key}", "v[0-9]+.metadata.json: no ", lambda m, k=_key: m.pop(k))


def snapshot_in(metadata, back=0):
    return metadata["snapshots"][-1 - back]


def replacement(metadata):
    """The snapshot of the compaction."""
    return next(s for s in metadata["snapshots"] if s["summary"]["operation"] == "replace")


def set_in(path, value):
    """A change that sets one member, found by keys and indices."""

    def change(metadata):
        at = metadata
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value

    return change


def pop_in(path):
    def change(metadata):
        at = metadata
        for key in path[:-1]:
            at = at[key]
        at.pop(path[-1])

    return change


on_metadata("table-uuid is no UUID", "no UUID", set_in(["table-uuid"], "abc"))
on_metadata("property is a number", "is no string", set_in(["properties", "x"], 1))
on_metadata("last-partition-id too low", "below 999", set_in(["last-partition-id"], 3))
on_metadata(
    "partition field above last-partition-id",
    "above last-partition-id",
    set_in(["last-partition-id"], 1000),
)
on_metadata(
    "partition field below 1000",
    "partitioned in another way|below 1000",
    set_in(["partition-specs", 0, "fields", 0, "field-id"], 5),
)
on_metadata(
    "partition field without source",
    "no name, transform or source|partitioned in another way",
    set_in(["partition-specs", 0, "fields", 0, "source-id"], 777),
)
on_metadata(
    "two specs of one id",
    "two partition specs",
    lambda m: m["partition-specs"].append(m["partition-specs"][0]),
)
on_metadata(
    "default sort order is not there",
    "default-sort-order-id names",
    set_in(["default-sort-order-id"], 4),
)
on_metadata(
    "sort order 0 has fields",
    "sort order 0",
    set_in(
        ["sort-orders", 0, "fields"],
        [{"transform": "identity", "source-id": 1, "direction": "asc"}],
    ),
)
on_metadata("last-column-id too low", "above last-column-id", set_in(["last-column-id"], 30))
on_metadata(
    "field id twice",
    "used twice|is not an optional",
    set_in(["schemas", 0, "fields", 5, "id"], 5),
)
on_metadata(
    "element id twice",
    "used twice",
    lambda m: next(
        f for f in m["schemas"][0]["fields"] if isinstance(f["type"], dict)
    )["type"].update({"element-id": 3}),
)
on_metadata(
    "field without required",
    "does not say if it is required",
    pop_in(["schemas", 0, "fields", 0, "required"]),
)
on_metadata(
    "two schemas of one id",
    "two schemas",
    lambda m: m["schemas"].append(m["schemas"][0]),
)
on_metadata("schema is no struct", "is no struct", set_in(["schemas", 0, "type"], "list"))
on_metadata(
    "main is another snapshot",
    "current-snapshot-id and the branch main differ",
    lambda m: m["refs"]["main"].update({"snapshot-id": snapshot_in(m, 1)["snapshot-id"]}),
)
on_metadata("no refs", "the branch main differ", pop_in(["refs"]))
on_metadata("main is a tag", "main is no branch", set_in(["refs", "main", "type"], "tag"))
on_metadata(
    "ref of no kind",
    "neither a tag nor a branch",
    lambda m: m["refs"].update({"x": {"snapshot-id": m["current-snapshot-id"], "type": "?"}}),
)
on_metadata(
    "ref to nothing",
    "names a snapshot that is not there",
    lambda m: m["refs"].update({"x": {"snapshot-id": 7, "type": "tag"}}),
)
on_metadata(
    "snapshot log names nothing",
    "the snapshot log names",
    set_in(["snapshot-log", 0, "snapshot-id"], 7),
)
on_metadata(
    "snapshot log goes back",
    "the snapshot-log goes back",
    set_in(["snapshot-log", -1, "timestamp-ms"], 5),
)
on_metadata(
    "snapshot log ends early",
    "does not end with the current",
    lambda m: m["snapshot-log"].pop(),
)
on_metadata(
    "metadata log goes back",
    "the metadata-log goes back",
    set_in(["metadata-log", -1, "timestamp-ms"], 5),
)
on_metadata(
    "metadata log names nothing",
    "which is gone",
    lambda m: m["metadata-log"][0].update(
        {"metadata-file": m["location"] + "/metadata/v99.metadata.json"}
    ),
)
on_metadata(
    "statistics are gone",
    "statistics: .* is gone",
    lambda m: m["statistics"].append(
        {
            "snapshot-id": m["current-snapshot-id"],
            "statistics-path": m["location"] + "/metadata/x.puffin",
        }
    ),
)
on_metadata(
    "statistics of nothing",
    "statistics: of a snapshot",
    lambda m: m["statistics"].append(
        {"snapshot-id": 7, "statistics-path": m["location"] + "/metadata/x.puffin"}
    ),
)

on_metadata("no current schema", "current-schema-id|schema", set_in(["current-schema-id"], 9))
on_metadata(
    "default spec is not there",
    "default-spec-id|partition spec",
    set_in(["default-spec-id"], 9),
)
on_metadata(
    "two fields of a spec of one name",
    "two fields have one name",
    set_in(["partition-specs", 0, "fields", 1, "name"], "processing_date"),
)
on_metadata(
    "two fields of a spec of one id",
    "one field id",
    set_in(["partition-specs", 0, "fields", 1, "field-id"], 1000),
)
on_metadata(
    "sort order without source",
    "sort order 1: a field has no source",
    lambda m: m["sort-orders"].append(
        {
            "order-id": 1,
            "fields": [{"transform": "identity", "source-id": 777, "direction": "asc"}],
        }
    ),
)
on_metadata(
    "two sort orders of one id",
    "sort order 0 is there twice",
    lambda m: m["sort-orders"].append(m["sort-orders"][0]),
)
on_metadata(
    "two fields of one name",
    "has no name, or that of another",
    set_in(["schemas", 0, "fields", 2, "name"], "experiment_id"),
)
on_metadata(
    "field without name",
    "has no name, or that of another",
    pop_in(["schemas", 0, "fields", -1, "name"]),
)
on_metadata(
    "field without type", "a field has no type", pop_in(["schemas", 0, "fields", -1, "type"])
)
on_metadata(
    "required column with nulls",
    "is required and has [0-9]+ nulls",
    lambda m: next(
        f for f in m["schemas"][0]["fields"] if f["name"] == "maxcv"
    ).update(required=True),
)
on_metadata(
    "snapshot log ends after the last update",
    "the snapshot-log ends after last-updated-ms",
    lambda m: m["snapshot-log"][-1].update(
        {"timestamp-ms": m["last-updated-ms"] + 100000}
    ),
)
on_metadata(
    "metadata log ends after the last update",
    "the metadata-log ends after last-updated-ms",
    lambda m: m["metadata-log"][-1].update(
        {"timestamp-ms": m["last-updated-ms"] + 100000}
    ),
)

# ---- snapshots ----

for _back in (0, 1, 2):
    for _ms in (-1, -1000, 1):
        on_metadata(
            f"timestamp-ms of snapshot {_back} back by {_ms}",
            "is not that of the snapshot log|older than its parent",
            lambda m, b=_back, ms=_ms: snapshot_in(m, b).update(
                {"timestamp-ms": snapshot_in(m, b)["timestamp-ms"] + ms}
            ),
        )

on_metadata(
    "snapshot id is negative",
    "negative or used twice|two snapshots",
    lambda m: snapshot_in(m, 1).update({"snapshot-id": -5}),
)
on_metadata(
    "sequence number not above the parent's",
    "older than its parent",
    lambda m: snapshot_in(m).update(
        {"sequence-number": snapshot_in(m, 1)["sequence-number"]}
    ),
)
on_metadata(
    "sequence number above the last",
    "above the table's last",
    lambda m: m.update({"last-sequence-number": 1}),
)
on_metadata(
    "time goes back",
    "older than its parent",
    lambda m: snapshot_in(m).update({"timestamp-ms": 5}),
)
on_metadata(
    "snapshot after the last update",
    "later than last-updated-ms",
    lambda m: m.update({"last-updated-ms": 5}),
)
on_metadata(
    "no manifest list", "has no manifest list", lambda m: snapshot_in(m, 1).pop("manifest-list")
)
on_metadata(
    "no schema-id", "names a schema that is not", lambda m: snapshot_in(m).pop("schema-id")
)
on_metadata(
    "no operation", "no operation", lambda m: snapshot_in(m)["summary"].pop("operation")
)
on_metadata(
    "unknown operation",
    "no operation",
    lambda m: snapshot_in(m)["summary"].update({"operation": "insert"}),
)
on_metadata(
    "total is a number",
    "is no string",
    lambda m: snapshot_in(m)["summary"].update({"total-records": 7}),
)
on_metadata(
    "no engine", "does not name its engine", lambda m: snapshot_in(m)["summary"].pop("engine-name")
)
for _key in (
    "total-data-files",
    "total-records",
    "total-files-size",
    "added-data-files",
    "added-records",
):
    on_metadata(
        f"wrong {_key}",
        f"{_key} is 99999",
        lambda m, k=_key: snapshot_in(m)["summary"].update({k: "99999"}),
    )
    on_metadata(
        f"no {_key} in the summary",
        f"no {_key} in its summary",
        lambda m, k=_key: snapshot_in(m)["summary"].pop(k),
    )
on_metadata(
    "wrong added-files-size",
    "added-files-size is 99999",
    lambda m: snapshot_in(m)["summary"].update({"added-files-size": "99999"}),
)
for _key in ("deleted-data-files", "deleted-records", "removed-files-size"):
    on_metadata(
        f"wrong {_key}",
        f"{_key} is 99999",
        lambda m, k=_key: replacement(m)["summary"].update({k: "99999"}),
    )
    on_metadata(
        f"no {_key} in the summary",
        f"no {_key} in its summary",
        lambda m, k=_key: replacement(m)["summary"].pop(k),
    )
on_metadata(
    "no added-files-size",
    "no added-files-size",
    lambda m: snapshot_in(m)["summary"].pop("added-files-size"),
)


@mutant("version-hint.text says 1")
def stale_hint(table):
    with open(os.path.join(table.folder, "metadata", "version-hint.text"), "w") as stream:
        stream.write("1")


# ---- manifest lists ----

for _key, _words in (
    ("snapshot-id", "header key 'snapshot-id'"),
    ("parent-snapshot-id", "header key 'parent-snapshot-id'"),
    ("sequence-number", "header key 'sequence-number'"),
    ("format-version", "header key 'format-version'"),
):
    on_list(f"list without {_key}", _words, lambda l, r, k=_key: l.meta.pop(k))
    on_list(f"list with another {_key}", _words, lambda l, r, k=_key: l.meta.update({k: b"77"}))

on_list(
    "manifest is elsewhere",
    "outside the warehouse|is gone",
    lambda l, r: r.update(manifest_path="file:///nowhere/m.avro"),
)
on_list("wrong manifest_length", "its list says", lambda l, r: r.update(manifest_length=5))
on_list(
    "unknown spec", "is not among the table's", lambda l, r: r.update(partition_spec_id=9)
)
on_list("unknown content", "has content 4", lambda l, r: r.update(content=4))
on_list(
    "list says deletes", "header key 'content'", lambda l, r: r.update(content=1)
)
on_list(
    "sequence number ahead",
    "has sequence number",
    lambda l, r: r.update(sequence_number=r["sequence_number"] + 1),
)
on_list(
    "sequence number behind",
    "has sequence number",
    lambda l, r: r.update(sequence_number=r["sequence_number"] - 1),
)
on_list(
    "min_sequence_number ahead",
    "min_sequence_number",
    lambda l, r: r.update(min_sequence_number=r["min_sequence_number"] + 1),
)
on_list(
    "min_sequence_number behind",
    "min_sequence_number",
    lambda l, r: r.update(min_sequence_number=0),
)
on_list(
    "added by nobody",
    "was not added by the snapshot",
    lambda l, r: r.update(added_snapshot_id=12345),
)
for _key in ("added_files_count", "existing_files_count", "deleted_files_count"):
    on_list(f"wrong {_key}", "its list counts", lambda l, r, k=_key: r.update({k: 9}))
for _key in ("added_rows_count", "existing_rows_count", "deleted_rows_count"):
    on_list(f"wrong {_key}", "its list counts", lambda l, r, k=_key: r.update({k: 9}))
on_list(
    "no partition summaries", "partition summaries", lambda l, r: r.update(partitions=[])
)
on_list(
    "too few partition summaries",
    "partition summaries",
    lambda l, r: r["partitions"].pop(),
)
for _name, _change in {
    "contains_null is wrong": {"contains_null": True},
    "contains_nan of a date": {"contains_nan": True},
    "lower bound is missing": {"lower_bound": None},
    "upper bound is missing": {"upper_bound": None},
    "lower bound is wrong": {"lower_bound": b"\1\0\0\0"},
}.items():
    on_list(
        f"summary: {_name}",
        "summary of partition field",
        lambda l, r, c=_change: r["partitions"][0].update(c),
    )

# ---- the Avro form of lists ----


def change_field(name, **changes):
    """A change of the schema: None takes the attribute away."""

    def change(file, *_):
        field = field_of(file.schema, name)
        check(field is not None, f"no field {name}")
        for key, value in changes.items():
            key = key.replace("_", "-")
            if value is None:
                check(key in field, f"{name} has no {key}")
                field.pop(key)
            else:
                field[key] = value

    return change


def rename_record(name, other):
    def change(file, *_):
        record = record_of(file.schema, name)
        check(record is not None, f"no record {name}")
        record["name"] = other

    return change


def array_of(schema, name):
    kind = field_of(schema, name)["type"]
    return kind[1] if isinstance(kind, list) else kind


def change_array(name, key):
    def change(file, *_):
        array = array_of(file.schema, name)
        check(key in array, f"{name} has no {key}")
        array.pop(key)

    return change


def drop_field(name):
    def change(file, *_):
        def drop(schema):
            if isinstance(schema, list):
                return any(drop(item) for item in schema)
            if not isinstance(schema, dict):
                return False
            kept = [f for f in schema.get("fields", []) if f["name"] != name]
            if len(kept) != len(schema.get("fields", [])):
                schema["fields"] = kept
                return True
            return any(drop(f["type"]) for f in schema.get("fields", [])) or drop(
                schema.get("items")
            )

        check(drop(file.schema), f"no field {name}")

    return change


LIST_FIELDS = (
    "manifest_path manifest_length partition_spec_id content sequence_number "
    "min_sequence_number added_snapshot_id added_files_count existing_files_count "
    "deleted_files_count added_rows_count existing_rows_count deleted_rows_count "
    "partitions contains_null contains_nan lower_bound upper_bound"
).split()
for _field in LIST_FIELDS:
    on_list(
        f"list: {_field} without field-id",
        f"Avro field '{_field}' has no field-id",
        change_field(_field, field_id=None),
    )
    on_list(
        f"list: {_field} with another field-id",
        f"no Avro field '{_field}'",
        change_field(_field, field_id=900),
    )
on_list("list: no element-id", "has not the element-id 508", change_array("partitions", "element-id"))
on_list("list: other record name", "is not called 'manifest_file'", rename_record("manifest_file", "m"))
on_list("list: other summary name", "is not called 'r508'", rename_record("r508", "s"))
on_list(
    "list: no default null",
    "'upper_bound' has not the default null",
    change_field("upper_bound", default=None),
)
on_list(
    "list: count is a long",
    "'added_files_count' is no int",
    change_field("added_files_count", type="long"),
)

# ---- manifests ----

for _key in (
    "schema",
    "schema-id",
    "partition-spec",
    "partition-spec-id",
    "format-version",
    "content",
):
    on_manifest(
        f"manifest without {_key}",
        f"no header key '{_key}'",
        lambda m, e, f, k=_key: m.meta.pop(k),
    )
on_manifest(
    "header schema is Avro",
    "holds no Iceberg schema",
    lambda m, e, f: m.meta.update(schema=m.meta["avro.schema"]),
)
on_manifest(
    "header schema is another",
    "is not the table's schema",
    lambda m, e, f: m.meta.update(
        schema=json.dumps({"type": "struct", "schema-id": 0, "fields": []}).encode()
    ),
)
on_manifest(
    "unknown schema-id",
    "which the table has not",
    lambda m, e, f: m.meta.update({"schema-id": b"8"}),
)
on_manifest(
    "header spec is an object",
    "is not the array of fields",
    lambda m, e, f: m.meta.update(
        {"partition-spec": b'{"spec-id": 0, "fields": ' + m.meta["partition-spec"] + b"}"}
    ),
)
on_manifest(
    "header spec is another",
    "is not the table's spec",
    lambda m, e, f: m.meta.update({"partition-spec": b"[]"}),
)
on_manifest(
    "other partition-spec-id",
    "header key 'partition-spec-id'",
    lambda m, e, f: m.meta.update({"partition-spec-id": b"3"}),
)
on_manifest(
    "format-version 1",
    "header key 'format-version'",
    lambda m, e, f: m.meta.update({"format-version": b"1"}),
)
on_manifest(
    "content deletes",
    "header key 'content'",
    lambda m, e, f: m.meta.update({"content": b"deletes"}),
)
on_manifest("unknown status", "no field 'status'", lambda m, e, f: e.update(status=5))
on_manifest(
    "added entry of another snapshot",
    "belongs to another snapshot",
    lambda m, e, f: e.update(snapshot_id=77),
)
on_manifest(
    "added entry with its sequence number",
    "does not inherit",
    lambda m, e, f: e.update(sequence_number=1, file_sequence_number=1),
)
on_manifest(
    "added entry newer than its manifest",
    "newer than its manifest",
    lambda m, e, f: e.update(sequence_number=99),
)
for _status, _name in ((0, "existing"), (2, "deleted")):
    for _key in ("sequence_number", "file_sequence_number", "snapshot_id"):
        on_manifest(
            f"{_name} entry without {_key}",
            "has not both sequence numbers and its snapshot",
            lambda m, e, f, k=_key: e.update({k: None}),
            status=_status,
        )
on_manifest(
    "file sequence above the manifest's",
    "a file sequence number does not fit",
    lambda m, e, f: e.update(file_sequence_number=99),
    status=0,
)
on_manifest("delete file among data", "has content 1", lambda m, e, f: f.update(content=1))
on_manifest(
    "path is no URI",
    "or no URI",
    lambda m, e, f: f.update(file_path=f["file_path"].removeprefix("file://")),
)
on_manifest("path is elsewhere", "is outside the warehouse", lambda m, e, f: f.update(file_path="s3://x/y"))
on_manifest("other format", "not PARQUET", lambda m, e, f: f.update(file_format="ORC"))
on_manifest(
    "wrong partition value",
    "is not that of its rows|summary of partition field",
    lambda m, e, f: f["partition"].update(basis_set="other"),
)
on_manifest(
    "wrong record_count",
    "its list counts",
    lambda m, e, f: f.update(record_count=f["record_count"] + 1),
)
on_manifest("no rows", "has no rows", lambda m, e, f: f.update(record_count=0))
on_manifest(
    "wrong file size",
    "its manifest says",
    lambda m, e, f: f.update(file_size_in_bytes=f["file_size_in_bytes"] + 1),
)
for _key in (
    "column_sizes",
    "value_counts",
    "null_value_counts",
    "nan_value_counts",
    "lower_bounds",
    "upper_bounds",
):
    on_manifest(
        f"no {_key}",
        "a size, count or bound is missing",
        lambda m, e, f, k=_key: f.update({k: None}),
    )
on_manifest("no split_offsets", "no split offsets", lambda m, e, f: f.update(split_offsets=None))
on_manifest(
    "split offsets beyond the file",
    "split offsets do not rise",
    lambda m, e, f: f.update(split_offsets=[4, 10**9]),
)
on_manifest("no sort order", "has no sort order", lambda m, e, f: f.update(sort_order_id=None))
on_manifest("unknown sort order", "names sort order 3", lambda m, e, f: f.update(sort_order_id=3))


def change_map(name, column, value):
    def change(manifest, entry, data_file):
        pairs = data_file[name]
        hit = [p for p in pairs if p["key"] == column]
        if hit:
            hit[0]["value"] = value(hit[0]["value"]) if callable(value) else value
        else:
            pairs.append({"key": column, "value": value})

    return change


ENERGY = 13  # minimum_energy
NUCLEAR = 15  # nuclear_repulsion_energy
MAXCV = 14  # null in all rows
EXPERIMENT = 1
NOTES_ELEMENT = 40
on_manifest("bound is NaN", "is not a number", change_map("lower_bounds", ENERGY, NAN))
on_manifest("bound of 3 bytes", "has 3 bytes", change_map("lower_bounds", ENERGY, b"abc"))
on_manifest(
    "lower above upper",
    "is above the upper",
    change_map("lower_bounds", ENERGY, b"\0\0\0\0\0\0\xf0\x3f"),
)
on_manifest(
    "upper below the values",
    "bounds leave out values",
    change_map("upper_bounds", ENERGY, lambda old: b"\0\0\0\0\0\0\x59\xc0"),
)
on_manifest(
    "upper bound cut without rounding up",
    "bounds leave out values",
    change_map("upper_bounds", EXPERIMENT, lambda old: old[:15]),
)
on_manifest(
    "bound of more than 16 characters",
    "more than 16 characters",
    change_map("lower_bounds", EXPERIMENT, lambda old: old + b"\0\0"),
)
on_manifest(
    "bound of a column of nulls",
    "which is null in all rows",
    change_map("lower_bounds", MAXCV, b"\0" * 8),
)
on_manifest(
    "count of NaN of a string",
    "which is no double",
    change_map("nan_value_counts", EXPERIMENT, 0),
)
on_manifest(
    "counts without nulls",
    " values of '",
    change_map("value_counts", MAXCV, 0),
)
on_manifest(
    "wrong count of nulls",
    "counts are not the file's",
    change_map("null_value_counts", ENERGY, 1),
)


def exchange_bounds(manifest, entry, data_file):
    """Of two numbers, each under the field id of the other."""
    for name in ("lower_bounds", "upper_bounds"):
        pairs = {p["key"]: p for p in data_file[name]}
        one, other = pairs[ENERGY], pairs[NUCLEAR]
        one["value"], other["value"] = other["value"], one["value"]


def exchange_counts(manifest, entry, data_file):
    pairs = {p["key"]: p for p in data_file["null_value_counts"]}
    one, other = pairs[ENERGY], pairs[MAXCV]
    one["value"], other["value"] = other["value"], one["value"]


on_manifest("bounds under other ids", "bounds leave out values", exchange_bounds)
on_manifest("counts under other ids", "counts are not the file's", exchange_counts)
on_manifest(
    "counts of a list's elements",
    "which is in a list",
    change_map("value_counts", NOTES_ELEMENT, 3),
)

MANIFEST_FIELDS = (
    "status snapshot_id sequence_number file_sequence_number data_file content "
    "file_path file_format partition record_count file_size_in_bytes column_sizes "
    "value_counts null_value_counts nan_value_counts lower_bounds upper_bounds "
    "split_offsets sort_order_id"
).split()
for _field in MANIFEST_FIELDS:
    on_manifest(
        f"manifest: {_field} without field-id",
        f"Avro field '{_field}' has no field-id",
        change_field(_field, field_id=None),
    )
    on_manifest(
        f"manifest: {_field} with another field-id",
        f"no Avro field '{_field}'",
        change_field(_field, field_id=900),
    )
for _field in "column_sizes value_counts null_value_counts nan_value_counts lower_bounds upper_bounds".split():
    on_manifest(
        f"manifest: {_field} is no map",
        f"'{_field}' has not the logicalType map",
        change_array(_field, "logicalType"),
    )

    def _without_key_id(m, e, f, name=_field):
        array_of(m.schema, name)["items"]["fields"][0].pop("field-id")

    def _without_value_id(m, e, f, name=_field):
        array_of(m.schema, name)["items"]["fields"][1].pop("field-id")

    def _other_name(m, e, f, name=_field):
        array_of(m.schema, name)["items"]["name"] = "pair_" + name

    on_manifest(f"manifest: key of {_field} without id", "Avro field 'key' has no field-id", _without_key_id)
    on_manifest(f"manifest: value of {_field} without id", "Avro field 'value' has no field-id", _without_value_id)
    on_manifest(f"manifest: pairs of {_field}", "is not called 'k1", _other_name)
for _field in ("processing_date", "basis_set", "backend"):
    on_manifest(
        f"manifest: partition {_field} without field-id",
        f"Avro field '{_field}' has no field-id",
        change_field(_field, field_id=None),
    )
on_manifest(
    "manifest: no element-id",
    "has not the element-id 133",
    change_array("split_offsets", "element-id"),
)
on_manifest(
    "manifest: other entry name",
    "is not called 'manifest_entry'",
    rename_record("manifest_entry", "e"),
)
on_manifest("manifest: other partition name", "is not r102", rename_record("r102", "p"))
on_manifest(
    "manifest: no default null",
    "'snapshot_id' has not the default null",
    change_field("snapshot_id", default=None),
)
on_manifest("manifest: no content field", "no Avro field 'content'", drop_field("content"))


def with_more(name, kind, field_id, value):
    """A field more in the records of data files."""

    def change(manifest, entry, data_file):
        record_of(manifest.schema, "r2")["fields"].append(
            {"name": name, "type": ["null", kind], "default": None, "field-id": field_id}
        )
        for other in manifest.records:
            other["data_file"][name] = value

    return change


on_manifest(
    "data file with equality_ids",
    "has equality_ids",
    with_more(
        "equality_ids", {"type": "array", "items": "int", "element-id": 136}, 135, [1]
    ),
)
on_manifest(
    "data file that refers to another",
    "referenced data file",
    with_more("referenced_data_file", "string", 143, "file:///x"),
)
on_manifest(
    "manifest: partition value of another type",
    "is not of the type that its spec gives",
    lambda m, e, f: change_type(m, "basis_set", ["null", "bytes"], str.encode),
)
on_manifest(
    "bounds of a list's elements",
    "which is in a list",
    change_map("lower_bounds", NOTES_ELEMENT, b"a"),
)
on_manifest(
    "more nulls than rows",
    "more nulls or NaN",
    change_map("null_value_counts", ENERGY, 999),
)
on_manifest(
    "bound of a date has 3 bytes",
    "has 3 bytes",
    change_map("lower_bounds", 20, b"abc"),
)


def change_type(manifest, name, kind, convert):
    """A partition value of another Avro type."""
    field_of(manifest.schema, name)["type"] = kind
    for entry in manifest.records:
        partition = entry["data_file"]["partition"]
        partition[name] = convert(partition[name])


@mutant("is not of format version 2")
def withdrawn_field(table):
    manifest = table.manifest()
    record = record_of(manifest.schema, "r2")
    record["fields"].append(
        {"name": "block_size_in_bytes", "type": "long", "field-id": 105}
    )
    for entry in manifest.records:
        entry["data_file"]["block_size_in_bytes"] = 1
    table.save_manifest(manifest)


@mutant("is in the table twice")
def data_file_twice(table):
    manifest = table.manifest()
    manifest.records.append(manifest.records[0])
    table.save_manifest(manifest)


# ---- Parquet files ----


def on_parquet(name, words, change):
    def mutate(table):
        manifest = table.manifest()
        data_file = manifest.records[0]["data_file"]
        path = data_file["file_path"].removeprefix("file://")
        change(path, pq.read_table(path))
        data_file["file_size_in_bytes"] = os.path.getsize(path)
        table.save_manifest(manifest)

    MUTANTS.append((name, words, mutate))


def with_field(rows, name, kind=None, field_id=None):
    """The rows with the column's type or field id changed."""
    at = rows.schema.get_field_index(name)
    field = rows.schema.field(at)
    metadata = dict(field.metadata or {})
    metadata[b"PARQUET:field_id"] = str(field_id).encode() if field_id else None
    if field_id is None:
        metadata = {k: v for k, v in (field.metadata or {}).items()}
    elif field_id == "none":
        metadata = {}
    column = rows.column(at).cast(kind) if kind else rows.column(at)
    return rows.set_column(at, pa.field(name, kind or field.type, metadata=metadata), column)


on_parquet(
    "column without field id",
    "column 'seed' has no field id",
    lambda path, rows: pq.write_table(with_field(rows, "seed", field_id="none"), path),
)
on_parquet(
    "elements without field id",
    "elements of 'notes' have no field id",
    lambda path, rows: pq.write_table(
        with_field(rows, "notes", pa.list_(pa.field("element", pa.string()))), path
    ),
)
on_parquet(
    "no field ids",
    "column 'experiment_id' has no field id",
    lambda path, rows: pq.write_table(
        pa.Table.from_arrays(rows.columns, names=rows.column_names), path
    ),
)
on_parquet(
    "timestamp without zone",
    "which is no timestamptz",
    lambda path, rows: pq.write_table(
        with_field(rows, "processing_timestamp", pa.timestamp("us")), path
    ),
)
on_parquet(
    "timestamp in milliseconds",
    "which is no timestamptz",
    lambda path, rows: pq.write_table(
        with_field(rows, "processing_timestamp", pa.timestamp("us", "UTC")),
        path,
        coerce_timestamps="ms",
        allow_truncated_timestamps=True,
    ),
)
on_parquet(
    "string as bytes",
    "which is no string",
    lambda path, rows: pq.write_table(with_field(rows, "basis_set", pa.binary()), path),
)
on_parquet(
    "energy as float",
    "which is no double",
    lambda path, rows: pq.write_table(with_field(rows, "minimum_energy", pa.float32()), path),
)
on_parquet(
    "partition column is missing",
    "is not that of its rows",
    lambda path, rows: pq.write_table(rows.drop_columns(["basis_set"]), path),
)
on_parquet(
    "rows are missing",
    "the manifest says",
    lambda path, rows: pq.write_table(rows.slice(1), path),
)


# ---- what other engines may do ----


def may_lack_summaries(table):
    """The field is optional."""
    listed = table.list()
    for record in listed.records:
        record["partitions"] = None
    listed.save()


def may_know_more_properties(table):
    table.metadata["properties"]["write.parquet.compression-codec"] = "zstd"
    table.save_metadata()


def may_have_specs_and_orders(table):
    """That no file uses yet."""
    metadata = table.metadata
    metadata["partition-specs"].append(
        {
            "spec-id": 1,
            "fields": metadata["partition-specs"][0]["fields"]
            + [
                {
                    "name": "seed_bucket",
                    "transform": "bucket[4]",
                    "source-id": 12,
                    "field-id": metadata["last-partition-id"] + 1,
                }
            ],
        }
    )
    metadata["last-partition-id"] += 1
    metadata["sort-orders"].append(
        {
            "order-id": 1,
            "fields": [
                {
                    "transform": "identity",
                    "source-id": 1,
                    "direction": "asc",
                    "null-order": "nulls-first",
                }
            ],
        }
    )
    table.save_metadata()


def may_order_statistics(table):
    """They are found by their field ids, in any order."""
    manifest = table.manifest()
    for record in manifest.records:
        for name in ("value_counts", "null_value_counts", "lower_bounds", "upper_bounds"):
            record["data_file"][name].reverse()
    table.save_manifest(manifest)


LEGAL = (may_order_statistics, may_lack_summaries, may_know_more_properties, may_have_specs_and_orders)


# ---- all of them ----


def build(folder):
    """Three commits and a compaction: added, existing and deleted entries."""
    for number, (distance, basis) in enumerate(
        ((0.74, ["sto-3g", "6-31g"]), (0.8, "sto-3g"), (0.9, "sto-3g"))
    ):
        folder.write(
            "job.json",
            {
                "molecules": [{"symbols": ["H", "H"], "coords": [[0, 0, 0], [0, 0, distance]]}],
                "basis": basis,
                "seed": [1, 2],
            },
        )
        folder.run("job.json", "--no-lake", "-o", f"{number}.h5", "-q")
    warehouse = folder.file("wh")
    for number in range(3):
        if number == 2:
            done = lake("compact", warehouse)
            check(done.returncode == 0, done.stderr)
        done = lake("normalize", folder.file(f"{number}.h5"), "-w", warehouse, "-q")
        check(done.returncode == 0, done.stderr)
    # the others would only take time
    for name in os.listdir(os.path.join(warehouse, "quantum_features")):
        if name != "vqe_results":
            shutil.rmtree(os.path.join(warehouse, "quantum_features", name))
    return warehouse


def main():
    with harness.Folder() as folder:
        warehouse = build(folder)
        place = os.path.join(warehouse, "quantum_features", "vqe_results")
        kept = folder.file("kept")
        shutil.copytree(place, kept)
        done = lake("check", warehouse)
        check(
            done.returncode == 0 and ": 0 problems, 0 orphans" in done.stdout,
            f"the sound table: {done.stdout}{done.stderr}",
        )
        missed = []
        for change in LEGAL:
            change(Table(place))
            done = lake("check", warehouse)
            if done.returncode != 0:
                missed.append(f"{change.__name__} is legal: {done.stdout}{done.stderr}")
            shutil.rmtree(place)
            shutil.copytree(kept, place)
        for name, words, change in MUTANTS:
            change(Table(place))
            done = lake("check", warehouse)
            text = harness.unfolded(done.stdout + done.stderr)
            if done.returncode != 1 or not re.search(words, text):
                missed.append(f"{name}: no '{words}' in: {done.returncode} {text[-400:]}")
            shutil.rmtree(place)
            shutil.copytree(kept, place)
        for text in missed:
            print("missed:", text)
        check(not missed, f"{len(missed)} of {len(MUTANTS)} mutants are not found")
        print(f"all {len(MUTANTS)} mutants are found")


if __name__ == "__main__":
    main()

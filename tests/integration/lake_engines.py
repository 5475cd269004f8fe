#!/usr/bin/env python3
"""Other engines write the tables between our runs, and nothing is lost either
way round: each adds and renames columns, appends a row, and tags, before we
normalise, make features, compact, expire, query and check.

The engines: PyIceberg, whose commits are put as Hadoop catalogs name them,
packed by gzip, or as a catalog does that has registered the table; iceberg-go,
where Go is there (tests/integration/iceberg-go); and the command VQE_ENGINE,
which takes the same words as iceberg-go.

VQE_BATCH and VQE_LAKE name the programs.
"""

import datetime
import decimal
import glob
import gzip
import json
import os
import shutil
import subprocess
import sys
import uuid

import harness
from harness import check

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyiceberg.catalog.noop import NoopCatalog
    from pyiceberg.io.pyarrow import schema_to_pyarrow
    from pyiceberg.table import CommitTableResponse, StaticTable, Table
    from pyiceberg.table.update import update_table_metadata
    from pyiceberg.expressions import In
    from pyiceberg.transforms import (
        IdentityTransform,
        MonthTransform,
        TruncateTransform,
    )
    from pyiceberg.types import (
        BinaryType,
        DecimalType,
        FloatType,
        IntegerType,
        LongType,
        NestedField,
        StringType,
        StructType,
        TimestampType,
        UUIDType,
    )
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(harness.SKIPPED)

import lake_check

LAKE = os.path.abspath(
    os.environ.get("VQE_LAKE") or os.path.join(os.path.dirname(harness.BATCH), "vqe_lake")
)
TABLE = "vqe_results"
FOREIGN = "f" * 64  # experiment_id of the row that the engine appends
ENGINE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "iceberg-go")


def lake(*words, status=0):
    done = subprocess.run(
        [LAKE, *words],
        capture_output=True,
        text=True,
        env=harness.environment(),
        timeout=300,
        check=False,
    )
    if done.returncode != status:
        harness.fail(
            f"vqe_lake {' '.join(words)}: exit status {done.returncode}, "
            f"expected {status}\n{done.stdout}{done.stderr}"
        )
    return harness.unfolded(done.stdout + done.stderr)


def folder_of(warehouse, table=TABLE):
    return os.path.join(warehouse, "quantum_features", table)


# ---- engines ----


class Catalog(NoopCatalog):
    """PyIceberg without a service: commits become files in the table's
    folder. `style`: "plain" vN.metadata.json, "gzip" vN.gz.metadata.json,
    "catalog" NNNNN-<uuid>.metadata.json."""

    def __init__(self, style):
        super().__init__("test")
        self.style = style
        self.places = {}

    def load(self, folder):
        place = self.places.get(folder) or newest_in(folder)
        static = StaticTable.from_metadata(place)
        self.folder = folder
        return Table(
            ("q", "t"), static.metadata, static.metadata_location, static.io, self
        )

    def commit_table(self, table, requirements, updates):
        for requirement in requirements:
            requirement.validate(table.metadata)
        metadata = update_table_metadata(
            table.metadata, updates, False, table.metadata_location
        )
        text = metadata.model_dump_json().encode()
        place = os.path.join(self.folder, "metadata")
        if self.style == "catalog":
            number = len(glob.glob(os.path.join(place, "0*-*"))) + 1
            path = os.path.join(place, f"{number:05d}-{uuid.uuid4()}.metadata.json")
            self.places[self.folder] = path
        else:
            number = version_of(newest_in(self.folder)) + 1
            packed = self.style == "gzip"
            path = os.path.join(
                place, f"v{number}{'.gz' if packed else ''}.metadata.json"
            )
            text = gzip.compress(text) if packed else text
        with open(path, "xb") as stream:
            stream.write(text)
        if self.style != "catalog":
            with open(os.path.join(place, "version-hint.text"), "w") as stream:
                stream.write(str(number))
        return CommitTableResponse(
            metadata=metadata, metadata_location="file://" + path
        )


def version_of(path):
    return int(os.path.basename(path)[1:].split(".")[0])


class PyIceberg:
    def __init__(self, style):
        self.name = f"PyIceberg, {style}"
        self.style = style
        self.catalog = Catalog(style)

    def load(self, warehouse):
        return self.catalog.load(folder_of(warehouse))

    def change(self, warehouse, command, *words):
        table = self.load(warehouse)
        if command == "rename":
            with table.update_schema() as update:
                update.rename_column(*words)
        elif command == "add":
            with table.update_schema() as update:
                update.add_column(words[0], StringType())
        elif command == "append":
            row = table.scan().to_arrow().slice(0, 1)
            for word in words:
                name, value = word.split("=", 1)
                row = with_value(row, name, value)
            table.append(row)
        elif command == "tag":
            snapshot = table.metadata.current_snapshot_id
            table.manage_snapshots().create_tag(snapshot, words[0]).commit()
        self.adopt(warehouse, command)

    def adopt(self, warehouse, command):
        """A catalog's commit stops ours until it is taken over, as the
        message says."""
        if self.style != "catalog":
            return
        place = os.path.join(folder_of(warehouse), "metadata")
        newest = self.catalog.places[folder_of(warehouse)]
        for words in (
            ("normalize", harness_result, "-w", warehouse),
            ("featurize", "-w", warehouse),
            ("compact", warehouse),
            ("expire", warehouse, "--older-than", "0s"),
        ):
            text = lake(*words, status=2)
            check(os.path.basename(newest) in text, f"{command}, {words[0]}: {text}")
        text = lake("check", warehouse, status=1)
        check(os.path.basename(newest) in text, text)
        check(", 0 orphans" in text, text)
        number = version_of(newest_of(warehouse)) + 1
        check(f"copy it to v{number}.metadata.json" in text, text)
        shutil.copy(newest, os.path.join(place, f"v{number}.metadata.json"))
        # the catalog takes up what we commit after it
        self.catalog.places.pop(folder_of(warehouse))

    def rows(self, warehouse, columns):
        rows = self.load(warehouse).scan().to_arrow().select(columns).to_pylist()
        return sorted(tuple(map(str, row.values())) for row in rows)


def with_value(row, name, value):
    at = row.schema.get_field_index(name)
    field = row.schema.field(at)
    return row.set_column(at, field, pa.array([value], type=field.type))


class Program:
    """An engine that is a program: WAREHOUSE TABLE COMMAND WORD..."""

    def __init__(self, name, words):
        self.name = name
        self.words = words

    def call(self, warehouse, *words):
        done = subprocess.run(
            [*self.words, "file://" + warehouse, TABLE, *words],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        check(done.returncode == 0, f"{self.name} {words}: {done.stdout}{done.stderr}")
        return done.stdout

    def change(self, warehouse, command, *words):
        self.call(warehouse, command, *words)

    def rows(self, warehouse, columns):
        lines = self.call(warehouse, "read", *columns).splitlines()
        return sorted(tuple(map(str, json.loads(line))) for line in lines)


def engines():
    found = [PyIceberg("plain"), PyIceberg("gzip"), PyIceberg("catalog")]
    done = subprocess.run(
        [os.path.join(ENGINE, "build_engine.sh")], capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        found.append(Program("iceberg-go", [done.stdout.strip()]))
    else:
        check(done.returncode == 77, f"iceberg-go: {done.stdout}{done.stderr}")
        print("iceberg-go is left out:", done.stderr.strip().splitlines()[-1])
    if os.environ.get("VQE_ENGINE"):
        words = os.environ["VQE_ENGINE"].split()
        found.append(Program(os.environ["VQE_ENGINE"], words))
    return found


# ---- what must hold ----


def check_sound(warehouse, when):
    text = lake("check", warehouse)
    check(": 0 problems, 0 orphans" in text, f"{when}: {text}")


def nothing_is_lost_either_way_round(engine, folder):
    warehouse = folder.file("wh-" + "".join(filter(str.isalnum, engine.name)))
    lake("normalize", folder.file("one.h5"), "-w", warehouse, "-q")
    if engine.name == "iceberg-go":
        engine.change(warehouse, "set", "write.metadata.compression-codec", "gzip")
    engine.change(warehouse, "rename", "minimum_energy", "e_electronic")
    engine.change(warehouse, "add", "comment")
    engine.change(
        warehouse, "append", f"experiment_id={FOREIGN}", "comment=kept, mind you"
    )
    engine.change(warehouse, "tag", "release")
    columns = ["experiment_id", "e_electronic", "basis_set", "comment"]
    before = engine.rows(warehouse, columns)
    check(len(before) == 3, before)
    check(any(row[3] == "kept, mind you" for row in before), before)
    # ours, with everything that changes a table
    lake("normalize", folder.file("two.h5"), "-w", warehouse, "-q")
    lake("featurize", "-w", warehouse, "-q")
    check_sound(warehouse, "after append")
    whole = engine.rows(warehouse, columns)
    check(set(before) < set(whole) and len(whole) == 5, whole)
    check("merged" in lake("compact", warehouse), "nothing was compacted")
    check(engine.rows(warehouse, columns) == whole, "compact changed rows")
    lake("expire", warehouse, "--older-than", "0s")
    check_sound(warehouse, "after expire")
    check(engine.rows(warehouse, columns) == whole, "expire changed rows")
    shown = lake(
        "query",
        f"select comment, e_electronic from vqe_results where experiment_id = '{FOREIGN}'",
        "-w",
        warehouse,
        "--format",
        "json",
    )
    check(json.loads(shown)[0]["comment"] == "kept, mind you", shown)
    text = lake("check", warehouse)
    for words in (
        "calls column 'minimum_energy' 'e_electronic'",
        "column 'comment' (string) is of another engine",
        "tag 'release' of another engine",
        ": append, 1 row added",
    ):
        check(words in text, f"check does not say: {words}\n{text}")
    # and theirs again after ours
    engine.change(warehouse, "append", f"experiment_id={'e' * 64}", "comment=later")
    lake("normalize", folder.file("one.h5"), "-w", warehouse, "-q")
    lake("compact", warehouse)
    check(len(engine.rows(warehouse, columns)) == 6, "a row is there twice")
    check_sound(warehouse, "at the end")
    newest = StaticTable.from_metadata(newest_of(warehouse))
    check("release" in newest.metadata.refs, list(newest.metadata.refs))
    print("nothing is lost:", engine.name)


def newest_of(warehouse):
    return newest_in(folder_of(warehouse))


def newest_in(folder):
    place = os.path.join(folder, "metadata")
    return max(glob.glob(os.path.join(place, "v*.metadata.json")), key=version_of)


def plain_types_are_carried_through(folder):
    """Columns of types that our definitions do not have."""
    warehouse = folder.file("wh-types")
    engine = PyIceberg("plain")
    lake("normalize", folder.file("one.h5"), "-w", warehouse, "-q")
    with engine.load(warehouse).update_schema() as update:
        update.update_column("nfev", LongType())
        update.add_column("price", DecimalType(10, 2))
        update.add_column("ratio", FloatType())
        update.add_column("at", TimestampType())
        update.add_column("bytes", BinaryType())
        update.add_column("uid", UUIDType())
    row = engine.load(warehouse).scan().to_arrow().slice(0, 1)
    values = {
        "experiment_id": FOREIGN,
        "nfev": 5 * 10**9,
        "price": decimal.Decimal("12.34"),
        "ratio": 1.5,
        "at": datetime.datetime(2026, 1, 2, 3, 4, 5, 6),
        "bytes": b"\0\1",
        "uid": uuid.UUID(int=7).bytes,
    }
    for name, value in values.items():
        row = with_value(row, name, value)
    engine.load(warehouse).append(row)
    before = engine.rows(warehouse, list(values))
    lake("normalize", folder.file("two.h5"), "-w", warehouse, "-q")
    lake("compact", warehouse)
    after = engine.rows(warehouse, list(values))
    check(set(before) < set(after) and len(after) == 5, after)
    check_sound(warehouse, "types")
    print("plain types are carried through")


def nested_columns_leave_the_table_alone(folder):
    warehouse = folder.file("wh-nested")
    engine = PyIceberg("plain")
    lake("normalize", folder.file("one.h5"), "-w", warehouse, "-q")
    with engine.load(warehouse).update_schema() as update:
        update.add_column(
            "pair", StructType(NestedField(1, "a", IntegerType(), required=False))
        )
    lake("normalize", folder.file("two.h5"), "-w", warehouse, "-q")
    text = lake("compact", warehouse)
    check("column 'pair' of another engine" in text and "left as it is" in text, text)
    check(len(engine.rows(warehouse, ["experiment_id"])) == 4, "rows are gone")
    print("nested columns leave the table alone")


def files_without_field_ids_are_refused(folder):
    """add_files takes a Parquet file in as it is: by field id it reads as
    nulls, and compaction would make them so."""
    warehouse = folder.file("wh-added")
    engine = PyIceberg("plain")
    lake("normalize", folder.file("one.h5"), "-w", warehouse, "-q")
    table = engine.load(warehouse)
    row = with_value(table.scan().to_arrow().slice(0, 1), "experiment_id", FOREIGN)
    plain = pa.schema([pa.field(f.name, f.type) for f in row.schema])
    path = os.path.join(folder_of(warehouse), "data", "added.parquet")
    pq.write_table(pa.Table.from_arrays(row.columns, schema=plain), path)
    table.add_files([path])
    query = ("query", "select experiment_id from vqe_results", "-w", warehouse)
    for words in (query, ("normalize", folder.file("two.h5"), "-w", warehouse)):
        text = lake(*words, status=2)
        check("have no field ids" in text, text)
    check("left as it is" in lake("compact", warehouse), "compact")
    check("no field ids" in lake("check", warehouse, status=1), "check")
    check(len(engine.rows(warehouse, ["experiment_id"])) == 3, "rows are gone")
    print("files without field ids are refused")


def deleted_rows_are_the_engines_matter(folder):
    """A legal DELETE is a note; what a run left out stays a problem."""
    warehouse = folder.file("wh-delete")
    engine = PyIceberg("plain")
    lake("normalize", folder.file("one.h5"), "-w", warehouse, "-q")
    lake("normalize", folder.file("two.h5"), "-w", warehouse, "-q")
    ids = ids_of(warehouse)
    # a part of a file, a whole file, all rows
    deleted = {"vqe_results": ids[:1], "ansatz_info": ids[1:3], "vqe_iterations": ids}
    for name, gone in deleted.items():
        table = engine.catalog.load(folder_of(warehouse, name))
        table.delete(In("experiment_id", gone))
    text = lake("check", warehouse)
    check(": 0 problems, 0 orphans" in text, text)
    for name, gone in deleted.items():
        few = "1 experiment that" if len(gone) == 1 else f"{len(gone)} experiments that"
        if name == "vqe_iterations":  # those that vqe_results has
            few = "3 experiments that"
        check(f"note {name}: another engine has deleted rows of {few}" in text, text)
    table = engine.catalog.load(folder_of(warehouse, "molecules"))
    table.delete(In("experiment_id", ids[3:]))
    check_sound(warehouse, "molecules deleted")
    # and what is missing for another reason
    shutil.rmtree(folder_of(warehouse, "performance_metrics"))
    text = lake("check", warehouse, status=1)
    check(
        "problem performance_metrics: 3 experiments of 'molecules' are missing" in text
        and "1 problem," in text,
        text,
    )
    print("deleted rows are the engine's matter")


def ids_of(warehouse):
    shown = lake(
        "query", "select experiment_id from molecules order by 1", "-w", warehouse,
        "--format", "json",
    )
    return [row["experiment_id"] for row in json.loads(shown)]


def refused(folder, warehouse, words):
    """Nothing of ours is written to the table, for that reason; it reads."""
    before = version_of(newest_of(warehouse))
    text = lake("normalize", folder.file("two.h5"), "-w", warehouse, status=2)
    check(words in text, text)
    text = lake("compact", warehouse)
    check(words in text and "left as it is" in text, text)
    check(version_of(newest_of(warehouse)) == before, "it was written to")
    text = lake("query", "select * from vqe_results", "-w", warehouse)
    check("sto3g" in text, text)
    text = lake("check", warehouse)
    check(": 0 problems, 0 orphans" in text, text)
    check("note vqe_results: no more is written to it by vqe_lake" in text, text)
    check(words in text, text)


def transform_in_python(transform):
    """PyIceberg's own transform of single values, in place of the one for
    arrays, which needs a library."""

    def of_array(self, source):
        kind = schema_to_pyarrow(self.result_type(source))
        integers = {pa.timestamp("us", "UTC"): pa.int64(), pa.date32(): pa.int32()}

        def apply(array):
            array = array.combine_chunks() if hasattr(array, "combine_chunks") else array
            values = array.cast(integers.get(array.type, array.type)).to_pylist()
            values = [self.transform(source)(value) for value in values]
            return pa.array(values, integers.get(kind, kind)).cast(kind)

        return apply

    if not isinstance(transform, IdentityTransform):
        type(transform).pyarrow_transform = of_array
    return transform


def another_partition_spec_is_checked_by_its_own_rules(folder):
    for field, transform in (
        ("optimizer", IdentityTransform()),
        ("processing_timestamp", MonthTransform()),
        ("num_qubits", TruncateTransform(10)),
        ("optimizer", TruncateTransform(3)),
    ):
        warehouse = folder.file("wh-spec")
        engine = PyIceberg("plain")
        lake("normalize", folder.file("one.h5"), "-w", warehouse, "-q")
        with engine.load(warehouse).update_spec() as update:
            update.add_field(field, transform_in_python(transform), "extra")
        engine.change(warehouse, "append", f"experiment_id={FOREIGN}")
        refused(folder, warehouse, "is partitioned in another way")
        # a value that is not that of the rows
        table = lake_check.Table(folder_of(warehouse))
        manifest = table.manifest()
        partition = manifest.records[0]["data_file"]["partition"]
        check("extra" in partition, partition)
        value = partition["extra"]
        if isinstance(value, datetime.date):
            value = value.toordinal() - datetime.date(1970, 1, 1).toordinal()
        partition["extra"] = value + 1 if isinstance(value, int) else value + "x"
        table.save_manifest(manifest)
        text = lake("check", warehouse, status=1)
        check("partition 'extra' is not that of its rows" in text, f"{transform}: {text}")
        check("summary of partition field 3 does not match" in text, text)
        shutil.rmtree(warehouse)
    # and back: files of both specs
    lake("normalize", folder.file("one.h5"), "-w", warehouse, "-q")
    with engine.load(warehouse).update_spec() as update:
        update.add_field("optimizer", IdentityTransform(), "extra")
    engine.change(warehouse, "append", f"experiment_id={FOREIGN}")
    with engine.load(warehouse).update_spec() as update:
        update.remove_field("extra")
    lake("normalize", folder.file("two.h5"), "-w", warehouse, "-q")
    check_sound(warehouse, "files of two specs")
    check(len(engine.rows(warehouse, ["experiment_id"])) == 5, "rows are gone")
    text = lake("compact", warehouse)
    check("left as it is" in text, text)
    print("another partition spec is checked by its own rules")


def dropped_and_required_columns_leave_the_table_alone(folder):
    warehouse = folder.file("wh-dropped")
    engine = PyIceberg("plain")
    lake("normalize", folder.file("one.h5"), "-w", warehouse, "-q")
    with engine.load(warehouse).update_schema() as update:
        update.delete_column("seed")
    refused(folder, warehouse, "has dropped column 'seed'")
    text = lake("query", "describe vqe_results", "-w", warehouse)
    check("seed" not in text and "optimizer" in text, text)
    shutil.copytree(warehouse, folder.file("copy"))  # the remedy: added again
    with engine.load(warehouse).update_schema() as update:
        update.add_column("seed", IntegerType())
    lake("normalize", folder.file("two.h5"), "-w", warehouse, "-q")
    lake("compact", warehouse)
    check_sound(warehouse, "dropped and added")
    shutil.rmtree(warehouse)
    shutil.move(folder.file("copy"), warehouse)
    with engine.load(warehouse).update_schema() as update:
        update.add_column("seed", StringType())  # of another type
    refused(folder, warehouse, "has given column 'seed' another type than int")
    warehouse = folder.file("wh-required")
    lake("normalize", folder.file("one.h5"), "-w", warehouse, "-q")
    with engine.load(warehouse).update_schema(allow_incompatible_changes=True) as update:
        update.update_column("optimizer", required=True)
    refused(folder, warehouse, "has made column 'optimizer' required")
    with engine.load(warehouse).update_schema() as update:
        update.update_column("optimizer", required=False)
    lake("normalize", folder.file("two.h5"), "-w", warehouse, "-q")
    check("merged" in lake("compact", warehouse), "nothing was compacted")
    check_sound(warehouse, "required and back")
    print("dropped and required columns leave the table alone")


def make_results(folder):
    """one.h5 and two.h5, two experiments each."""
    for name, distance in (("one", 0.74), ("two", 0.8)):
        folder.write(
            "job.json",
            {
                "molecules": [
                    {"symbols": ["H", "H"], "coords": [[0, 0, 0], [0, 0, distance]]}
                ],
                "seed": [1, 2],
            },
        )
        folder.run("job.json", "--no-lake", "-o", f"{name}.h5", "-q")


def main():
    global harness_result
    with harness.Folder() as folder:
        make_results(folder)
        harness_result = folder.file("two.h5")
        for engine in engines():
            nothing_is_lost_either_way_round(engine, folder)
        plain_types_are_carried_through(folder)
        nested_columns_leave_the_table_alone(folder)
        files_without_field_ids_are_refused(folder)
        deleted_rows_are_the_engines_matter(folder)
        another_partition_spec_is_checked_by_its_own_rules(folder)
        dropped_and_required_columns_leave_the_table_alone(folder)
    print("nothing of other engines is lost")


if __name__ == "__main__":
    main()

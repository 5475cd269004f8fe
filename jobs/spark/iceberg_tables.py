"""Iceberg tables of the lake by Spark: made from schemas/iceberg, given the
columns that came later, appended to with a tag in one commit.

Other writers of the same table: vqe_lake. Either goes on with what the other
wrote. A snapshot's summary names its run as `vqe.run-id`, by which a run that
crashed before its row of processing_metadata gets it.
"""

import json
import os
import re
import uuid

from lake_sql import SCHEMAS
from pyspark.sql import functions as F

CATALOG = "quantum_catalog"
NAMESPACE = "quantum_features"
RUN_KEY = "vqe.run-id"
STAGING = "vqe_staging_"
HINT = "version-hint.text"
# lets a session write to a branch that is published afterwards; a session
# that names no branch writes as ever
BRANCHES = "write.wap.enabled"
PROPERTIES = {
    "write.parquet.compression-codec": "zstd",
    "format-version": "2",
    BRANCHES: "true",
}
KNOWN = {
    "start": "known at the start",
    "step": "known at step t",
    "step 10": "known at step 10",
    "end": "known only at the end",
}
COMMON = {"processing_timestamp", "processing_date", "processing_batch_id", "processing_name"}


class Definition:
    """A table as schemas/iceberg/NAME.json defines it."""

    def __init__(self, name):
        with open(os.path.join(SCHEMAS, "iceberg", name + ".json"), encoding="utf-8") as stream:
            text = json.load(stream)
        self.name = name
        self.comment = text["comment"]
        self.columns = [(c["name"], c["type"], doc_of(c)) for c in text["columns"]]
        self.partition = text["partition"]
        self.tagged = text["tagged"]


def doc_of(column):
    """What readers are shown of a column, as vqe_lake writes it."""
    known = KNOWN.get(column.get("known"))
    parts = [column.get("doc"), column.get("unit"), known]
    return "; ".join(part for part in parts if part) if parts[0] else None


def sql_type(text):
    """An Iceberg type as Spark writes it."""
    if text.startswith("list<"):
        return f"array<{sql_type(text[5:-1])}>"
    return {"long": "bigint", "timestamptz": "timestamp"}.get(text, text)


class Table:
    """One table of a warehouse, which need not exist yet."""

    def __init__(self, spark, name):
        self.spark = spark
        self.definition = Definition(name)
        self.path = f"{CATALOG}.{NAMESPACE}.{name}"
        self.exists = spark.catalog.tableExists(self.path)
        if self.exists:
            self._mend_hint()

    def _mend_hint(self):
        """A writer that died between its commit and version-hint.text left the
        hint behind; readers that trust it would see an older table."""
        warehouse = self.spark.conf.get(f"spark.sql.catalog.{CATALOG}.warehouse")
        hadoop = self.spark._jvm.org.apache.hadoop
        folder = hadoop.fs.Path(f"{warehouse}/{NAMESPACE}/{self.definition.name}/metadata")
        files = folder.getFileSystem(self.spark._jsc.hadoopConfiguration())
        names = [status.getPath().getName() for status in files.listStatus(folder)]
        versions = [re.fullmatch(r"v(\d+)(\.gz)?\.metadata\.json(\.gz)?", n) for n in names]
        newest = max((int(v[1]) for v in versions if v), default=0)
        hint = hadoop.fs.Path(folder, HINT)
        if HINT in names:
            stream = files.open(hint)
            try:
                text = bytes(stream.readAllBytes()).decode(errors="replace").strip()
            finally:
                stream.close()
            if not text.isdecimal() or int(text) >= newest:
                return
        if newest > 0:
            aside = hadoop.fs.Path(folder, f"{uuid.uuid4()}-{HINT}")
            stream = files.create(aside, True)
            stream.write(str(newest).encode())
            stream.close()
            # Hadoop renames over no file
            files.delete(hint, False)
            files.rename(aside, hint)

    # ---- reading ----

    def view(self, name=None):
        """A view of its rows with every column of its definition."""
        frame = None
        if self.exists:
            frame = self.spark.table(self.path)
            names = set(frame.columns)
            frame = frame.select(
                *[
                    F.col(c) if c in names else F.lit(None).cast(sql_type(kind)).alias(c)
                    for c, kind, _ in self.definition.columns
                ]
            )
        else:
            columns = ", ".join(f"`{c}` {sql_type(kind)}" for c, kind, _ in self.definition.columns)
            frame = self.spark.createDataFrame([], columns)
        frame.createOrReplaceTempView(name or self.definition.name)

    def held(self):
        """The experiments that it holds."""
        if not self.exists:
            return self.spark.createDataFrame([], "experiment_id string")
        return self.spark.table(self.path).select("experiment_id").distinct()

    def _java(self):
        return self.spark._jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(
            self.spark._jsparkSession, self.path
        )

    def snapshots(self):
        """(run id, operation, tag or None, rows added, milliseconds) of the
        snapshots of ours."""
        if not self.exists:
            return []
        table = self._java()
        tags = {}
        refs = table.refs().entrySet().iterator()
        while refs.hasNext():
            entry = refs.next()
            if entry.getKey().startswith("v_"):
                tags[entry.getValue().snapshotId()] = entry.getKey()
        found = []
        snapshots = table.snapshots().iterator()
        main = self._ancestors(table)
        while snapshots.hasNext():
            snapshot = snapshots.next()
            summary = snapshot.summary()
            run = summary.get(RUN_KEY)
            if run is not None and snapshot.snapshotId() in main:
                found.append(
                    (
                        run,
                        snapshot.operation(),
                        tags.get(snapshot.snapshotId()),
                        int(summary.get("added-records") or 0),
                        snapshot.timestampMillis(),
                    )
                )
        return found

    @staticmethod
    def _ancestors(table):
        """Ids of the snapshots that lead to the current one."""
        ids = set()
        snapshot = table.currentSnapshot()
        while snapshot is not None:
            ids.add(snapshot.snapshotId())
            parent = snapshot.parentId()
            snapshot = table.snapshot(parent) if parent is not None else None
        return ids

    # ---- writing ----

    def create(self):
        """Make it, empty, or add the columns that it lacks."""
        if self.exists:
            self._evolve()
            return
        columns = ", ".join(
            f"`{name}` {sql_type(kind)}" + (f" COMMENT '{_quoted(doc)}'" if doc else "")
            for name, kind, doc in self.definition.columns
        )
        parts = ", ".join(self.definition.partition)
        properties = ", ".join(f"'{key}' = '{value}'" for key, value in PROPERTIES.items())
        self.spark.sql(
            f"CREATE TABLE {self.path} ({columns}) USING iceberg"
            + (f" PARTITIONED BY ({parts})" if parts else "")
            + f" COMMENT '{_quoted(self.definition.comment)}' TBLPROPERTIES ({properties})"
        )
        self.exists = True

    def _evolve(self):
        names = set(self.spark.table(self.path).columns)
        ours = {name for name, _, _ in self.definition.columns}
        missing = [c for c in self.definition.columns if c[0] not in names]
        if missing and names - ours:
            raise SystemExit(
                f"table {self.definition.name}: it has no column {missing[0][0]}, but "
                f"{', '.join(sorted(names - ours))}, which is not ours: if another engine "
                "renamed a column, rename it back or go on with vqe_lake, which keeps names"
            )
        if self._java().properties().get(BRANCHES) != "true":
            self.spark.sql(f"ALTER TABLE {self.path} SET TBLPROPERTIES ('{BRANCHES}' = 'true')")
        if missing:
            columns = ", ".join(
                f"`{name}` {sql_type(kind)}" + (f" COMMENT '{_quoted(doc)}'" if doc else "")
                for name, kind, doc in missing
            )
            self.spark.sql(f"ALTER TABLE {self.path} ADD COLUMNS ({columns})")

    def append(self, frame, run_id, tag=None):
        """Append rows and set the tag in one commit: they go to a branch of
        the run first, which nobody reads, and become current together with
        the tag. Returns how many rows were added."""
        names = set(self.spark.table(self.path).columns)
        ours = {name: kind for name, kind, _ in self.definition.columns}
        frame = frame.select(
            *[F.col(name).cast(sql_type(kind)).alias(name) for name, kind in ours.items()],
            *[F.lit(None).alias(name) for name in sorted(names - set(ours))],
        )
        branch = STAGING + run_id.replace("-", "")
        table = self._java()
        self._drop_stale(table)
        if table.currentSnapshot() is not None:
            # a branch that a write begins would count its totals from 0
            current = table.currentSnapshot().snapshotId()
            table.manageSnapshots().createBranch(branch, current).commit()
        self.spark.conf.set("spark.wap.branch", branch)
        try:
            frame.writeTo(self.path).option(f"snapshot-property.{RUN_KEY}", run_id).append()
        finally:
            self.spark.conf.unset("spark.wap.branch")
        table.refresh()
        snapshot = table.snapshot(branch)
        added = int(snapshot.summary().get("added-records") or 0)
        change = table.manageSnapshots().fastForwardBranch("main", branch).removeBranch(branch)
        if tag is not None:
            change = change.createTag(tag, snapshot.snapshotId())
        change.commit()
        return added

    @staticmethod
    def _drop_stale(table):
        """Branches of runs that crashed before they published their rows."""
        names = [name for name in table.refs().keySet() if name.startswith(STAGING)]
        for name in names:
            table.manageSnapshots().removeBranch(name).commit()


def _quoted(text):
    return text.replace("\\", "\\\\").replace("'", "\\'")

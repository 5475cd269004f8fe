#!/usr/bin/env python3
"""Spark writes the tables between our runs, and nothing is lost either way
round: what lake_engines.py does with PyIceberg and iceberg-go. Rows that it
deletes stay deleted: by files written anew we go on; files of deletes, which we
do not read, leave the table alone with a word until Spark has merged them.

Services: spark.

Runs in the Python that jobs/setup/spark.sh provides. VQE_BATCH and VQE_LAKE
name the programs. Exit status 77: no Spark.
"""

import iceberg_spark  # goes on in Spark's Python

import harness
import lake_engines
from harness import check


class Spark:
    """The engine, in a session with the one warehouse of the test."""

    name = "Spark"

    def __init__(self, folder):
        warehouse = folder.file("wh-" + self.name)
        self.spark = iceberg_spark.start(folder.path, warehouse)
        self.table = "lake.quantum_features." + lake_engines.TABLE

    def change(self, _warehouse, command, *words):
        if command == "rename":
            self.spark.sql(f"ALTER TABLE {self.table} RENAME COLUMN {words[0]} TO {words[1]}")
        elif command == "add":
            self.spark.sql(f"ALTER TABLE {self.table} ADD COLUMN {words[0]} string")
        elif command == "tag":
            self.spark.sql(f"ALTER TABLE {self.table} CREATE TAG {words[0]}")
        else:
            values = dict(word.split("=", 1) for word in words)
            columns = ", ".join(
                f"'{values[name]}' AS {name}" if name in values else name
                for name in self.spark.table(self.table).columns
            )
            self.spark.sql(
                f"INSERT INTO {self.table} SELECT {columns} FROM {self.table} LIMIT 1"
            )

    def rows(self, _warehouse, columns):
        rows = self.spark.table(self.table).select(*columns).collect()
        return sorted(tuple(map(str, row)) for row in rows)


def deleted_rows_stay_deleted(engine, folder):
    """In the tables that the test before has left: six rows."""
    warehouse = folder.file("wh-" + engine.name)
    normalize = ("normalize", folder.file("two.h5"), "-w", warehouse)
    columns = ["experiment_id", "comment"]
    rows = engine.rows(warehouse, columns)
    engine.spark.sql(f"DELETE FROM {engine.table} WHERE experiment_id = '{'e' * 64}'")
    lake_engines.lake(*normalize, "-q")
    lake_engines.lake("compact", warehouse)
    left = engine.rows(warehouse, columns)
    check(left == [row for row in rows if row[0] != "e" * 64], f"{left}, of {rows}")
    lake_engines.check_sound(warehouse, "after DELETE")

    # a row of a file that has others
    lake_engines.lake("compact", warehouse)
    engine.spark.sql(
        f"ALTER TABLE {engine.table} SET TBLPROPERTIES ('write.delete.mode' = 'merge-on-read')"
    )
    engine.spark.sql(
        f"DELETE FROM {engine.table} WHERE experiment_id = '{lake_engines.FOREIGN}'"
    )
    fewer = engine.rows(warehouse, columns)
    check(len(fewer) == len(left) - 1, f"{fewer}")
    metadata = lake_engines.StaticTable.from_metadata(lake_engines.newest_of(warehouse)).metadata
    deletes = metadata.current_snapshot().summary["total-delete-files"]
    check(deletes == "1", f"Spark has written {deletes} files of deletes, not 1")
    for words in (normalize, ("query", "SELECT * FROM vqe_results", "-w", warehouse)):
        text = lake_engines.lake(*words, status=2)
        check("delete files" in text, f"{words}: {text}")
    check("left as it is" in lake_engines.lake("compact", warehouse), "compact")
    check(engine.rows(warehouse, columns) == fewer, "rows are there again")

    # merged by Spark
    for call in (
        "rewrite_data_files(table => '{}', options => map('rewrite-all', 'true'))",
        "rewrite_position_delete_files(table => '{}', options => map('rewrite-all', 'true'))",
    ):
        engine.spark.sql(
            "CALL lake.system." + call.format("quantum_features." + lake_engines.TABLE)
        )
    lake_engines.lake(*normalize, "-q")
    lake_engines.lake("compact", warehouse)
    check(engine.rows(warehouse, columns) == fewer, "rows are there again, or gone")
    lake_engines.check_sound(warehouse, "after the merge")
    print("deleted rows stay deleted:", engine.name)


def main():
    with harness.Folder() as folder:
        lake_engines.make_results(folder)
        engine = Spark(folder)
        lake_engines.nothing_is_lost_either_way_round(engine, folder)
        deleted_rows_stay_deleted(engine, folder)
        engine.spark.stop()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Spark writes the tables between our runs, and nothing is lost either way
round: what lake_engines.py does with PyIceberg and iceberg-go.

Services: spark.

Runs in the Python that jobs/setup/spark.sh provides. VQE_BATCH and VQE_LAKE
name the programs. Exit status 77: no Spark.
"""

import iceberg_spark  # goes on in Spark's Python

import harness
import lake_engines


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


def main():
    with harness.Folder() as folder:
        lake_engines.make_results(folder)
        engine = Spark(folder)
        lake_engines.nothing_is_lost_either_way_round(engine, folder)
        engine.spark.stop()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Usage: read_pandas.py WAREHOUSE

The share of runs that reached 1.6 mHa, by optimizer, by pandas. PyIceberg finds the
files of the table as it stands; pandas alone would read those of old snapshots too.
"""

import sys

from pyiceberg.table import StaticTable


def open_table(warehouse, name):
    """A table of the lake; s3://bucket/prefix reads AWS_* of the environment."""
    return StaticTable.from_metadata(f"{warehouse}/quantum_features/{name}")


if __name__ == "__main__":
    scan = open_table(sys.argv[1], "ml_run_summary").scan(
        row_filter="within_chemical_accuracy IS NOT NULL",
        selected_fields=("optimizer", "within_chemical_accuracy"),
    )
    runs = scan.to_pandas()
    reached = runs.groupby("optimizer").within_chemical_accuracy.agg(["size", "mean"])
    for optimizer, (size, mean) in reached.sort_index().iterrows():
        print(f"{optimizer:12} {size:6.0f} runs {100 * mean:6.1f} %")

#!/usr/bin/env python3
"""Usage: read_pyiceberg.py WAREHOUSE

The share of runs that reached 1.6 mHa, by optimizer, by PyIceberg and Arrow: columns
and rows are chosen before a file is read.
"""

import sys

import pyarrow.compute as pc
from pyiceberg.expressions import NotNull
from pyiceberg.table import StaticTable

if __name__ == "__main__":
    table = StaticTable.from_metadata(f"{sys.argv[1]}/quantum_features/ml_run_summary")
    runs = table.scan(
        row_filter=NotNull("within_chemical_accuracy"),
        selected_fields=("optimizer", "within_chemical_accuracy"),
    ).to_arrow()
    hit = pc.cast(runs["within_chemical_accuracy"], "int64")
    groups = runs.append_column("hit", hit).group_by("optimizer")
    rows = groups.aggregate([("hit", "count"), ("hit", "mean")]).sort_by("optimizer")
    for row in rows.to_pylist():
        print(f"{row['optimizer']:12} {row['hit_count']:6} runs {100 * row['hit_mean']:6.1f} %")

#!/usr/bin/env python3
"""Usage: read_polars.py WAREHOUSE

The share of runs that reached 1.6 mHa, by optimizer, by Polars, which reads Iceberg
itself and lazily: the query says which columns and files are read.
"""

import os
import sys

import polars as pl
from pyiceberg.table import StaticTable

if __name__ == "__main__":
    # no package more, and no warning that there is one
    os.environ.setdefault("POLARS_ICEBERG_PLANNER", "pyiceberg")
    table = StaticTable.from_metadata(f"{sys.argv[1]}/quantum_features/ml_run_summary")
    reached = (
        pl.scan_iceberg(table)
        .filter(pl.col("within_chemical_accuracy").is_not_null())
        .group_by("optimizer")
        .agg(pl.len().alias("size"), pl.col("within_chemical_accuracy").mean().alias("mean"))
        .sort("optimizer")
        .collect()
    )
    for optimizer, size, mean in reached.iter_rows():
        print(f"{optimizer:12} {size:6} runs {100 * mean:6.1f} %")

#!/usr/bin/env python3
"""Usage: read_duckdb.py WAREHOUSE

The share of runs that reached 1.6 mHa, by optimizer, by DuckDB. Without its Iceberg
extension, which is a download, the files come from PyIceberg; with it
`iceberg_scan('WAREHOUSE/quantum_features/ml_run_summary')` does the same.
"""

import sys

import duckdb
from pyiceberg.table import StaticTable

if __name__ == "__main__":
    table = StaticTable.from_metadata(f"{sys.argv[1]}/quantum_features/ml_run_summary")
    files = [one.file.file_path.removeprefix("file://") for one in table.scan().plan_files()]
    rows = duckdb.execute(
        "SELECT optimizer, count(*), avg(within_chemical_accuracy::INT)"
        " FROM read_parquet(?, union_by_name = true)"
        " WHERE within_chemical_accuracy IS NOT NULL GROUP BY 1 ORDER BY 1",
        [files],
    ).fetchall()
    for optimizer, size, mean in rows:
        print(f"{optimizer:12} {size:6} runs {100 * mean:6.1f} %")

#!/usr/bin/env python3
"""Usage: spark-submit ... read_spark.py WAREHOUSE

The share of runs that reached 1.6 mHa, by optimizer, by Spark with the Iceberg
runtime; README.md has the whole line.
"""

import os
import sys

from pyspark.sql import SparkSession

if __name__ == "__main__":
    place = sys.argv[1] if "://" in sys.argv[1] else os.path.abspath(sys.argv[1])
    catalog = "spark.sql.catalog.lake"
    spark = (
        SparkSession.builder.appName("read_spark")
        .config(catalog, "org.apache.iceberg.spark.SparkCatalog")
        .config(catalog + ".type", "hadoop")
        .config(catalog + ".warehouse", place)
        .getOrCreate()
    )
    rows = spark.sql(
        "SELECT optimizer, count(*), avg(CAST(within_chemical_accuracy AS INT))"
        " FROM lake.quantum_features.ml_run_summary"
        " WHERE within_chemical_accuracy IS NOT NULL GROUP BY 1 ORDER BY 1"
    ).collect()
    for optimizer, size, mean in rows:
        print(f"{optimizer:12} {size:6} runs {100 * mean:6.1f} %")
    spark.stop()

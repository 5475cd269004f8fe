#!/usr/bin/env python3
"""Normalised tables to ml_iteration_features and ml_run_summary.

Usage: spark-submit --properties-file spark.properties featurize.py \
         --warehouse WAREHOUSE

Takes the experiments that all five sources hold and a feature table lacks.
The rows are those of `vqe_lake featurize`.
"""

import sys
import uuid

import lake_session
from lake_sql import statements
from iceberg_tables import Table

SOURCES = ["molecules", "ansatz_info", "performance_metrics", "vqe_results", "vqe_iterations"]
FEATURES = {"ml_iteration_features": "total_iterations", "ml_run_summary": "1"}
CANDIDATES = """
CREATE OR REPLACE TEMPORARY VIEW candidates AS
WITH with_steps AS (SELECT DISTINCT experiment_id FROM vqe_iterations)
SELECT v.experiment_id, v.total_iterations,
  m.experiment_id IS NOT NULL AND a.experiment_id IS NOT NULL
  AND p.experiment_id IS NOT NULL
  AND (s.experiment_id IS NOT NULL OR v.total_iterations = 0) AS complete,
  m.molecule_name IS NULL OR v.optimizer IS NULL OR v.basis_set IS NULL
  OR v.num_qubits IS NULL AS dropped
FROM vqe_results v
LEFT JOIN molecules m ON m.experiment_id = v.experiment_id
LEFT JOIN ansatz_info a ON a.experiment_id = v.experiment_id
LEFT JOIN performance_metrics p ON p.experiment_id = v.experiment_id
LEFT JOIN with_steps s ON s.experiment_id = v.experiment_id
"""


def check_unique(spark, name, key):
    """A source that holds a key twice would multiply rows."""
    keys = ", ".join(key)
    twice = spark.sql(
        f"SELECT count(*) AS n FROM (SELECT {keys} FROM {name} GROUP BY {keys} HAVING count(*) > 1)"
    ).first()["n"]
    if twice:
        sys.exit(
            f"table '{name}' holds {twice} keys more than once; features are not made from it: "
            "see vqe_lake check"
        )


def write_features(spark, name, weight):
    table = Table(spark, name)
    table.create()
    chosen = (
        spark.table("candidates")
        .where(f"complete AND NOT dropped AND {weight} > 0")
        .select("experiment_id")
        .join(table.held(), "experiment_id", "left_anti")
    ).persist()
    rows = 0
    if chosen.count() > 0:
        chosen.createOrReplaceTempView("chosen_experiments")
        for text in statements("features"):
            spark.sql(text)
        (text,) = statements(name)
        rows = table.append(spark.sql(text), str(uuid.uuid4()))
    chosen.unpersist()
    print(f"{name}: {rows} rows", flush=True)


def main():
    given = lake_session.arguments(__doc__.split("\n", 1)[0], raw=False)
    spark, _ = lake_session.open_session("featurize", given.warehouse)
    for name in SOURCES:
        Table(spark, name).view()
        key = ["experiment_id"] + (["iteration_step"] if name == "vqe_iterations" else [])
        check_unique(spark, name, key)
    spark.sql(CANDIDATES)
    for name, weight in FEATURES.items():
        write_features(spark, name, weight)
    left = spark.sql(
        "SELECT count_if(complete AND dropped) AS dropped, count_if(NOT complete) AS incomplete "
        "FROM candidates"
    ).first()
    print(
        f"{left['dropped']} experiments have no molecule name, optimizer, basis set or number of "
        f"qubits, {left['incomplete']} are not complete yet"
    )
    spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What both models share: preparation of columns, leaving molecules out, output."""

import argparse
import json
import os
import sys

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from threadpoolctl import threadpool_limits

import analysis_features

# threads of the trees wait for each other, spinning, where cores are shared
threadpool_limits(1)
WORDS = analysis_features.WORDS


def linear(model):
    """For linear models: words one-hot, numbers scaled, gaps by the median."""
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True),
                            StandardScaler())
    return make_pipeline(
        ColumnTransformer([("words", OneHotEncoder(handle_unknown="ignore"), WORDS)],
                          remainder=numbers),
        model,
    )


def boosted(model):
    """For trees, which take gaps as they are; words of no order."""
    words = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return make_pipeline(
        ColumnTransformer([("words", words, WORDS)], remainder="passthrough"), model
    )


def need_molecules(runs, what):
    """End with a word where there is nothing to leave out."""
    count = runs.formula.nunique()
    if count < 2:
        sys.exit(f"{len(runs)} runs of {count} molecule{'' if count == 1 else 's'} {what}: "
                 "two molecules are needed, as each is predicted from the others "
                 "(jobs/dataset makes a set)")


def leave_one_out(groups):
    """(name, training rows, test rows) for each molecule."""
    groups = np.asarray(groups)
    for name in np.unique(groups):
        yield name, np.flatnonzero(groups != name), np.flatnonzero(groups == name)


def parse(description):
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", help="folder of vqe_lake export --dataset")
    parser.add_argument("--json", metavar="FILE", help="write the scores")
    parser.add_argument(
        "--mlflow", metavar="PLACE", nargs="?", const="mlruns",
        help="log parameters and scores to MLflow (the folder mlruns, or a server)",
    )
    return parser


def print_rows(head, rows):
    """An aligned table, numbers to the right."""
    texts = [head] + [["-" if cell is None else cell if isinstance(cell, str) else
                       f"{max(cell, -99):.3f}" if isinstance(cell, float) else str(cell)
                       for cell in row] for row in rows]
    widths = [max(len(row[k]) for row in texts) for k in range(len(head))]
    for row in texts:
        cells = [row[0].ljust(widths[0])]
        cells += [text.rjust(width) for text, width in zip(row[1:], widths[1:])]
        print("  ".join(cells).rstrip())


def finish(options, experiment, scores):
    if options.json:
        with open(options.json, "w", encoding="utf-8") as stream:
            json.dump(scores, stream, indent=1)
    if options.mlflow:
        # newer versions want to be asked for a folder; the rest is theirs
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        import mlflow

        mlflow.set_tracking_uri(options.mlflow)
        mlflow.set_experiment(experiment)
        for row in scores["scores"]:
            with mlflow.start_run(run_name=f"{row['model']}-{row['at']}"):
                mlflow.log_params({"model": row["model"], "at": row["at"],
                                   "rows": row["rows"], "dataset": options.dataset})
                mlflow.log_metrics({key: value for key, value in row.items()
                                    if isinstance(value, float)})

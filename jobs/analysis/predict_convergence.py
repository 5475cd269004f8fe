#!/usr/bin/env python3
"""Usage: predict_convergence.py DATASET [--steps 10 20 50] [--json FILE] [--mlflow]

Will a run reach 1.6 mHa? Asked after its first 10, 20 and 50 evaluations, of runs that
go on after them. The target is within_chemical_accuracy: the right number of electrons,
the right spin, and within 1.6 mHa of the exact energy at the end.

Every molecule is predicted by models that have seen the other molecules alone.
"""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

import analysis_features
from analysis_common import (boosted, finish, leave_one_out, linear, need_molecules, parse,
                             print_rows)


def models():
    return {
        "gradient boosting": boosted(HistGradientBoostingClassifier(
            max_iter=100, learning_rate=0.1, max_leaf_nodes=15, min_samples_leaf=10,
            l2_regularization=1.0, random_state=0)),
        "logistic regression": linear(LogisticRegression(C=0.1, max_iter=2000)),
    }


def rate_of_kind(table, target):
    """Baseline: the share of hits among runs of this optimizer, circuit and start."""
    keys = analysis_features.WORDS
    counted = table[keys].assign(hit=target).groupby(keys).hit.agg(["sum", "size"])
    rates = (counted["sum"] + target.mean()) / (counted["size"] + 1)
    return lambda rows: rates.reindex(rows[keys]).fillna(target.mean()).to_numpy()


def predict(table, target, groups):
    """Probabilities of every run, by models that have not seen its molecule."""
    out = {name: np.full(len(table), np.nan)
           for name in [*models(), "rate of its kind", "rate of all"]}
    features = analysis_features.matrix(table)
    for _, train, test in leave_one_out(groups):
        seen = target[train]
        out["rate of all"][test] = seen.mean()
        out["rate of its kind"][test] = rate_of_kind(table.iloc[train], seen)(table.iloc[test])
        for name, model in models().items():
            if seen.min() == seen.max():
                out[name][test] = seen.mean()
            else:
                model.fit(features.iloc[train], seen)
                out[name][test] = model.predict_proba(features.iloc[test])[:, 1]
    return out


def score(name, step, target, guess):
    both = 0 < target.mean() < 1
    return {"at": step, "model": name, "rows": len(target), "share": float(target.mean()),
            "roc_auc": float(roc_auc_score(target, guess)) if both else None,
            "pr_auc": float(average_precision_score(target, guess)) if both else None,
            "brier": float(brier_score_loss(target, guess))}


def main():
    parser = parse(__doc__)
    parser.add_argument("--steps", type=int, nargs="+", default=[10, 20, 50])
    options = parser.parse_args()
    runs = analysis_features.load(options.dataset, "runs")
    runs = runs[runs.within_chemical_accuracy.notna()]
    need_molecules(runs, "with an exact energy")
    steps = analysis_features.load(options.dataset, "steps")
    steps = steps[steps.experiment_id.isin(runs.experiment_id)]
    known = runs.set_index("experiment_id")
    scores, molecules = [], []
    for step in options.steps:
        table = analysis_features.at_step(runs, steps, step)
        need_molecules(known.loc[table.index], f"go on after {step} evaluations")
        target = known.within_chemical_accuracy.reindex(table.index).astype(int).to_numpy()
        groups = known.formula.reindex(table.index).to_numpy()
        guesses = predict(table, target, groups)
        scores += [score(name, step, target, guess) for name, guess in guesses.items()]
        for name, _, test in leave_one_out(groups):
            row = score(name, step, target[test], guesses["gradient boosting"][test])
            row["brier_base"] = float(brier_score_loss(
                target[test], guesses["rate of its kind"][test]))
            molecules.append(row)
    print(f"{len(runs)} runs of {runs.formula.nunique()} molecules, each left out in turn\n")
    print_rows(["after", "runs", "reach it", "ROC-AUC", "PR-AUC", "Brier", "model"], [
        [f"{one['at']}", one["rows"], one["share"], one["roc_auc"], one["pr_auc"],
         one["brier"], one["model"]] for one in scores])
    last = options.steps[-1]
    print(f"\nGradient boosting after {last}, by molecule left out "
          "(base: rate of its kind)\n")
    print_rows(["molecule", "runs", "reach it", "ROC-AUC", "Brier", "base"], [
        [one["model"], one["rows"], one["share"], one["roc_auc"], one["brier"],
         one["brier_base"]] for one in molecules if one["at"] == last])
    finish(options, "vqe-convergence", {"scores": scores, "molecules": molecules})


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Usage: estimate_energy.py DATASET [--parts 25 50 75] [--json FILE] [--mlflow]

Where will a run end? Asked after 25, 50 and 75% of its evaluations. What is estimated
is how far the lowest energy will still fall; the final energy is the lowest so far less
that. The baseline is the lowest energy so far. The exact energy scores and is no
feature: errors are those of the final error to it, which are those of the energy.

Every molecule is estimated by models that have seen the other molecules alone. That a
run is at 25% is known of the budget in practice; how many evaluations that are is no
feature here, as it would say how long the run will go on.
"""

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, r2_score

import analysis_features
from analysis_common import (boosted, finish, leave_one_out, linear, need_molecules, parse,
                             print_rows)

SHORTEST = 8  # evaluations of a run that is asked about
FLOOR = 1e-8  # hartree: falls below are none


def models():
    return {
        "gradient boosting": boosted(HistGradientBoostingRegressor(
            loss="absolute_error", max_iter=150, learning_rate=0.1, max_leaf_nodes=15,
            min_samples_leaf=10, random_state=0)),
        "ridge regression": linear(Ridge(alpha=10.0)),
    }


def estimate(table, fall, groups):
    """Final energies of every run, by models that have not seen its molecule."""
    lowest = table.lowest.to_numpy()
    out = {name: np.full(len(table), np.nan) for name in models()}
    out["lowest so far"] = lowest.copy()
    features = analysis_features.matrix(table)
    target = np.log10(np.maximum(fall, FLOOR))
    for _, train, test in leave_one_out(groups):
        for name, model in models().items():
            model.fit(features.iloc[train], target[train])
            # no further than any run that was seen
            power = np.minimum(model.predict(features.iloc[test]), target[train].max())
            fallen = np.where(power > np.log10(FLOOR), 10.0**power, 0)
            out[name][test] = lowest[test] - fallen
    return out


def score(name, part, final, exact, guess):
    """In mHa; R2 is that of the final error to the exact energy."""
    miss = 1000 * np.abs(guess - final)
    return {"at": part, "model": name, "rows": len(final),
            "mae": float(1000 * mean_absolute_error(final, guess)),
            "median": float(np.median(miss)),
            "r2": float(r2_score(final - exact, guess - exact)) if len(final) > 1 else None,
            "within": float(np.mean(miss <= 1.6))}


def main():
    parser = parse(__doc__)
    parser.add_argument("--parts", type=int, nargs="+", default=[25, 50, 75])
    options = parser.parse_args()
    runs = analysis_features.load(options.dataset, "runs")
    runs = runs[runs.fci_energy.notna() & (runs.total_iterations >= SHORTEST)]
    need_molecules(runs, f"of {SHORTEST} evaluations or more with an exact energy")
    steps = analysis_features.load(options.dataset, "steps")
    steps = steps[steps.experiment_id.isin(runs.experiment_id)]
    known = runs.set_index("experiment_id")
    scores, molecules = [], []
    for part in options.parts:
        until = np.ceil(known.total_iterations * part / 100).astype(int)
        table = analysis_features.at_step(runs, steps, pd.Series(until, known.index))
        final = known.total_energy.reindex(table.index).to_numpy()
        exact = known.fci_energy.reindex(table.index).to_numpy()
        groups = known.formula.reindex(table.index).to_numpy()
        guesses = estimate(table, table.lowest.to_numpy() - final, groups)
        scores += [score(name, part, final, exact, guess) for name, guess in guesses.items()]
        for name, _, test in leave_one_out(groups):
            row = score(name, part, final[test], exact[test], guesses["gradient boosting"][test])
            row["mae_base"] = float(1000 * mean_absolute_error(
                final[test], guesses["lowest so far"][test]))
            molecules.append(row)
    print(f"{len(runs)} runs of {runs.formula.nunique()} molecules, each left out in turn; "
          "mHa\n")
    print_rows(["at %", "runs", "MAE", "median", "R2", "<= 1.6", "model"], [
        [f"{one['at']}", one["rows"], one["mae"], one["median"], one["r2"], one["within"],
         one["model"]] for one in scores])
    first = options.parts[0]
    print(f"\nGradient boosting at {first}%, by molecule left out "
          "(base: lowest so far)\n")
    print_rows(["molecule", "runs", "MAE", "base", "median", "R2"], [
        [one["model"], one["rows"], one["mae"], one["mae_base"], one["median"], one["r2"]]
        for one in molecules if one["at"] == first])
    finish(options, "vqe-final-energy", {"scores": scores, "molecules": molecules})


if __name__ == "__main__":
    main()

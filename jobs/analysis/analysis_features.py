"""What a model may know of a run at step t, from a data set of `vqe_lake export`.

Nothing here depends on a row of `steps` after t, or on a column of `runs` that is
known only at the end: `columns_known_at_start` names those that are used, and
tests/integration/dataset.py replaces all the others by noise and compares.
"""

import os

import numpy as np
import pandas as pd

NUMBERS = ["num_qubits", "num_atoms", "charge", "longest_bond", "hf_energy", "mp2_energy",
           "nuclear_repulsion_energy"]
WORDS = ["optimizer", "ansatz_type", "init_strategy"]
columns_known_at_start = [*NUMBERS, *WORDS]
TINY = 1e-12  # hartree: differences below are rounding


def load(folder, table):
    """All rows of a table of the data set, of every split."""
    return pd.read_parquet(os.path.join(folder, table))


def _log(values):
    return np.log10(np.maximum(np.abs(values), TINY))


def _of_run(rows):
    """Features of the rows of one run, in order; the last one is now."""
    energy = rows.total_energy.to_numpy()
    lowest = np.minimum.accumulate(energy)
    norm = rows.parameter_delta_norm.to_numpy()
    delta = np.diff(energy)
    half = len(energy) // 2
    last = slice(-5, None)
    line = np.polyfit(np.arange(len(lowest[last])), lowest[last], 1)[0] if len(energy) > 1 else 0
    return {
        "lowest": lowest[-1],
        "log_improvement": _log(lowest[0] - lowest[-1]),
        "log_improvement_late": _log(lowest[half] - lowest[-1]),
        "share_improvement_late": (lowest[half] - lowest[-1]) / max(lowest[0] - lowest[-1], TINY),
        "log_slope_5": _log(line),
        "log_std_5": _log(np.std(energy[last])),
        "log_last_delta": _log(delta[-1]) if len(delta) else np.nan,
        "log_above_lowest": _log(energy[-1] - lowest[-1]),
        "share_down": np.mean(delta < 0) if len(delta) else np.nan,
        "share_new_minimum": rows.is_new_minimum.mean(),
        "steps_since_improvement": rows.steps_since_improvement.iloc[-1] / len(rows),
        "log_norm_mean": _log(np.nanmean(norm)) if np.isfinite(norm).any() else np.nan,
        "log_norm_5": _log(np.nanmean(norm[last])) if np.isfinite(norm[last]).any() else np.nan,
    }


def at_step(runs, steps, until):
    """A row of features for each run that has gone on after its step `until[id]`,
    or `until` for all, by experiment_id; with the energies in hartree relative to
    Hartree-Fock, which every molecule has."""
    steps = steps.sort_values(["experiment_id", "iteration_step"])
    if np.isscalar(until):
        last = steps.groupby("experiment_id").iteration_step.max()
        until = pd.Series(until, last.index[last > until])
    limit = steps.experiment_id.map(until)
    known = steps[steps.iteration_step <= limit]
    table = pd.DataFrame(
        {key: _of_run(rows) for key, rows in known.groupby("experiment_id", sort=False)}
    ).T
    table = table.astype(float).join(runs.set_index("experiment_id")[columns_known_at_start])
    table["below_hf"] = table.hf_energy - table.lowest
    table["log_from_hf"] = _log(table.below_hf)
    table["correlation_mp2"] = table.hf_energy - table.mp2_energy
    table["of_mp2"] = (table.below_hf / table.correlation_mp2.where(
        table.correlation_mp2 > 1e-6)).clip(-10, 10)
    # sizes of energies tell molecules apart, and no more
    return table.drop(columns=["hf_energy", "mp2_energy", "nuclear_repulsion_energy"])


def matrix(table):
    """The features alone: `lowest` is for the estimate of energies."""
    return table.drop(columns=["lowest"])

"""Whole runs: a molecule and settings to a result."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import _library
from ._library import Floats, ffi, lib
from .errors import FailedRun

Molecule = Mapping[str, Any] | str | os.PathLike[str]

_EVALUATION = (
    "int(*)(void *, const struct vqe_experiment *, int, int, const double *,"
    " double, double, const double *)"
)
_PHASE = (
    "void(*)(void *, const struct vqe_experiment *, enum vqe_phase,"
    " const struct vqe_result *)"
)


@dataclass(frozen=True)
class Evaluation:
    """One evaluation of the energy, as a callback gets it. All of it is the
    caller's to keep."""

    iteration: int
    """counts from 1"""
    parameters: Floats
    """(num_parameters,), radian"""
    energy: float
    """total, hartree; with shots a sample"""
    energy_std: float
    """standard error, hartree; 0 for exact energies"""
    gradient: Floats | None
    """(num_parameters,), hartree per radian; None where the optimizer asked for
    none"""


@dataclass(frozen=True)
class Note:
    """What one must know before trusting a result."""

    code: str
    """stable, for programs"""
    text: str
    """for people"""


def _energy(data: Mapping[str, Any], key: str) -> float:
    value = data[key]
    return float("nan") if value is None else float(value)


@dataclass(frozen=True)
class Result:
    """What a run found. Energies are total ones, in hartree; NaN stands for what
    was not computed."""

    energy: float
    """of VQE; with shots sampled afresh at the optimizer's own point"""
    hf_energy: float
    """Hartree-Fock"""
    mp2_energy: float
    """MP2"""
    fci_energy: float
    """exact: FCI, or CASCI in an active space"""
    error_mha: float
    """energy - fci_energy, millihartree"""
    energy_std: float
    """standard error of `energy`; NaN for exact energies"""
    converged: bool
    reason: str
    """how the optimisation ended"""
    parameters: Floats
    """(num_parameters,), radian"""
    initial_parameters: Floats
    """(num_parameters,), radian"""
    energies: Floats
    """(number of evaluations,), total, hartree, in order"""
    notes: list[Note]
    warnings: list[str]
    """what the settings had to be said about"""
    data: dict[str, Any] = field(repr=False)
    """all keys of `vqe_batch --summary`, and those above"""


def _result_of(data: dict[str, Any]) -> Result:
    return Result(
        energy=_energy(data, "energy"),
        hf_energy=_energy(data, "energy_hf"),
        mp2_energy=_energy(data, "energy_mp2"),
        fci_energy=_energy(data, "energy_fci"),
        error_mha=_energy(data, "error_mha"),
        energy_std=_energy(data, "energy_std"),
        converged=bool(data["converged"]),
        reason=str(data["reason"]),
        parameters=np.asarray(data["parameters"], dtype=np.float64),
        initial_parameters=np.asarray(data["initial_parameters"], dtype=np.float64),
        energies=np.asarray(data["evaluations"]["energy"], dtype=np.float64),
        notes=[Note(note["code"], note["text"]) for note in data["notes"]],
        warnings=[str(line) for line in data["warnings"]],
        data=data,
    )


def _report_to(calls: _library.Calls, callback: Callable[[Evaluation], object]) -> None:
    """Let `callback` see each evaluation."""
    nuclear = 0.0

    def phase(_ctx: Any, _experiment: Any, _phase: int, result: Any) -> None:
        # known since the integrals; a callback gets electronic energies
        nonlocal nuclear
        nuclear = result.nuclear_repulsion_energy

    def evaluation(
        _ctx: Any, _experiment: Any, iteration: int, nparam: int, parameters: Any,
        energy: float, std: float, gradient: Any,
    ) -> int:
        callback(
            Evaluation(
                iteration=iteration,
                parameters=_library.floats_at(parameters, nparam),
                energy=energy + nuclear,
                energy_std=std,
                gradient=None if gradient == ffi.NULL
                else _library.floats_at(gradient, nparam),
            )
        )
        return 0

    calls.struct.phase = calls.function(_PHASE, phase)
    calls.struct.evaluation = calls.function(_EVALUATION, evaluation, -6)


def run_json(
    text: str | bytes | Mapping[str, Any],
    *,
    callback: Callable[[Evaluation], object] | None = None,
    threads: int = 1,
) -> dict[str, Any]:
    """JSON in, JSON out: `vqe_run_json` of libvqe.

    Parameters
    ----------
    text
        a job of one experiment, a molecule, or an AtomicInput of QCSchema, as JSON
        or as what json.dumps takes
    callback
        called with each `Evaluation`; an exception in it ends the run and is raised
    threads
        OpenMP threads

    Returns
    -------
    dict
        the keys of `vqe_batch --summary`, "initial_parameters", "parameters",
        "evaluations" and "warnings"; for an AtomicInput an AtomicResult. A run that
        failed is returned, with its "reason".

    Raises
    ------
    VqeError
        where there is no result: InputError for a text that is wrong
    """
    if isinstance(text, Mapping):
        text = json.dumps(dict(text), default=_library._plain, allow_nan=False)
    if isinstance(text, str):
        text = text.encode()
    calls = _library.Calls()
    if callback is not None:
        _report_to(calls, callback)
    out = ffi.new("char **")
    status = lib.vqe_run_json(
        out, text, len(text), _library.run_options(threads), calls.struct
    )
    try:
        calls.check(status)
        data: dict[str, Any] = json.loads(ffi.string(out[0]))
    finally:
        lib.free(out[0])
    return data


def run(
    molecule: Molecule,
    *,
    callback: Callable[[Evaluation], object] | None = None,
    threads: int = 1,
    **settings: Any,
) -> Result:
    """Run VQE on one molecule.

    Parameters
    ----------
    molecule
        {"symbols": ["H", "H"], "coords": [[0, 0, 0], [0, 0, 0.74]]}, in angstrom
        unless "units" is "bohr", with "charge" and "multiplicity"; or the path of
        a file: XYZ, JSON, QCSchema, FCIDUMP
    callback
        called with each `Evaluation`; an exception in it ends the run and is raised
    threads
        OpenMP threads
    settings
        keys of the job file, one value each: basis="6-31g", ansatz="UCCSD",
        optimizer="COBYLA", frozen_core=True, active_space={"electrons": 2,
        "orbitals": 2}, shots=1024, seed=1, ...

    Returns
    -------
    Result

    Raises
    ------
    InputError
        for a molecule or a setting that is wrong, with its key
    FailedRun
        where the run failed; its `data` has what is known
    """
    data = run_json(
        _library.job_text(molecule, settings), callback=callback, threads=threads
    )
    if "schema_name" in data or "status" not in data:
        raise TypeError("an AtomicInput gives an AtomicResult: use run_json")
    if data["status"] != "ok":
        raise FailedRun(str(data["reason"]), data)
    return _result_of(data)

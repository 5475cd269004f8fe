"""The energy as a function of the parameters, for an optimizer of one's own."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _library
from ._library import Floats, ffi, lib
from ._runs import Molecule, Note


@dataclass(frozen=True)
class Properties:
    """Expectation values of a state."""

    n: float
    """number of electrons (active ones)"""
    sz: float
    """S_z"""
    s2: float
    """S^2"""
    reference_weight: float
    """weight of the Hartree-Fock determinant"""


@dataclass(frozen=True)
class PauliSum:
    """sum_k coeff[k] P_k, electronic, without the nuclei. Bit q of x[k] and z[k]
    says that P_k has X and Z on qubit q, both Y. Qubits are spin orbitals, all
    alpha first; qubit 0 is the lowest bit. The arrays are those of libvqe, read
    only."""

    x: npt.NDArray[np.uint64]
    """(number of terms,), above 64 qubits (number of terms, 2): bit q - 64 of the
    second word is qubit q"""
    z: npt.NDArray[np.uint64]
    """the same"""
    coeff: Floats
    """(number of terms,), hartree"""


class Estimator:
    """Energies and gradients of one molecule, basis and ansatz.

    Parameters
    ----------
    molecule
        as `run` takes it
    threads
        OpenMP threads
    settings
        keys of the job file that say what is computed: basis, frozen_core,
        active_space, symmetry, ansatz, init, seed, device, precision. Those of an
        optimizer and of shots have no effect.

    All energies are total ones, in hartree; parameters are in radian and are
    anything that NumPy makes an array of (num_parameters,) of: a contiguous array
    of float64 is read where it is. What methods return is a new array and the
    caller's. Attributes that are arrays are those of libvqe: read only, and kept
    for as long as the array is. Calls from several threads take turns.

    ADAPT-VQE, orbital_optimization and penalties belong to a whole run and raise
    UnsupportedError.
    """

    def __init__(self, molecule: Molecule, *, threads: int = 1, **settings: Any) -> None:
        text = _library.job_text(molecule, settings)
        experiment = ffi.new("struct vqe_experiment **")
        lines = ffi.new("char **")
        _library.check(lib.vqe_library_experiment(experiment, lines, text, len(text)))
        self.warnings: list[str] = _library.text_of(lines[0]).splitlines()
        lib.free(lines[0])
        self._calls = _library.Calls()
        self._turns = _library.Turns()
        out = ffi.new("struct vqe_problem **")
        try:
            self._calls.check(
                lib.vqe_problem_create(
                    out, experiment[0], _library.run_options(threads), self._calls.struct
                )
            )
        finally:
            lib.vqe_experiment_free(experiment[0])
        # the callbacks go when the problem has gone
        self._problem = ffi.gc(
            out[0],
            functools.partial(lambda _calls, held: lib.vqe_problem_free(held), self._calls),
        )
        self._integrals = self._problem.integrals
        self._ansatz = self._problem.ansatz
        self._estimator = self._problem.estimator

    # ---- what it is ----

    @property
    def num_parameters(self) -> int:
        """Parameters of the circuit."""
        return int(self._ansatz.nparam)

    @property
    def num_qubits(self) -> int:
        """Qubits: two for each active orbital."""
        return int(self._ansatz.nqubit)

    @property
    def num_orbitals(self) -> int:
        """Active spatial orbitals."""
        return int(self._integrals.norb)

    @property
    def num_electrons(self) -> tuple[int, int]:
        """Active electrons, alpha and beta."""
        return int(self._integrals.nalpha), int(self._integrals.nbeta)

    @property
    def start(self) -> Floats:
        """(num_parameters,), radian: where a run begins, as `init` says. A new
        array."""
        return _library.floats_at(self._problem.initial_parameters, self.num_parameters)

    @property
    def nuclear_repulsion(self) -> float:
        """Energy of the nuclei, hartree: part of every energy here."""
        return float(self._integrals.nuclear_repulsion)

    @property
    def hf_energy(self) -> float:
        """Hartree-Fock, hartree."""
        return float(self._integrals.hf_energy)

    @property
    def mp2_energy(self) -> float:
        """MP2, hartree; NaN where it does not exist."""
        return float(self._integrals.mp2_energy) if self._integrals.has_mp2 else float("nan")

    @property
    def backend(self) -> str:
        """Where states live: "vqe_cpu_sector", "vqe_cpu_statevector", ..."""
        return _library.text_of(lib.vqe_estimator_backend(self._estimator))

    @property
    def notes(self) -> list[Note]:
        """What is to be known of SCF and start."""
        lines = _library.text_of(self._problem.notes).splitlines()
        return [Note(*line.split(": ", 1)) for line in lines]

    @property
    def h1e(self) -> Floats:
        """(num_orbitals, num_orbitals), hartree: one-electron integrals, with the
        mean field of the frozen core."""
        n = self.num_orbitals
        view: Floats = _library.view_of(self._integrals.h1e, (n, n), np.float64, self._problem)
        return view

    @property
    def eri(self) -> Floats:
        """(npair, npair), hartree: (pq|rs) in chemists' notation over packed pairs
        p >= q, row p (p + 1) / 2 + q, as PySCF has them with fourfold symmetry."""
        n = self.num_orbitals * (self.num_orbitals + 1) // 2
        view: Floats = _library.view_of(self._integrals.eri, (n, n), np.float64, self._problem)
        return view

    @property
    def e_core(self) -> float:
        """Energy of the frozen core, hartree, without the nuclei."""
        return float(self._integrals.e_core)

    @property
    def paulis(self) -> PauliSum:
        """The Hamiltonian by Jordan-Wigner."""
        held = self._problem.paulis
        count = int(held.nterm)
        x = _library.view_of(held.x, (count, 2), np.uint64, self._problem)
        z = _library.view_of(held.z, (count, 2), np.uint64, self._problem)
        low = held.nqubit <= 64
        return PauliSum(
            x[:, 0] if low else x,
            z[:, 0] if low else z,
            _library.view_of(held.coeff, (count,), np.float64, self._problem),
        )

    def qasm(self) -> str:
        """The circuit as OpenQASM 3, with inputs t0000, t0001, ..."""
        out = ffi.new("char **")
        _library.check(lib.vqe_ansatz_qasm(out, self._ansatz, 0))
        try:
            return _library.text_of(out[0])
        finally:
            lib.free(out[0])

    # ---- states ----

    def energy(self, parameters: npt.ArrayLike) -> float:
        """Exact energy, hartree."""
        out = np.empty(1)
        self._call(lib.vqe_estimator_energy, _library.pointer_to(out),
                   self._given(parameters))
        return float(out[0]) + self.nuclear_repulsion

    def gradient(self, parameters: npt.ArrayLike) -> Floats:
        """(num_parameters,), hartree per radian, by the adjoint method: about the
        cost of three energies."""
        return self.energy_and_gradient(parameters)[1]

    def energy_and_gradient(self, parameters: npt.ArrayLike) -> tuple[float, Floats]:
        """Both at the cost of the gradient; what scipy.optimize.minimize takes with
        jac=True."""
        energy, gradient = np.empty(1), np.empty(self.num_parameters)
        self._call(lib.vqe_estimator_gradient, _library.pointer_to(energy),
                   _library.pointer_to(gradient), self._given(parameters))
        return float(energy[0]) + self.nuclear_repulsion, gradient

    def energies(self, points: npt.ArrayLike) -> Floats:
        """(count,) exact energies, hartree, of points (count, num_parameters)."""
        rows = _library.given_floats(points, "points")
        if rows.ndim != 2 or rows.shape[1] != self.num_parameters:
            raise ValueError(
                f"points have the shape {rows.shape}, (count, {self.num_parameters}) is expected"
            )
        out = np.empty(rows.shape[0])
        if rows.shape[0] > 0:
            self._call(lib.vqe_estimator_many, _library.pointer_to(out), ffi.NULL,
                       _library.pointer_to(rows), rows.shape[0])
        return out + self.nuclear_repulsion

    def sample(
        self, parameters: npt.ArrayLike, shots: int, *, key: str = "", number: int = 0
    ) -> tuple[float, float]:
        """Energy estimated from `shots` samples of each group of Pauli terms that
        can be measured together, and its standard error, hartree; up to 20 qubits.
        `key` and `number` choose the random numbers: the same give the same
        sample."""
        out = np.empty(2)
        pointer = _library.pointer_to(out)
        self._call(lib.vqe_estimator_sample, pointer, pointer + 1, self._given(parameters),
                   self._problem.paulis, shots, key.encode(), number)
        return float(out[0]) + self.nuclear_repulsion, float(out[1])

    def state(self, parameters: npt.ArrayLike) -> npt.NDArray[np.complex128]:
        """(2**num_qubits,) amplitudes, index as in `PauliSum`: qubit 0 is the lowest
        bit. 16 bytes each, so for small molecules."""
        if self.num_qubits > 30:
            raise ValueError(f"{self.num_qubits} qubits: amplitudes are given up to 30")
        out = np.empty(2**self.num_qubits, dtype=np.complex128)
        self._call(lib.vqe_estimator_state, _library.pointer_to(out.view(np.float64)),
                   self._given(parameters))
        return out

    def properties(self, parameters: npt.ArrayLike) -> Properties:
        """Expectation values."""
        return self._properties(parameters, ffi.NULL)

    def rdm1(self, parameters: npt.ArrayLike) -> Floats:
        """(num_orbitals, num_orbitals): spin-summed one-particle density matrix,
        <E_pq>, symmetric, over active orbitals. Its trace is the number of
        electrons."""
        out = np.empty((self.num_orbitals, self.num_orbitals))
        self._properties(parameters, _library.pointer_to(out))
        return out

    def rdm2(self, parameters: npt.ArrayLike) -> Floats:
        """(num_orbitals,) * 4: spin-summed two-particle density matrix
        d[p, q, r, s] = <E_pq E_rs> - delta_qr <E_ps>, symmetrised over p with q and
        r with s, so that the energy is nuclear_repulsion + e_core + sum(h1e * d1)
        + sum((pq|rs) * d2) / 2. Of an ansatz that conserves electrons."""
        n = self.num_orbitals
        npair = n * (n + 1) // 2
        pairs1, pairs2 = np.empty(npair), np.empty((npair, npair))
        self._call(lib.vqe_estimator_densities, _library.pointer_to(pairs1),
                   _library.pointer_to(pairs2), self._given(parameters))
        high, low = np.tril_indices(n)
        index = np.empty((n, n), dtype=np.intp)
        index[high, low] = index[low, high] = np.arange(npair)
        # F_P of a pair of different orbitals is E_pq + E_qp
        share = np.where(high == low, 1.0, 0.5)
        d1 = (pairs1 * share)[index]
        d2 = (pairs2 * np.outer(share, share))[index[:, :, None, None], index[None, None]]
        one = np.eye(n)
        d2 -= (np.einsum("qr,ps->pqrs", one, d1) + np.einsum("pr,qs->pqrs", one, d1)
               + np.einsum("qs,pr->pqrs", one, d1) + np.einsum("ps,qr->pqrs", one, d1)) / 4
        return np.asarray(d2)

    def fci_energy(self, *, threads: int = 1) -> float:
        """Exact ground-state energy of the same Hamiltonian and spin, hartree."""
        options = ffi.new("struct vqe_fci_options *")
        lib.vqe_fci_options_init(options)
        alpha, beta = self.num_electrons
        options.threads = threads
        options.multiplicity = alpha - beta + 1
        options.should_stop = self._calls.struct.should_stop
        out = ffi.new("struct vqe_fci_result *")
        with self._turns:
            self._calls.check(
                lib.vqe_fci_solve(out, self._problem.hamiltonian, alpha, beta, options)
            )
        return float(out.energy) + self.nuclear_repulsion

    # ---- calls ----

    def _given(self, parameters: npt.ArrayLike) -> Any:
        values = _library.given_floats(parameters, "parameters")
        if values.shape != (self.num_parameters,):
            raise ValueError(
                f"parameters have the shape {values.shape}, ({self.num_parameters},) is expected"
            )
        return _library.pointer_to(values)

    def _call(self, function: Any, *arguments: Any) -> None:
        with self._turns:
            self._calls.check(function(self._estimator, *arguments))

    def _properties(self, parameters: npt.ArrayLike, rdm1: Any) -> Properties:
        out = ffi.new("struct vqe_properties *")
        self._call(lib.vqe_estimator_properties, out, rdm1, self._given(parameters))
        return Properties(out.n, out.sz, out.s2, out.reference_weight)

    def __repr__(self) -> str:
        return (
            f"<vqe_batch.Estimator: {_library.text_of(self._ansatz.name)}, "
            f"{self.num_qubits} qubits, {self.num_parameters} parameters, {self.backend}>"
        )

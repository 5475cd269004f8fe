"""Ground-state energies of molecules by the variational quantum eigensolver.

    from vqe_batch import run
    result = run({"symbols": ["H", "H"], "coords": [[0, 0, 0], [0, 0, 0.7414]]})
    print(result.energy, result.fci_energy)

`run` is a whole run, `Estimator` the energy as a function of the parameters, for an
optimizer of one's own, `run_json` JSON in and JSON out. `vqe_batch.qcengine` makes
the program known to QCEngine.
"""

from ._estimator import Estimator, PauliSum, Properties
from ._library import version
from ._runs import Evaluation, Note, Result, run, run_json
from .errors import (
    ExistsError,
    FailedRun,
    FileError,
    InputError,
    Interrupted,
    MissingError,
    NumericError,
    OutOfMemory,
    UnsupportedError,
    VqeError,
)

__version__ = version()

__all__ = [
    "Estimator", "Evaluation", "ExistsError", "FailedRun", "FileError", "InputError",
    "Interrupted", "MissingError", "Note", "NumericError", "OutOfMemory", "PauliSum",
    "Properties", "Result", "UnsupportedError", "VqeError", "run", "run_json", "version",
]

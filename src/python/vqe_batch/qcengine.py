"""vqe_batch for QCEngine: importing this module registers the program "vqe_batch".

    import qcengine
    import vqe_batch.qcengine
    result = qcengine.compute(atomic_input, "vqe_batch")

The driver is "energy". `model.method` is "vqe" (UCCSD) or an ansatz ("uccsd",
"adapt-vqe", ...), `model.basis` a basis set that comes with the program, keywords
are keys of the job file (frozen_core, active_space, optimizer, seed, ...). The
number of cores of the task is that of OpenMP threads. Nuclear gradients are not
implemented.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from qcelemental.models.v2 import AtomicResult
from qcelemental.util import safe_version
from qcengine.exceptions import InputError, ResourceError, UnknownError
from qcengine.programs import ProgramHarness, register_program
from qcengine.programs.base import programs

from . import errors, run_json, version

if TYPE_CHECKING:
    from qcelemental.models.v2 import AtomicInput
    from qcengine.config import TaskConfig


class VqeBatchHarness(ProgramHarness):  # type: ignore[misc]
    """libvqe within this process."""

    _defaults: ClassVar[dict[str, Any]] = {
        "name": "vqe_batch",
        "scratch": False,
        "thread_safe": True,
        "thread_parallel": True,
        "node_parallel": False,
        "managed_memory": False,
    }

    @staticmethod
    def found(raise_error: bool = False) -> bool:
        """It is there, as this module is part of it."""
        return True

    def get_version(self) -> str:
        """Of libvqe."""
        return str(safe_version(version()))

    def compute(self, input_data: AtomicInput, config: TaskConfig) -> AtomicResult:
        """The energy of an AtomicInput."""
        job = _job_of(input_data)
        try:
            data = run_json(job, threads=config.ncores)
        except (errors.InputError, errors.UnsupportedError, errors.MissingError) as error:
            raise InputError(str(error)) from error
        except errors.OutOfMemory as error:
            raise ResourceError(str(error)) from error
        except errors.VqeError as error:
            raise UnknownError(str(error)) from error
        if not data["success"]:
            raise UnknownError(data["error"]["error_message"])
        provenance = {**data["provenance"], "nthreads": config.ncores}
        return AtomicResult(
            input_data=input_data,
            molecule=input_data.molecule,
            properties=data["properties"],
            return_result=data["return_result"],
            extras=data["extras"],
            provenance=provenance,
            success=True,
        )


def _job_of(input_data: AtomicInput) -> dict[str, Any]:
    """The AtomicInput as the molecule of a job, whose keys are its keywords."""
    asked = input_data.specification
    driver = str(getattr(asked.driver, "value", asked.driver))
    if driver != "energy":
        raise InputError(
            f"{driver} not implemented for vqe_batch, which computes energies: "
            "use the driver 'energy'"
        )
    if asked.model.basis is not None and not isinstance(asked.model.basis, str):
        raise InputError(
            "QCSchema BasisSet for model.basis not implemented. Use a string instead: "
            "sto-3g, 6-31g*, cc-pvdz, def2-tzvp"
        )
    job: dict[str, Any] = dict(asked.keywords)
    if "molecules" in job:
        raise InputError("keywords.molecules: the molecule is that of the AtomicInput")
    if "basis" in job:
        raise InputError("keywords.basis: the basis set is that of model.basis")
    method = asked.model.method
    if method.lower() != "vqe":
        if "ansatz" in job:
            raise InputError(
                f"model.method '{method}' and the keyword 'ansatz' name an ansatz both: "
                "leave one out, or use the method 'vqe'"
            )
        job["ansatz"] = method
    held = json.loads(input_data.model_dump_json())
    held["specification"]["keywords"] = {}
    held["specification"]["model"]["method"] = "vqe"
    job["molecules"] = [held]
    return job


# a second import by another name changes nothing
if "vqe_batch" not in programs:
    register_program(VqeBatchHarness())

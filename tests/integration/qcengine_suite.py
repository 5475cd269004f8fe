"""QCEngine's own tests of harnesses, with ours, by pytest: those of its suite that
have to do with energies. Run by python_module.py.

Left out: gradients, native files and ghosts, which vqe_batch does not have, its
test of cores, which reads the text that other programs print, and the suites of HF,
MP2 and coupled cluster energies.
"""

import pytest
import qcengine
from qcengine.programs.tests import test_canonical_config as config
from qcengine.testing import schema_versions  # noqa: F401  a fixture
from qcengine.tests import test_harness_canonical as canonical

import vqe_batch.qcengine  # noqa: F401  registers the program

METHODS = [("vqe_batch", {"method": "vqe", "basis": "6-31G"}, {}),
           ("vqe_batch", {"method": "lucj", "basis": "sto-3g"}, {"seed": 1})]
METHOD = pytest.mark.parametrize("program, model, keywords", METHODS)


@METHOD
def test_compute_energy(program, model, keywords, schema_versions, request):
    canonical.test_compute_energy(program, model, keywords, schema_versions, request)


@pytest.mark.parametrize("model", [{"method": "vqe", "basis": canonical.qcsk_bs}])
def test_compute_energy_qcsk_basis(model, schema_versions, request):
    canonical.test_compute_energy_qcsk_basis(
        "vqe_batch", model, {}, schema_versions, request)


@pytest.mark.parametrize("model", [{"method": "bad"}, {"method": "bad", "basis": "sto-3g"},
                                   {"method": "vqe", "driver": "hessian"}])
@pytest.mark.parametrize("raiserr", [False, True])
@pytest.mark.parametrize("retdict", [False, True])
@pytest.mark.parametrize("inpdict", [False, True])
def test_compute_bad_models(model, schema_versions, request, raiserr, retdict, inpdict):
    canonical.test_compute_bad_models(
        "vqe_batch", model, schema_versions, request, raiserr, retdict, inpdict)


@METHOD
def test_local_options_memory_gib(program, model, keywords, schema_versions, request):
    config.test_local_options_memory_gib(
        program, model, keywords, {}, schema_versions, request)


@METHOD
def test_local_options_scratch(program, model, keywords, schema_versions, request):
    config.test_local_options_scratch(program, model, keywords, schema_versions, request)


@pytest.mark.parametrize("ncores", [1, 2])
def test_cores_are_threads(ncores):
    held = {"molecule": qcengine.get_molecule("hydrogen", return_dict=True),
            "driver": "energy", "model": {"method": "vqe", "basis": "sto-3g"}}
    done = qcengine.compute(held, "vqe_batch", raise_error=True, return_dict=True,
                            task_config={"ncores": ncores})
    assert done["provenance"]["nthreads"] == ncores


def test_gradient_is_refused():
    held = {"molecule": qcengine.get_molecule("hydrogen", return_dict=True),
            "driver": "gradient", "model": {"method": "vqe", "basis": "sto-3g"}}
    with pytest.raises(qcengine.exceptions.InputError) as found:
        qcengine.compute(held, "vqe_batch", raise_error=True)
    assert "gradient not implemented" in str(found.value)
    assert "driver 'energy'" in str(found.value)

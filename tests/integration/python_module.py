#!/usr/bin/env python3
"""The Python module: installed by pip without a network, it loads nothing of the
checkout; energies of PySCF, gradients against differences, the state and density
matrices against the Pauli sum and integrals, SciPy, callbacks, Ctrl-C, threads; its
page, examples and type hints; QCEngine's own tests of a harness.

Packages of tests/requirements_python.txt are installed into build/venv-module,
checked by hash; where that cannot be done the test is skipped.
"""

import gc
import json
import math
import os
import re
import signal
import subprocess
import sys
import threading

import harness
from harness import check

PINNED = os.path.join(harness.ROOT, "tests", "requirements_python.txt")
SOURCE = os.path.join(harness.ROOT, "src", "python")
VENV = os.path.join(harness.ROOT, "build", "venv-module")
PIP = ["-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]


def use_packages():
    """Go on in a Python that has the packages, or skip."""
    if sys.prefix == VENV:
        return
    python = os.path.join(VENV, "bin", "python")
    stamp = os.path.join(VENV, "requirements.txt")
    with open(PINNED, encoding="utf-8") as stream:
        wanted = stream.read()
    held = ""
    if os.path.exists(stamp):
        with open(stamp, encoding="utf-8") as stream:
            held = stream.read()
    if held != wanted:
        for words in (
            [sys.executable, "-I", "-m", "venv", "--clear", VENV],
            [python, *PIP, "--no-compile", "--require-hashes", "--only-binary=:all:", "-r", PINNED],
        ):
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                reason = (done.stderr or done.stdout).strip().split("\n")[-1]
                print(f"skipped: packages cannot be installed: {reason}")
                sys.exit(harness.SKIPPED)
        with open(stamp, "w", encoding="utf-8") as stream:
            stream.write(wanted)
    sys.stdout.flush()
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    os.execv(python, [python, *sys.argv])


use_packages()

import numpy as np  # noqa: E402
import scipy.optimize  # noqa: E402


def install(site):
    """What `pip install .` does, with what is there and without a network."""
    done = subprocess.run(
        [sys.executable, *PIP, "--no-index", "--no-build-isolation", "--target", site,
         harness.ROOT],
        env=dict(os.environ, VQE_BUILD=os.path.dirname(harness.BATCH)),
        capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"pip install: {done.stdout}{done.stderr}")
    sys.path.insert(0, site)
    os.environ["PYTHONPATH"] = site


def check_loaded(site):
    """Nothing of the checkout is mapped but the packages of the test."""
    with open("/proc/self/maps", encoding="utf-8") as stream:
        paths = {line.split(None, 5)[5].strip() for line in stream if "/" in line}
    names = {os.path.basename(path) for path in paths if path.startswith(site)}
    check("libvqe.so" in names, f"{names} is what the package has loaded")
    checkout = [path for path in paths
                if path.startswith(harness.ROOT) and not path.startswith(VENV)]
    check(not checkout, f"loaded of the checkout: {checkout}")


def near(what, got, wanted, tolerance):
    check(np.all(np.abs(np.asarray(got) - wanted) <= tolerance),
          f"{what}: {got}, expected {wanted}")


def references():
    path = os.path.join(harness.ROOT, "tests", "data", "energies.json")
    with open(path, encoding="utf-8") as stream:
        return {system["name"]: system for system in json.load(stream)["systems"]}


def differences(function, x, step=1e-5):
    out = np.empty_like(x)
    for k in range(x.size):
        move = np.zeros_like(x)
        move[k] = step
        out[k] = (function(x + move) - function(x - move)) / (2 * step)
    return out


def by_paulis(paulis, state):
    """<state|H|state> term by term: P = i^|x&z| X^x Z^z."""
    index = np.arange(state.size, dtype=np.uint64)
    total = 0.0
    for x, z, coeff in zip(paulis.x, paulis.z, paulis.coeff):
        signs = 1.0 - 2.0 * (np.bitwise_count(index & z) % 2)
        image = 1j ** int(np.bitwise_count(x & z)) * signs * state
        total += coeff * np.vdot(state[index ^ x], image).real
    return total


def unpacked(eri, n):
    high, low = np.tril_indices(n)
    pair = np.empty((n, n), dtype=int)
    pair[high, low] = pair[low, high] = np.arange(high.size)
    return eri[pair[:, :, None, None], pair[None, None]]


def check_runs(vqe_batch, known):
    result = vqe_batch.run(harness.H2, seed=1)
    near("H2", result.energy, known["H2"]["e_fci"], 1e-6)
    near("FCI of H2", result.fci_energy, known["H2"]["e_fci"], 1e-8)
    near("HF of H2", result.hf_energy, known["H2"]["e_hf"], 1e-8)
    near("MP2 of H2", result.mp2_energy, known["H2"]["e_mp2"], 1e-8)
    check(result.energies.min() == result.energy, f"{result.energies}")

    seen = []
    result = vqe_batch.run(harness.LIH, seed=1, callback=seen.append)
    check(len(seen) == result.data["n_evaluations"] > 2, f"{len(seen)} callbacks")
    check([one.energy for one in seen] == list(result.energies), "energies of callbacks")
    check([one.iteration for one in seen] == list(range(1, len(seen) + 1)), "iterations")
    best = min(seen, key=lambda one: one.energy)
    check(np.array_equal(best.parameters, result.parameters), "parameters of callbacks")
    check(seen[0].gradient.shape == result.parameters.shape, "gradients of callbacks")

    def fail(evaluation):
        if evaluation.iteration == 2:
            raise ZeroDivisionError("of the test")

    try:
        vqe_batch.run(harness.LIH, seed=1, callback=fail)
        harness.fail("an exception of a callback is lost")
    except ZeroDivisionError as error:
        check(str(error) == "of the test", repr(error))

    for settings, says in (
        ({"basis": "none-such"}, "key 'basis'"), ({"optimiser": "SPSA"}, "optimizer"),
        ({"seed": [1, 2]}, "2 experiments"), ({"output": "a.h5"}, "key 'output'"),
    ):
        try:
            vqe_batch.run(harness.H2, **settings)
            harness.fail(f"{settings} is taken")
        except vqe_batch.InputError as error:
            check(isinstance(error, ValueError) and says in str(error), str(error))
    try:
        vqe_batch.run(harness.H2, active_space={"electrons": 2, "orbitals": 9})
        harness.fail("9 orbitals of 2 are taken")
    except vqe_batch.FailedRun as error:
        check(error.data["status"] == "failed", f"{error.data}")
    return result


def check_estimator(vqe_batch, known, run, program):
    """LiH: what one method says against what others do."""
    estimator = vqe_batch.Estimator(harness.LIH)
    x = run.parameters
    check(estimator.num_qubits == 12 and estimator.num_parameters == x.size, repr(estimator))
    check(np.array_equal(estimator.start, run.initial_parameters), "start")
    near("energy", estimator.energy(x), run.energy, 1e-10)
    near("exact energy", estimator.fci_energy(), known["LiH"]["e_fci"], 1e-7)
    near("HF", estimator.hf_energy, known["LiH"]["e_hf"], 1e-8)
    near("HF as an energy", estimator.energy(np.zeros(x.size)), known["LiH"]["e_hf"], 1e-8)
    moved = x + np.linspace(-0.2, 0.2, x.size)
    near("gradient", estimator.gradient(moved), differences(estimator.energy, moved), 1e-7)
    near("many", estimator.energies([x, moved]), [estimator.energy(x), estimator.energy(moved)],
         1e-12)
    # what is strided or of another type is converted
    near("strided", estimator.energy(np.repeat(moved, 2)[::2]), estimator.energy(list(moved)), 0.0)

    state = estimator.state(moved)
    near("norm", np.vdot(state, state).real, 1.0, 1e-12)
    paulis = estimator.paulis
    check(paulis.coeff.size == run.data["n_pauli_terms"], f"{paulis.coeff.size} terms")
    near("energy by the Pauli sum", by_paulis(paulis, state) + estimator.nuclear_repulsion,
         estimator.energy(moved), 1e-9)
    d1, d2 = estimator.rdm1(moved), estimator.rdm2(moved)
    eri = unpacked(estimator.eri, estimator.num_orbitals)
    near("energy by density matrices",
         estimator.nuclear_repulsion + estimator.e_core + np.sum(estimator.h1e * d1)
         + np.sum(eri * d2) / 2, estimator.energy(moved), 1e-10)
    near("electrons", np.trace(d1), 4.0, 1e-12)
    near("pairs of electrons", np.einsum("ppqq", d2), 4 * 3, 1e-11)
    alpha = (np.arange(state.size)[:, None] >> np.arange(12)) & 1
    occupied = np.abs(state) ** 2 @ alpha
    near("occupations", np.diag(d1), occupied[:6] + occupied[6:], 1e-12)
    energy, std = estimator.sample(moved, 4096, key="a", number=3)
    check(0.0 < std < 0.1 and abs(energy - estimator.energy(moved)) < 6 * std, f"{energy} {std}")
    check(estimator.sample(moved, 4096, key="a", number=3) == (energy, std), "not repeatable")

    found = scipy.optimize.minimize(
        estimator.energy_and_gradient, estimator.start, jac=True, method="L-BFGS-B",
        options={"gtol": 1e-6, "ftol": 1e-14})
    near("SciPy and the program", found.fun, program["energy"], 1e-6)
    near("SciPy and FCI of PySCF", found.fun, known["LiH"]["e_fci"], 2e-5)

    h1e = estimator.h1e
    try:
        h1e[0, 0] = 1.0
        harness.fail("memory of the library can be written")
    except ValueError:
        pass
    copy = h1e.copy()
    for wrong in (np.zeros(3), np.zeros((x.size, 1)), []):
        try:
            estimator.energy(wrong)
            harness.fail(f"parameters of shape {np.shape(wrong)} are taken")
        except ValueError as error:
            check(f"({x.size},)" in str(error), str(error))

    for wrong, kind in (([math.nan] * x.size, ValueError), ([math.inf] * x.size, ValueError),
                        (x.astype(complex), TypeError), (None, TypeError)):
        for call in (estimator.energy, estimator.gradient, estimator.state,
                     lambda values: estimator.energies([values]),
                     lambda values: estimator.sample(values, 100)):
            try:
                call(wrong)
                harness.fail(f"{wrong} are taken as parameters")
            except kind:
                pass
    try:
        h1e.flags.writeable = True
        harness.fail("memory of the library can be made writable")
    except ValueError:
        pass

    # threads take turns
    wanted = [estimator.energy(k * x) for k in range(4)]
    found = [None] * 4

    def work(k):
        found[k] = {estimator.energy(k * x) for _ in range(20)}

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(found == [{energy} for energy in wanted], "energies of threads")

    # a view keeps the memory
    del estimator, paulis
    gc.collect()
    check(np.array_equal(h1e, copy), "a view has lost its memory")


def check_circuit(vqe_batch):
    """A circuit in the full space, drawn parameters, without an optimum."""
    estimator = vqe_batch.Estimator(harness.H2, ansatz="EfficientSU2", init="random", seed=3)
    x = estimator.start
    near("gradient of a circuit", estimator.gradient(x), differences(estimator.energy, x), 1e-7)
    near("circuit by the Pauli sum",
         by_paulis(estimator.paulis, estimator.state(x)) + estimator.nuclear_repulsion,
         estimator.energy(x), 1e-10)
    check("OPENQASM 3" in estimator.qasm(), "no circuit")
    for call in (lambda: vqe_batch.Estimator(harness.H2, ansatz="ADAPT-VQE", init="hf"),
                 lambda: estimator.rdm2(x)):
        try:
            call()
            harness.fail("what there is not is given")
        except vqe_batch.UnsupportedError:
            pass
    # one orbital: no parameter at all
    helium = vqe_batch.Estimator({"symbols": ["He"], "coords": [[0, 0, 0]]})
    check(helium.num_parameters == 0, repr(helium))
    near("helium", helium.energy([]), helium.hf_energy, 1e-10)


def check_interrupt(folder):
    """Ctrl-C ends a run that would last for long, as it does any Python."""
    code = (
        "import vqe_batch\n"
        "CO2 = {'symbols': ['O', 'C', 'O'], 'coords': [[0, 0, -1.1621], [0, 0, 0], [0, 0, 1.1621]]}\n"
        "endless = {'name': 'SPSA', 'max_evaluations': 1000000, 'ftol': 0}\n"
        "vqe_batch.run(CO2, seed=1, references=['hf'], optimizer=endless,\n"
        "              callback=lambda one: print('begun', flush=True))\n")
    # a shell's background job, as a lane of tests/run.sh, ignores the signal,
    # and so would its children
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=folder.path, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        for _ in range(12):
            # again, as users press it: Python drops the exception where the
            # signal comes in the middle of a destructor
            process.send_signal(signal.SIGINT)
            try:
                _, errors = process.communicate(timeout=5)
                break
            except subprocess.TimeoutExpired:
                continue
        else:
            harness.fail("not ended by Ctrl-C")
    finally:
        process.kill()
    check(line == "begun\n" and "KeyboardInterrupt" in errors
          and process.returncode == -signal.SIGINT, f"{line}{errors}{process.returncode}")


def check_page(folder):
    """What README.md shows, in its order."""
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as stream:
        page = stream.read()
    blocks = re.findall(r"```python\n(.*?)```", page, re.S)
    check(len(blocks) >= 6, f"{len(blocks)} blocks")
    check(len(blocks[0].splitlines()) == 5, "H2 is not in five lines")
    script = folder.write("page.py", "\n".join(blocks))
    done = subprocess.run([sys.executable, script], cwd=folder.path, capture_output=True,
                          text=True, check=False)
    check(done.returncode == 0, f"{done.stdout}{done.stderr}")
    shown = re.search(r"```\n\n((?:    .*\n)+)", page).group(1)
    for line in shown.splitlines():
        check(line.strip() in done.stdout, f"{line} is not in {done.stdout}")


def check_tools(folder, site):
    """Examples, type hints and QCEngine, side by side as each starts slowly."""
    examples = os.path.join(SOURCE, "examples")
    notebook = (
        "import sys, nbformat, nbclient\n"
        "held = nbformat.read(sys.argv[1], 4)\n"
        "nbclient.NotebookClient(held, timeout=120, kernel_name='python3').execute()\n"
        "print('cells:', len(held.cells))\n")
    commands = {
        "mypy": [sys.executable, "-m", "mypy", "--cache-dir", folder.file("mypy"),
                 "--config-file", os.path.join(harness.ROOT, "pyproject.toml"),
                 os.path.join(SOURCE, "vqe_batch")],
        "pytest": [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                   os.path.join(harness.ROOT, "tests", "integration", "qcengine_suite.py")],
        "watch_run.py": [sys.executable, os.path.join(examples, "watch_run.py")],
        "notebook": [sys.executable, "-c", notebook,
                     os.path.join(examples, "bond_lengths.ipynb")],
    }
    env = dict(os.environ, IPYTHONDIR=folder.file("ipython"),
               JUPYTER_RUNTIME_DIR=folder.file("jupyter"))
    running = {name: subprocess.Popen(words, cwd=folder.path, env=env, text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
               for name, words in commands.items()}
    for name, process in running.items():
        output, _ = process.communicate()
        check(process.returncode == 0, f"{name}: {output}")
        print(f"{name}: {output.strip().splitlines()[-1]}")
    check(os.path.exists(os.path.join(site, "vqe_batch", "py.typed")), "no py.typed")


with harness.Folder() as folder:
    site = folder.file("site")
    install(site)
    os.chdir(folder.path)
    import vqe_batch

    known = references()
    lih = check_runs(vqe_batch, known)
    check_loaded(site)
    folder.write("lih.json", harness.LIH)
    [program] = folder.summary("lih.json", "--seed", 1, "--no-lake")
    near("run and program", lih.energy, program["energy"], 1e-10)
    check_estimator(vqe_batch, known, lih, program)
    check_circuit(vqe_batch)
    check_interrupt(folder)
    check_page(folder)
    check_tools(folder, site)
    print("the Python module", vqe_batch.__version__, "is installed and right")

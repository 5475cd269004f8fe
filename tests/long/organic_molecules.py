#!/usr/bin/env python3
"""One thousand small organic molecules in one command: none fails in silence.

The SMILES of tests/data/organic_smiles.txt (up to nine heavy atoms, charges and
radicals among them), geometries by RDKit, STO-3G, the automatic active space of
eight orbitals, UCCSD beside the exact energy of that space. Every molecule has
a row: an energy that is right or says what is not, or a reason. Hartree-Fock
energies of a sample are compared with PySCF's where this Python has PySCF.

VQE_TEST_MOLECULES takes that many of them (all), VQE_TEST_OPEN=1 radicals alone,
VQE_TEST_RANKS ranks (1).

Without RDKit in this Python, that of tests/requirements_rdkit.txt is installed
into build/venv-rdkit, checked by hash; where that cannot be done the test is
skipped.
"""

import collections
import importlib.util
import json
import os
import subprocess
import sys
import time

sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration")
)
import harness  # noqa: E402
from harness import check  # noqa: E402

LIST = os.path.join(harness.ROOT, "tests", "data", "organic_smiles.txt")
PINNED = os.path.join(harness.ROOT, "tests", "requirements_rdkit.txt")
CHEMICAL_ACCURACY = 1.6  # mHa
# Why a molecule may fail: spaces that would part orbitals of one energy, and
# water and the like, which have less than eight orbitals.
KNOWN = ("split degenerate", "give a size that fits")


def use_rdkit():
    """Go on in a Python that has RDKit, or skip."""
    if importlib.util.find_spec("rdkit") is not None:
        return
    folder = os.path.join(harness.ROOT, "build", "venv-rdkit")
    python = os.path.join(folder, "bin", "python")
    if not os.path.exists(python):
        for words in (
            [sys.executable, "-I", "-m", "venv", folder],
            [python, "-I", "-m", "pip", "install", "--quiet", "--require-hashes",
             "--no-deps", "--only-binary=:all:", "-r", PINNED],
        ):  # fmt: skip
            try:
                done = subprocess.run(
                    words, capture_output=True, text=True, timeout=600, check=False
                )
                reason = (done.stderr or done.stdout).strip().split("\n")[-1]
            except (OSError, subprocess.TimeoutExpired) as error:
                done, reason = None, str(error)
            if done is None or done.returncode != 0:
                print(f"skipped: RDKit cannot be installed: {reason}")
                sys.exit(harness.SKIPPED)
    sys.stdout.flush()
    os.execv(python, [python, *sys.argv])


def molecules(count):
    """Of each SMILES a molecule of a job file, with its name."""
    from rdkit import Chem, RDLogger
    from rdkit.Chem import AllChem

    RDLogger.DisableLog("rdApp.*")
    with open(LIST, encoding="utf-8") as stream:
        smiles = stream.read().split()
    check(len(set(smiles)) == 1000, f"{len(set(smiles))} SMILES are different")
    made = []
    for text in smiles[:count]:
        molecule = Chem.MolFromSmiles(text)
        check(Chem.MolToSmiles(molecule) == text, f"{text} is not canonical")
        check(molecule.GetNumHeavyAtoms() <= 9, text)
        molecule = Chem.AddHs(molecule)
        check(AllChem.EmbedMolecule(molecule, randomSeed=1) == 0, f"no geometry: {text}")
        if AllChem.UFFHasAllMoleculeParams(molecule):
            AllChem.UFFOptimizeMolecule(molecule, maxIters=500)
        radicals = sum(atom.GetNumRadicalElectrons() for atom in molecule.GetAtoms())
        places = molecule.GetConformer().GetPositions()
        made.append({
            "name": text, "charge": Chem.GetFormalCharge(molecule),
            "multiplicity": radicals + 1,
            "symbols": [atom.GetSymbol() for atom in molecule.GetAtoms()],
            "coords": [[round(float(x), 6) for x in place] for place in places],
        })  # fmt: skip
    return made


def judged(row):
    """What became of a molecule: a word for what is right, or the reason for
    what is not; fails for an energy that is off in silence."""
    name, codes = row["name"], [note["code"] for note in row["notes"] or []]
    if row["status"] != "ok":
        check(row["status"] == "failed" and row["reason"], f"{name}: no reason: {row}")
        reason = row["reason"].removeprefix(f"molecule '{name}': ")
        check(any(word in reason for word in KNOWN), f"{name}: failed: {reason}")
        return "failed: " + reason
    check(row["energy"] is not None and row["energy_hf"] is not None, f"{name}: {row}")
    if row["energy_fci"] is None:
        check(codes, f"{name}: no exact energy and no remark")
        return "no exact energy: " + ", ".join(codes)
    check(row["energy"] > row["energy_fci"] - 1e-7 or codes,
          f"{name}: below the exact energy by {-row['error_mha']} mHa without a remark")
    if abs(row["error_mha"]) > CHEMICAL_ACCURACY or not row["state_ok"]:
        check(codes, f"{name}: off by {row['error_mha']} mHa without a remark")
        return "said to be off: " + ", ".join(sorted(set(codes)))
    return "right" if not codes else "right, with a remark: " + ", ".join(sorted(set(codes)))


def compared(made, rows):
    """Hartree-Fock of every twentieth molecule against PySCF, the largest and
    mean difference; both keep the solution that they find, ours the lower one."""
    if importlib.util.find_spec("pyscf") is None:
        return "PySCF is not here"
    from pyscf import gto, scf

    higher, equal = [], 0
    for molecule, row in list(zip(made, rows))[::20]:
        if row["status"] != "ok":
            continue
        peer = scf.RHF(gto.M(
            atom=list(zip(molecule["symbols"], molecule["coords"])), basis="sto-3g",
            charge=molecule["charge"], spin=molecule["multiplicity"] - 1, verbose=0,
        ))  # fmt: skip
        energy = peer.run(conv_tol=1e-11).e_tot
        if not peer.converged:
            continue
        if row["energy_hf"] > energy + 1e-6:
            higher.append((molecule["name"], row["energy_hf"] - energy))
        equal += abs(row["energy_hf"] - energy) < 1e-6
    check(not higher, f"Hartree-Fock energies above PySCF's: {higher}")
    return f"{equal} Hartree-Fock energies are PySCF's"


def main():
    use_rdkit()
    count = int(os.environ.get("VQE_TEST_MOLECULES", "1000"))
    ranks = int(os.environ.get("VQE_TEST_RANKS", "1"))
    made = molecules(count)
    if os.environ.get("VQE_TEST_OPEN", "") == "1":
        made = [molecule for molecule in made if molecule["multiplicity"] > 1]
        check(made, "no radical among them")
    with harness.Folder() as folder:
        folder.write("organic.json", {
            "molecules": made, "active_space": {"auto": 8}, "seed": 1,
            "optimizer": {"name": "L-BFGS-B", "max_seconds": 20},
        })  # fmt: skip
        start = time.time()
        done = folder.run("organic.json", "--no-lake", "-q", "--summary", "summary.json",
                          ranks=ranks if ranks > 1 else 0, status=None, timeout=3 * 3600)
        spent = time.time() - start
        check(done.returncode in (0, 1), f"{done.returncode}: {done.stderr}")
        with open(folder.file("summary.json"), encoding="utf-8") as stream:
            rows = json.load(stream)
        check([row["name"] for row in rows] == [m["name"] for m in made], "rows are missing")
        check((done.returncode == 1) == any(row["status"] != "ok" for row in rows),
              f"exit status {done.returncode}")
        fates = collections.Counter(judged(row) for row in rows)
        peer = compared(made, rows)
    for fate, times in fates.most_common():
        print(f"{times:5d}  {fate}")
    slowest = max(rows, key=lambda row: sum(row[key] or 0 for key in
                                            ("seconds_scf", "seconds_vqe")))  # fmt: skip
    print(f"{len(rows)} molecules in {spent:.0f} s on {ranks} rank(s); slowest "
          f"{slowest['name']}: {slowest['seconds_scf']:.1f} s SCF, "
          f"{slowest['seconds_vqe'] or 0:.1f} s VQE; {peer}")


main()

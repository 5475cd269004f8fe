#!/usr/bin/env python3
"""What a dry run says beforehand is what runs take: memory within a factor of
1.5 of their peak, with and without symmetry and the exact energy, in sectors and
in the full space; what cannot run is refused there and in a run before SCF."""

import re

import harness
from harness import check

PROGRAM = 40.0  # MB, as the dry run says

H2 = {"name": "H2", "symbols": ["H", "H"], "coords": [[0, 0, 0], [0, 0, 0.74]]}
H2O = {"name": "H2O", "symbols": ["O", "H", "H"],
       "coords": [[0, 0, 0.1173], [0, 0.7572, -0.4692], [0, -0.7572, -0.4692]]}
CO2 = {"name": "CO2", "symbols": ["C", "O", "O"],
       "coords": [[0, 0, 0], [0, 0, 1.16], [0, 0, -1.16]]}
N2 = {"name": "N2", "symbols": ["N", "N"], "coords": [[0, 0, 0.549], [0, 0, -0.549]]}
CHAIN = {"name": "far", "symbols": ["C"] * 8,
        "coords": [[1.3 * k, 0.3 * (k % 2), 0] for k in range(8)]}
# what a case changes: molecule, basis, more of the job, options
CASES = [
    (H2, "aug-cc-pvtz", {}, []),
    (H2, "aug-cc-pvtz", {}, ["--no-symmetry"]),
    (H2O, "6-31g", {}, []),
    (H2O, "6-31g", {"references": ["hf"]}, []),
    (CO2, "sto-3g", {"optimizer": {"name": "L-BFGS-B", "max_evaluations": 1}}, []),
    (N2, "sto-3g", {"ansatz": "EfficientSU2",
                    "optimizer": {"name": "L-BFGS-B", "max_evaluations": 1}}, []),
]


def predicted(folder, path, *options):
    said = folder.run(path, "--dry-run", *options).stdout
    row = next(line for line in said.splitlines() if re.match(r" +0 ", line))
    return float(row.split()[-1])


with harness.Folder() as folder:
    shown = []
    for number, (molecule, basis, more, options) in enumerate(CASES):
        path = folder.write(f"{number}.json", {
            "molecules": [molecule], "basis": basis, "seed": 1,
            "output": f"{number}.h5"} | more)
        said = predicted(folder, path, "--threads", "1", *options) + PROGRAM
        (result,) = folder.summary(path, "--no-lake", "--threads", "1", *options)
        name = f"{molecule['name']} {basis} {more} {options}"
        check(result["status"] == "ok", f"{name}: {result['reason']}")
        taken = result["peak_memory_mb"]
        check(said / 1.5 < taken < 1.5 * said, f"{name}: {said} MB said, {taken} taken")
        shown.append(f"{said:.0f}/{taken:.0f}")
    # no time is lost on a Hamiltonian that could not be sampled
    path = folder.write("shots.json", {"molecules": [CHAIN], "basis": "cc-pvdz",
                                       "shots": 100, "active_space":
                                       {"electrons": 8, "orbitals": 40}})
    for words in (("--dry-run",), ("--no-lake",)):
        done = folder.run(path, *words, status=1)
        check("finite shots work up to 20 qubits, not 80" in
              harness.unfolded(done.stdout + done.stderr), done.stdout + done.stderr)
        check("SCF" not in done.stderr, done.stderr)
print(f"dry_run: memory said and taken, MB: {' '.join(shown)}")

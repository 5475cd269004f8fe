#!/usr/bin/env python3
"""Make n2_curve.json: singlet FCI energies of N2 in STO-3G from 0.9 to 2.5
angstrom by PySCF 2.14.0, in the totally symmetric representation."""

import json
import os

from pyscf import fci, gto, scf

points = []
for step in range(17):
    distance = round(0.9 + 0.1 * step, 1)
    molecule = gto.M(atom=f"N 0 0 0; N 0 0 {distance}", basis="sto-3g",
                     symmetry="D2h", verbose=0)
    field = scf.RHF(molecule).run(conv_tol=1e-12)
    solver = fci.FCI(molecule, field.mo_coeff, singlet=False)
    solver.wfnsym = "Ag"
    solver.conv_tol = 1e-13
    solver.max_cycle = 300
    solver.max_space = 30
    solver = fci.addons.fix_spin_(solver, ss=0, shift=0.5)
    energy, vector = solver.kernel()
    spin = fci.spin_square(vector, field.mo_coeff.shape[1], molecule.nelec)[0]
    assert solver.converged and abs(spin) < 1e-8, (distance, spin)
    points.append({"distance": distance, "fci": energy})
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "n2_curve.json")
with open(path, "w", encoding="utf-8") as out:
    json.dump({"source": "PySCF 2.14.0, singlet FCI, STO-3G, angstrom, hartree",
               "points": points}, out, indent=1)
    out.write("\n")

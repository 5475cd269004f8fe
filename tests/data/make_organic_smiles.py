#!/usr/bin/env python3
"""Write tests/data/organic_smiles.txt: 1,000 small organic molecules, none taken
from a list of others. Skeletons of up to nine heavy atoms grow at random, then
get rings, double and triple bonds and heteroatoms as valences allow; every
fourth loses or gains an electron, a proton or a hydrogen atom.

Run by hand with RDKit (tests/requirements_rdkit.txt); the same seed gives the
same file with the same RDKit.
"""

import os
import random
import sys

from rdkit import Chem, RDLogger
from rdkit.Chem import AllChem

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "organic_smiles.txt")
COUNT = 1000
# element: valence, how often
ELEMENTS = {"C": (4, 60), "N": (3, 14), "O": (2, 14), "F": (1, 5), "S": (2, 4),
            "Cl": (1, 2), "P": (3, 1)}  # fmt: skip
# heavy atoms: how many molecules of 1,000 at most
SIZES = {1: 12, 2: 60, 3: 110, 4: 150, 5: 170, 6: 160, 7: 140, 8: 110, 9: 110}


def grown(rng, size):
    """A molecule of `size` heavy atoms, hydrogen implied; None where it cannot be."""
    names = rng.choices(list(ELEMENTS), [often for _, often in ELEMENTS.values()], k=size)
    free = [ELEMENTS[name][0] for name in names]
    editable = Chem.RWMol()
    for name in names:
        editable.AddAtom(Chem.Atom(name))
    orders = {}
    for k in range(1, size):
        open_atoms = [j for j in range(k) if free[j] > 0]
        if not open_atoms:
            return None
        j = rng.choice(open_atoms)
        orders[j, k] = 1
        free[j] -= 1
        free[k] -= 1
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        pairs = [(i, j) for j in range(size) for i in range(j)
                 if (i, j) not in orders and free[i] > 0 and free[j] > 0]  # fmt: skip
        if pairs:
            i, j = rng.choice(pairs)
            orders[i, j] = 1
            free[i] -= 1
            free[j] -= 1
    for _ in range(rng.choice([0, 0, 1, 1, 2, 3])):
        pairs = [pair for pair, order in orders.items()
                 if order < 3 and free[pair[0]] > 0 and free[pair[1]] > 0]  # fmt: skip
        if pairs:
            pair = rng.choice(pairs)
            orders[pair] += 1
            free[pair[0]] -= 1
            free[pair[1]] -= 1
    kinds = {1: Chem.BondType.SINGLE, 2: Chem.BondType.DOUBLE, 3: Chem.BondType.TRIPLE}
    for (i, j), order in orders.items():
        editable.AddBond(i, j, kinds[order])
    return editable.GetMol()


def changed(rng, molecule):
    """Protonated, deprotonated, ionised or without a hydrogen atom."""
    editable = Chem.RWMol(molecule)
    atom = editable.GetAtomWithIdx(rng.randrange(editable.GetNumAtoms()))
    hydrogens = atom.GetTotalNumHs()
    kind = rng.choice(["radical", "radical", "protonated", "deprotonated", "cation"])
    atom.SetNoImplicit(True)
    if kind == "protonated" and atom.GetSymbol() in ("N", "O", "S", "P"):
        atom.SetFormalCharge(1)
        atom.SetNumExplicitHs(hydrogens + 1)
    elif kind == "deprotonated" and hydrogens > 0:
        atom.SetFormalCharge(-1)
        atom.SetNumExplicitHs(hydrogens - 1)
    elif kind == "cation" and hydrogens > 0 and atom.GetSymbol() == "C":
        atom.SetFormalCharge(1)
        atom.SetNumExplicitHs(hydrogens - 1)
    elif kind == "radical" and hydrogens > 0:
        atom.SetNumRadicalElectrons(1)
        atom.SetNumExplicitHs(hydrogens - 1)
    else:
        return None
    return editable.GetMol()


def embedded(smiles):
    """Whether RDKit finds a geometry, so that the test has one of each."""
    molecule = Chem.AddHs(Chem.MolFromSmiles(smiles))
    return AllChem.EmbedMolecule(molecule, randomSeed=1) == 0


def main():
    RDLogger.DisableLog("rdApp.*")
    rng = random.Random(20260)
    left, found = dict(SIZES), []
    tried = 0
    while len(found) < COUNT and tried < 200000:
        tried += 1
        size = rng.choice([size for size, count in left.items() if count > 0])
        molecule = grown(rng, size)
        if molecule is None or Chem.SanitizeMol(molecule, catchErrors=True) != 0:
            continue
        if rng.random() < 0.25:
            molecule = changed(rng, molecule)
            if molecule is None or Chem.SanitizeMol(molecule, catchErrors=True) != 0:
                continue
        smiles = Chem.MolToSmiles(molecule)
        if smiles in found or Chem.MolFromSmiles(smiles) is None or not embedded(smiles):
            continue
        if not any(a.GetSymbol() == "C" for a in molecule.GetAtoms()) and size > 2:
            continue
        found.append(smiles)
        left[size] -= 1
        if tried % 3000 == 0:
            left = {size: max(count, 1) for size, count in left.items()}
    if len(found) < COUNT:
        sys.exit(f"{len(found)} molecules alone")
    with open(PATH, "w", encoding="utf-8") as out:
        out.write("\n".join(found) + "\n")
    print(f"{PATH}: {len(found)}, sizes left {left}")


main()

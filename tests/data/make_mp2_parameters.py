#!/usr/bin/env python3
"""Write mp2_parameters.json: UCCSD's start from MP2 amplitudes by NumPy.

    pip install numpy
    python make_mp2_parameters.py

Every closed-shell FCIDUMP of this folder, without symmetry screening, one
repetition. t_ij^ab = (ia|jb) / (e_i + e_j - e_a - e_b); parameters in the
order singles, same-spin doubles (t_ij^ab - t_ij^ba), alpha-beta doubles with
ia >= jb. `e_mp2` is the total energy that the amplitudes give.
"""
import itertools
import json
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent
NAMES = ["H2", "HeH+", "LiH", "BeH2", "H2O", "NH3"]


def read(path):
    header, body = path.read_text().split("&END")
    fields = header.replace("&FCI", "").replace(" ", "").split(",")
    fields = dict(f.strip().split("=") for f in fields if "=" in f)
    norb, nelec = int(fields["NORB"]), int(fields["NELEC"])
    h1e = np.zeros((norb, norb))
    eri = np.zeros((norb,) * 4)
    core = 0.0
    for line in body.split("\n"):
        if not line.strip():
            continue
        value, *index = line.split()
        p, q, r, s = (int(i) - 1 for i in index)
        if r >= 0:
            for a, b in {(p, q), (q, p)}:
                for c, d in {(r, s), (s, r)}:
                    eri[a, b, c, d] = eri[c, d, a, b] = float(value)
        elif p >= 0:
            h1e[p, q] = h1e[q, p] = float(value)
        else:
            core = float(value)
    return h1e, eri, core, nelec // 2


def parameters(name):
    h1e, eri, core, no = read(HERE / f"{name}.fcidump")
    o, v = slice(0, no), slice(no, None)
    fock = (h1e + 2 * np.einsum("pqkk->pq", eri[:, :, o, o])
            - np.einsum("pkkq->pq", eri[:, o, o, :]))
    e = fock.diagonal()
    ovov = eri[o, v, o, v].transpose(0, 2, 1, 3)  # i j a b
    gap = (e[o, None, None, None] + e[None, o, None, None]
           - e[None, None, v, None] - e[None, None, None, v])
    t = ovov / gap
    nv = t.shape[2]
    e_hf = core + np.trace((h1e + fock)[o, o])
    e_mp2 = e_hf + np.sum((2 * t - t.transpose(0, 1, 3, 2)) * ovov)
    out = [0.0] * (no * nv)
    for i, j in itertools.combinations(range(no), 2):
        for a, b in itertools.combinations(range(nv), 2):
            out.append(t[i, j, a, b] - t[i, j, b, a])
    for (i, a), (j, b) in itertools.product(np.ndindex(no, nv), repeat=2):
        if (i, a) >= (j, b):
            out.append(t[i, j, a, b])
    return {"name": name, "e_hf": e_hf, "e_mp2": e_mp2,
            "parameters": [float(f"{x:.16g}") for x in out]}


def main():
    cases = [json.dumps(parameters(name)) for name in NAMES]
    HERE.joinpath("mp2_parameters.json").write_text(
        '{"cases": [\n' + ",\n".join(cases) + "\n]}\n")


if __name__ == "__main__":
    main()

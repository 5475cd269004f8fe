#!/usr/bin/env python3
"""Usage: jobs/dataset/make_dataset.py FOLDER [--minutes 55] [--cores 2] [--small]

Makes the standard data set in FOLDER/dataset, by vqe_batch and vqe_lake of
build/release (or VQE_BATCH and VQE_LAKE): molecules of up to 14 qubits x circuits
x eight optimizers x starts x as many seeds as fit the minutes, twelve bond curves
with the exact energy beside each point, and the eight molecules of the thesis with
UCCSD and ADAPT-VQE. Run again, it goes on: what is done is not repeated.

--small makes three molecules of one seed, in seconds. FOLDER/made.json says what
ran, how long, and what a million geometries cost at that rate.
"""

import argparse
import json
import os
import subprocess
import sys
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
MOLECULES = os.path.join(ROOT, "jobs", "dataset", "dataset_molecules.json")
THESIS = os.path.join(ROOT, "jobs", "thesis.json")
BUILD = os.path.join(ROOT, "build", "release")
BATCH = os.environ.get("VQE_BATCH") or os.path.join(BUILD, "vqe_batch")
LAKE = os.environ.get("VQE_LAKE") or os.path.join(
    os.path.dirname(os.path.abspath(BATCH)), "vqe_lake"
)

OPTIMIZERS = ["L-BFGS-B", "COBYLA", "SLSQP", "Nelder-Mead", "Powell", "BFGS", "CG", "TNC"]
CIRCUITS = ["UCCSD", "k-UpCCGSD", "EfficientSU2", "ExcitationPreserving"]
LIMIT = 500  # evaluations of a run
# of the bonds at equilibrium, all bonds of a molecule at once
FACTORS = [0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5, 1.75, 2.0, 2.25, 2.5]
CURVES = ["H2", "HeH+", "H4", "LiH", "BH", "OH-", "HF", "H6", "BeH2", "H2O", "CH2", "N2"]
SMALL = {"molecules": ["H2", "HeH+", "H3+", "H4"], "curves": ["H2", "LiH"]}


def read(path):
    with open(path, encoding="utf-8") as stream:
        return json.load(stream)


def circuits(names):
    """One layer each, so that runs end within the limit."""
    return [name if name == "UCCSD" else {"name": name, "reps": 1} for name in names]


def stretched(molecule, factor):
    coords = [[factor * x for x in row] for row in molecule["coords"]]
    return {**molecule, "name": f"{molecule['name']} x{factor:g}", "coords": coords}


class Set:
    """The parts of the set, each a job with a result of its own."""

    def __init__(self, folder, minutes, cores):
        self.folder = os.path.abspath(folder)
        self.until = time.monotonic() + 60 * minutes
        self.cores = cores
        os.makedirs(os.path.join(self.folder, "parts"), exist_ok=True)
        self.made_path = os.path.join(self.folder, "made.json")
        self.made = read(self.made_path) if os.path.exists(self.made_path) else {}

    def part(self, kind, name, job):
        """Run a job unless it is done; whether there was time."""
        if name in self.made:
            return True
        wall = self.expected(kind, name)
        if time.monotonic() + wall > self.until:
            return False
        path = os.path.join(self.folder, "parts", name)
        with open(path + ".json", "w", encoding="utf-8") as stream:
            json.dump(job, stream)
        start = time.monotonic()
        done = subprocess.run(
            [BATCH, path + ".json", "-o", path + ".h5", "-t", str(self.cores), "-q",
             "--no-lake", "--summary", path + ".summary.json",
             "--max-evaluations", str(job_limit(kind))],
            stdout=subprocess.DEVNULL, check=False,
        )
        if done.returncode not in (0, 1):
            sys.exit(f"make_dataset: {path}.json ended with status {done.returncode}")
        seconds = time.monotonic() - start
        runs = len(read(path + ".summary.json"))
        self.made[name] = {"kind": kind, "seconds": seconds, "cores": self.cores,
                           "runs": runs, "failed": done.returncode,
                           "geometries": len(job["molecules"])}
        self.save()
        print(f"{name:24} {runs:5} runs {seconds:8.1f} s", flush=True)
        return True

    def expected(self, kind, name):
        """Seconds that a part takes, by the same of another seed."""
        like = [one["seconds"] for key, one in self.made.items()
                if one.get("kind") == kind and key.split("-seed")[0] == name.split("-seed")[0]]
        return max(like, default=0)

    def save(self):
        with open(self.made_path + ".new", "w", encoding="utf-8") as stream:
            json.dump(self.made, stream, indent=1)
        os.replace(self.made_path + ".new", self.made_path)

    def lake(self, *words):
        done = subprocess.run([LAKE, *words, "-q"], check=False)
        if done.returncode not in (0, 1):
            sys.exit(f"make_dataset: vqe_lake {words[0]} ended with {done.returncode}")

    def tables(self):
        """Everything that is done into tables, and from them the data set."""
        start = time.monotonic()
        warehouse = os.path.join(self.folder, "lake")
        for name in self.made:
            path = os.path.join(self.folder, "parts", name + ".h5")
            if os.path.exists(path):
                self.lake("normalize", path, "-w", warehouse)
        self.lake("featurize", warehouse)
        print(f"tables {time.monotonic() - start:.1f} s", flush=True)
        start = time.monotonic()
        target = os.path.join(self.folder, "dataset")
        done = subprocess.run([LAKE, "export", warehouse, "--dataset", target], check=False)
        if done.returncode != 0:
            sys.exit(done.returncode)
        print(f"export {time.monotonic() - start:.1f} s", flush=True)


def insert_scores(place, program, text):
    """What a model of jobs/analysis printed, into the data card."""
    path = os.path.join(place, "README.md")
    with open(path, encoding="utf-8") as stream:
        card = stream.read()
    if "## Models" not in card:
        card = card.replace("## Limitations", "## Models\n\n## Limitations", 1)
    block = "".join(f"    {line}\n" if line else "\n" for line in text.strip().split("\n"))
    card = card.replace("## Limitations", f"`{program}`:\n\n{block}\n## Limitations", 1)
    with open(path + ".new", "w", encoding="utf-8") as stream:
        stream.write(card)
    os.replace(path + ".new", path)


def score(place):
    """Train the models of jobs/analysis, by the packages of this Python."""
    for program in ("predict_convergence.py", "estimate_energy.py"):
        path = os.path.join(ROOT, "jobs", "analysis", program)
        done = subprocess.run([sys.executable, path, place], stdout=subprocess.PIPE,
                              text=True, check=False)
        if done.returncode != 0:
            sys.exit(done.returncode)
        print(done.stdout, flush=True)
        insert_scores(place, program, done.stdout)


def job_limit(kind):
    return 3000 if kind == "thesis" else LIMIT


def grid(molecules, seed, starts, names):
    return {"basis": "sto-3g", "molecules": molecules, "ansatz": circuits(names),
            "optimizer": OPTIMIZERS, "init": starts, "seed": seed}


def curve(molecule):
    points = [stretched(molecule, factor) for factor in FACTORS]
    adapt = {"name": "ADAPT-VQE", "operators_at_a_time": 5, "gradient_norm": 1e-2}
    return {"basis": "sto-3g", "molecules": points, "ansatz": ["UCCSD", adapt],
            "optimizer": "L-BFGS-B", "init": "hf", "seed": 1}


def thesis(molecule):
    return {**curve(molecule), "molecules": [molecule]}


def run_seed(made, groups, seed):
    """All optimizers from all starts; whether there was time for all."""
    whole = True
    for title, molecules in groups.items():
        # UCCSD from Hartree-Fock has nothing that a seed changes
        steady = CIRCUITS if seed == 1 else CIRCUITS[1:]
        for starts, names in (("random", CIRCUITS), ("hf", steady)):
            name = f"{title}-{starts}-seed{seed}"
            whole &= made.part("grid", name, grid(molecules, seed, starts, names))
    return whole


def price(made):
    """Core seconds of a geometry of the curves, and of a million."""
    rows = [(name.split("-curve")[0], one["seconds"] * one["cores"] / one["geometries"])
            for name, one in made.items() if one["kind"] == "curve"]
    if not rows:
        return
    print("\nCore seconds a geometry (integrals, SCF, FCI, UCCSD and ADAPT-VQE), and core")
    print("hours of a million, were each like these:")
    for name, seconds in rows:
        print(f"  {name:6} {seconds:8.3f} s {seconds * 1e6 / 3600:10.0f} h")
    mean = sum(seconds for _, seconds in rows) / len(rows)
    print(f"  {'mean':6} {mean:8.3f} s {mean * 1e6 / 3600:10.0f} h")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder")
    parser.add_argument("--minutes", type=float, default=55, help="of computing (55)")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--models", action="store_true",
                        help="train both models, their scores go into the data card")
    options = parser.parse_args()
    molecules = read(MOLECULES)
    eight = read(THESIS)["molecules"]
    by_name = {one["name"]: one for one in eight + molecules}
    curves = SMALL["curves"] if options.small else CURVES
    groups = {one["name"]: [one] for one in molecules}
    if options.small:
        groups = {"small": [by_name[name] for name in SMALL["molecules"]]}
    made = Set(options.folder, options.minutes, options.cores)
    for name in curves:
        made.part("curve", f"{name}-curve", curve(by_name[name]))
    seed = 1
    if options.small:
        run_seed(made, groups, seed)
    else:
        for one in eight:
            made.part("thesis", f"{one['name']}-thesis", thesis(one))
        while run_seed(made, groups, seed):
            seed += 1
    made.tables()
    if options.models:
        score(os.path.join(made.folder, "dataset"))
    total = sum(one["seconds"] for one in made.made.values())
    runs = sum(one["runs"] for one in made.made.values())
    print(f"\n{runs} runs in {total / 60:.1f} minutes on {options.cores} cores")
    price(made.made)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""`vqe_lake export --dataset` and jobs/dataset: a small set is made from
geometries to Parquet; Hugging Face's datasets and MLCommons' mlcroissant read it;
splits, stretch, rows and hashes are worked out again without our code.

The packages of jobs/analysis/analysis_requirements.txt are installed into
build/venv-analysis, checked by hash, where this Python lacks them; where that
cannot be done the test is skipped. VQE_BATCH and VQE_LAKE name the programs.
"""

import hashlib
import importlib.util
import json
import os
import resource
import subprocess
import sys

import harness
from harness import check

LAKE = os.environ.get("VQE_LAKE") or os.path.join(
    os.path.dirname(harness.BATCH), "vqe_lake"
)
PINNED = os.path.join(harness.ROOT, "jobs", "analysis", "analysis_requirements.txt")
NEEDED = ["datasets", "mlcroissant", "sklearn", "polars", "pyiceberg", "duckdb"]


def use_packages():
    """Go on in a Python that has the packages, or skip."""
    if all(importlib.util.find_spec(name) is not None for name in NEEDED):
        return
    folder = os.path.join(harness.ROOT, "build", "venv-analysis")
    python = os.path.join(folder, "bin", "python")
    stamp = os.path.join(folder, "installed.txt")
    with open(PINNED, encoding="utf-8") as stream:
        wanted = stream.read()
    try:
        with open(stamp, encoding="utf-8") as stream:
            held = stream.read()
    except OSError:
        held = ""
    if held != wanted:
        for words in (
            [sys.executable, "-I", "-m", "venv", "--clear", folder],
            [python, "-I", "-m", "pip", "install", "--quiet", "--require-hashes",
             "--no-deps", "--only-binary=:all:", "-r", PINNED],
        ):
            try:
                done = subprocess.run(
                    words, capture_output=True, text=True, timeout=900, check=False
                )
                reason = (done.stderr or done.stdout).strip().split("\n")[-1]
            except (OSError, subprocess.TimeoutExpired) as error:
                done, reason = None, str(error)
            if done is None or done.returncode != 0:
                print(f"skipped: packages cannot be installed: {reason}")
                sys.exit(harness.SKIPPED)
        with open(stamp, "w", encoding="utf-8") as stream:
            stream.write(wanted)
    sys.stdout.flush()
    os.execv(python, [python, *sys.argv])


use_packages()
# nothing here is on the network
os.environ["HF_HUB_OFFLINE"] = os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

import datasets  # noqa: E402
import mlcroissant  # noqa: E402
import numpy  # noqa: E402
import pandas  # noqa: E402
import yaml  # noqa: E402
from scipy.sparse.csgraph import minimum_spanning_tree  # noqa: E402
from scipy.spatial.distance import cdist  # noqa: E402

datasets.disable_progress_bars()
CONFIGS = ["runs", "runs_by_stretch", "steps", "steps_by_stretch"]


def lake(*words, status=0, limit=None):
    def bound():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [LAKE, *words], capture_output=True, text=True, check=False, preexec_fn=bound
    )
    right = done.returncode == status if status is not None else done.returncode != 0
    check(right, f"{words}: {done}")
    return done


def make(folder):
    """The small set of jobs/dataset."""
    script = os.path.join(harness.ROOT, "jobs", "dataset", "make_dataset.py")
    done = subprocess.run(
        [sys.executable, script, folder, "--small", "--cores", "2"],
        env={**harness.environment(), "VQE_BATCH": harness.BATCH, "VQE_LAKE": LAKE},
        capture_output=True, text=True, check=False,
    )
    check(done.returncode == 0, f"make_dataset: {done}")
    check("core hours" in done.stdout.replace("\n", " "), done.stdout)


def load(place, config, cache):
    return datasets.load_dataset(place, config, cache_dir=cache)


def formula_of(symbols):
    names = sorted(set(symbols))
    counts = [symbols.count(name) for name in names]
    return "".join(f"{n}{c if c > 1 else ''}" for n, c in zip(names, counts))


def split_of(formula):
    number = int(hashlib.md5(f"split:{formula}".encode()).hexdigest()[:8], 16) % 100
    return "train" if number < 70 else "validation" if number < 85 else "test"


def longest_bond(coords):
    points = numpy.array(coords)
    return minimum_spanning_tree(cdist(points, points)).max()


def check_splits(runs, far, counted):
    """Sides of molecules and geometries, by hashlib and SciPy."""
    check(set(runs) == {split_of(f) for one in runs.values() for f in one["formula"]},
          f"splits: {runs}")
    rows = []
    for name, part in runs.items():
        for row in part:
            formula = formula_of(row["atom_symbols"])
            check(row["formula"] == formula, f"{formula}: {row['formula']}")
            check(split_of(formula) == name == row["molecule_split"], f"{formula}: {name}")
            rows.append(row)
    check(len(rows) == counted, f"{len(rows)} rows, not {counted}")
    table = pandas.DataFrame(rows)
    check(table.experiment_id.is_unique, "an experiment is there twice")
    longest = table.coordinates_angstrom.map(longest_bond)
    check(numpy.allclose(longest, table.longest_bond, rtol=1e-12), "longest_bond")
    for key, group in table.groupby(["formula", "charge", "multiplicity"]):
        least = group.loc[group.fci_energy.idxmin()].longest_bond
        check(numpy.allclose(group.stretch, group.longest_bond / least), f"{key}: stretch")
    sides = {row["experiment_id"]: name for name, part in far.items() for row in part}
    check(len(sides) == counted, f"by stretch: {len(sides)} rows")
    for row in rows:
        right = "train" if row["stretch"] <= 1.2 else (
            "validation" if row["stretch"] <= 1.5 else "test")
        check(sides[row["experiment_id"]] == right == row["stretch_split"],
              f"stretch {row['stretch']}: {sides[row['experiment_id']]}")
    check(set(far) == {"train", "validation", "test"}, f"by stretch: {set(far)}")
    return table


def check_values(folder, warehouse, table, loaded):
    """Rows are those of the tables."""
    path = folder.file("rows.csv")
    lake("query", "SELECT experiment_id, total_energy, error_to_fci, total_iterations, "
         "within_chemical_accuracy FROM ml_run_summary", "-w", warehouse, "-f", "csv",
         "-o", path)
    rows = pandas.read_csv(path).set_index("experiment_id")
    both = table.set_index("experiment_id").join(rows, suffixes=("", "_there"))
    for name in ("total_energy", "error_to_fci", "total_iterations"):
        check((both[name] == both[name + "_there"]).all(), f"{name} differs")
    lake("query", "SELECT experiment_id, iteration_step, energy FROM "
         "ml_iteration_features", "-w", warehouse, "-f", "csv", "-o", path)
    keys = ["experiment_id", "iteration_step"]
    there = pandas.read_csv(path).set_index(keys).energy
    steps = pandas.concat(part.to_pandas() for part in loaded["steps"].values())
    energies = steps.set_index(keys).energy
    check(energies.index.is_unique and len(energies) == len(there), "steps")
    check((energies == there.reindex(energies.index)).all(), "energies of steps")
    parts = loaded["steps_by_stretch"].values()
    check(sum(len(part) for part in parts) == len(there), "steps_by_stretch")
    known = pandas.Series(table.molecule_split.values, table.experiment_id)
    check((steps.experiment_id.map(known) == steps.molecule_split).all(),
          "steps are on another side than their runs")


def check_columns(loaded):
    """The columns that are described, and of steps none that is known later."""
    path = os.path.join(harness.ROOT, "schemas", "dataset", "columns.json")
    with open(path, encoding="utf-8") as stream:
        described = json.load(stream)
    names = {"float64": "double", "int32": "int", "int64": "long", "bool": "boolean"}
    for config in CONFIGS:
        columns = described[config.split("_")[0]]
        features = next(iter(loaded[config].values())).features
        check(list(features) == [one["name"] for one in columns], f"{config}: columns")
        for one in columns:
            kind, text = features[one["name"]], one["type"]
            while isinstance(kind, datasets.List):
                kind, text = kind.feature, text.removeprefix("list<").removesuffix(">")
            check(names.get(kind.dtype, kind.dtype) == text, f"{one}: {kind}")
    late = [one["name"] for one in described["steps"] if one["known"] not in ("start", "step")]
    check(not late, f"steps has what is known later: {late}")


def check_texts(place):
    """Card, citation and Croissant, by their own readers."""
    with open(os.path.join(place, "README.md"), encoding="utf-8") as stream:
        _, head, body = stream.read().split("---\n", 2)
    head = yaml.safe_load(head)
    check([one["config_name"] for one in head["configs"]] == CONFIGS, f"card: {head}")
    check(head["license"] == "cc-by-4.0" and "@" not in body, "card")
    for one in head["configs"]:
        files = [path for split in one["data_files"] for path in split["path"]]
        check(len(files) == len(set(files)), f"a file is in two splits: {one}")
    with open(os.path.join(place, "CITATION.cff"), encoding="utf-8") as stream:
        cited = yaml.safe_load(stream)
    check({"cff-version", "message", "title", "authors"} <= set(cited), f"{cited}")
    path = os.path.join(place, "croissant.json")
    read = mlcroissant.Dataset(path)
    found = read.metadata.ctx.issues
    check(not found.errors and not found.warnings, f"croissant: {found.report()}")
    objects = [one for one in read.metadata.distribution
               if isinstance(one, mlcroissant.FileObject)]
    check(len(objects) == len(files) + len(files), f"{len(objects)} files are described")
    for one in objects:
        with open(os.path.join(place, one.content_url), "rb") as stream:
            check(hashlib.sha256(stream.read()).hexdigest() == one.sha256, one.content_url)
    records = list(read.records("runs"))
    check(len(records[0]["runs/coordinates_angstrom"][0]) == 3, f"{records[0]}")
    return len(records)


def check_refusals(folder, warehouse, place):
    """Nothing is overwritten, nothing is left half."""
    before = sorted(os.listdir(place))
    done = lake("export", warehouse, "--dataset", place, status=2)
    check("not empty" in harness.unfolded(done.stderr), done.stderr)
    check(sorted(os.listdir(place)) == before, "a data set has changed")
    half = folder.file("half")
    lake("export", warehouse, "--dataset", half, status=None, limit=65536)
    check(not [name for name in os.listdir(folder.path) if name.startswith("half")],
          f"half a data set is left: {os.listdir(folder.path)}")
    done = lake("export", warehouse, status=2)
    check("--dataset FOLDER" in harness.unfolded(done.stderr), done.stderr)
    done = lake("export", warehouse, "--dataset", half, "--license", "my own", status=2)
    check("SPDX" in done.stderr, done.stderr)
    done = lake("export", warehouse, "--dataset", folder.file("no/half"), status=2)
    check("make it" in harness.unfolded(done.stderr), done.stderr)


def check_growth(folder, warehouse, table):
    """A molecule more leaves the others where they are."""
    folder.write("more.json", {"molecules": [harness.H2O], "seed": 1})
    folder.run("more.json", "--no-lake")
    lake("normalize", folder.file("more.h5"), "-w", warehouse)
    os.mkdir(folder.file("later"))  # an empty folder is as good as none
    lake("export", warehouse, "--dataset", folder.file("later"))
    check(len(pandas.read_parquet(folder.file("later/runs"))) == len(table),
          "an experiment without features is there")
    lake("featurize", warehouse)
    lake("export", warehouse, "--dataset", folder.file("grown"), "--license", "CC0-1.0")
    grown = pandas.read_parquet(folder.file("grown/runs")).set_index("experiment_id")
    check(len(grown) == len(table) + 1, f"{len(grown)} runs after one more")
    same = grown.loc[table.experiment_id].molecule_split.values == table.molecule_split
    check(same.all(), "molecules have changed sides")


with harness.Folder() as folder:
    small = folder.file("small")
    make(small)
    warehouse, place = os.path.join(small, "lake"), os.path.join(small, "dataset")
    loaded = {name: load(place, name, folder.file("cache")) for name in CONFIGS}
    counted = check_texts(place)
    table = check_splits(loaded["runs"], loaded["runs_by_stretch"], counted)
    check_values(folder, warehouse, table, loaded)
    check_columns(loaded)
    check_refusals(folder, warehouse, place)
    check_growth(folder, warehouse, table)
print(f"{len(table)} runs: loaded, split, hashed and described as they are")

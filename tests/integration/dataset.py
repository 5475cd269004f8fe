#!/usr/bin/env python3
"""`vqe_lake export --dataset` and jobs/dataset: a small set is made from
geometries to Parquet; Hugging Face's datasets and MLCommons' mlcroissant read it;
splits, stretch, rows and hashes are worked out again without our code.

The packages of jobs/analysis/analysis_requirements.txt are installed into
build/venv-analysis, checked by hash, where this Python lacks them; where that
cannot be done the test is skipped. VQE_BATCH and VQE_LAKE name the programs.
"""

import contextlib
import hashlib
import importlib.util
import io
import json
import os
import re
import resource
import runpy
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
        # what has no wheel is built by the setuptools of the list, after the rest
        built = "jsonpath-rw"
        wheels = folder + "-wheels.txt"
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        with open(wheels, "w", encoding="utf-8") as stream:
            stream.write(re.sub(rf"^{built}==(.*\\\n)*.*\n", "", wanted, flags=re.M))
        pip = [python, "-I", "-m", "pip", "install", "--quiet", "--require-hashes",
               "--no-deps", "--disable-pip-version-check", "--no-compile",
               "--only-binary=:all:"]
        for words in (
            [sys.executable, "-I", "-m", "venv", "--clear", folder],
            [*pip, "-r", wheels],
            [*pip, "--no-binary", built, "--no-build-isolation", "-r", PINNED],
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
ANALYSIS = os.path.join(harness.ROOT, "jobs", "analysis")
sys.path.insert(0, ANALYSIS)
sys.path.insert(0, os.path.join(harness.ROOT, "jobs", "dataset"))
import analysis_features  # noqa: E402
import make_dataset  # noqa: E402

CONFIGS = ["runs", "runs_by_stretch", "steps", "steps_by_stretch"]


def lake(*words, status=0, limit=None):
    def bound():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [LAKE, *words], capture_output=True, text=True, check=False, preexec_fn=bound,
        timeout=300
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
    # one basis set and space each, in what make_dataset makes
    for key, group in table.groupby("formula"):
        least = group.loc[group.fci_energy.idxmin()].longest_bond
        check(numpy.allclose(group.stretch, group.longest_bond / least, rtol=0, atol=1e-6),
              f"{key}: stretch")
    places = table.coordinates_angstrom.map(str) + table.atom_symbols.map(str)
    check((table.groupby(places).stretch_split.nunique() == 1).all(),
          "a geometry on two sides")
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


def columns_of(table):
    """Columns of a data set with what schemas/iceberg says of them."""
    schemas = os.path.join(harness.ROOT, "schemas")
    with open(os.path.join(schemas, "dataset", "columns.json"), encoding="utf-8") as stream:
        columns = json.load(stream)[table]
    out = []
    for one in columns:
        there = {}
        if "from" in one:
            path = os.path.join(schemas, "iceberg", one["from"] + ".json")
            with open(path, encoding="utf-8") as stream:
                named = {column["name"]: column for column in json.load(stream)["columns"]}
            there = named[one["name"]]
        out.append({**there, **one})
    return out


def check_columns(loaded):
    """The columns that are described, and of steps none that is known later."""
    described = {table: columns_of(table) for table in ("runs", "steps")}
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
    for table in read.metadata.record_sets:
        said = {field.name: field.description for field in table.fields}
        for one in columns_of(table.name):
            check(one["doc"] in said[one["name"]] and
                  said[one["name"]].endswith(f"known: {one['known']}"), f"{one}: {said}")
            check(f"| `{one['name']}` | `{one['type']}` | {one.get('unit', '')} |" in body,
                  f"{one} is not in the card")
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


def described_at_start():
    return {one["name"] for one in columns_of("runs") if one["known"] == "start"}


def check_no_leak(place):
    """Features at a step are the same whatever comes after it."""
    runs = analysis_features.load(place, "runs")
    steps = analysis_features.load(place, "steps")
    used = set(analysis_features.columns_known_at_start)
    check(used <= described_at_start(), f"known later: {used - described_at_start()}")
    random = numpy.random.default_rng(1)
    later = runs.copy()
    for name in set(runs.columns) - used - {"experiment_id"}:
        later[name] = random.permutation(later[name].to_numpy())
    ends = steps.groupby("experiment_id").iteration_step.transform("max")
    for until in (10, 20, ends[ends > 12] // 2):
        limit = until
        if not numpy.isscalar(until):
            until = until.groupby(steps.experiment_id).first()
            limit = steps.experiment_id.map(until)
        planted = steps.copy()
        future = (planted.iteration_step > limit).to_numpy()
        for name in planted.columns:
            if pandas.api.types.is_float_dtype(planted[name]):
                planted.loc[future, name] = random.normal(size=future.sum())
        planted.loc[future, "is_new_minimum"] = True
        planted.loc[future, "steps_since_improvement"] = 99
        right = analysis_features.at_step(runs, steps, until)
        pandas.testing.assert_frame_equal(
            analysis_features.at_step(later, planted, until), right)
        # the same in the past does show
        now = steps.copy()
        now.loc[now.iteration_step == 5, "total_energy"] -= 1e6
        changed = analysis_features.at_step(runs, now, until)
        check((changed.lowest != right.lowest).all(), "a value of step 5 is not seen")
    return runs, steps


def program_of_analysis(name, *words):
    """What it prints. It runs in this process: its libraries take seconds to load."""
    out, said, held = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = [name, *words]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
        runpy.run_path(os.path.join(ANALYSIS, name), run_name="__main__")
    sys.argv = held
    return out.getvalue(), said.getvalue()


def train(folder, place, program, *options):
    """The scores by model; what is printed fits a screen."""
    out = folder.file("scores.json")
    text, _ = program_of_analysis(program, place, *options, "--json", out)
    print(text)
    make_dataset.insert_scores(place, program, text)
    wide = [line for line in text.splitlines() if len(line) > 80]
    check(not wide, f"{program}: wider than 80 columns: {wide}")
    with open(out, encoding="utf-8") as stream:
        return {one["model"]: one for one in json.load(stream)["scores"]}


def check_models(folder, place, runs, steps):
    """Both models train; counts and baselines are worked out anew."""
    ends = steps.groupby("experiment_id").iteration_step.max()
    scores = train(folder, place, "predict_convergence.py", "--steps", "10")
    known = runs.set_index("experiment_id")
    hit = known.within_chemical_accuracy.dropna().reindex(ends.index[ends > 10]).dropna()
    for name, one in scores.items():
        check(one["rows"] == len(hit), f"{name}: {one['rows']} rows, not {len(hit)}")
        check(0 <= one["brier"] <= 1 and 0 <= one["roc_auc"] <= 1, f"{name}: {one}")
    rest = [hit[known.formula[hit.index] != formula].mean() for formula in
            known.formula[hit.index]]
    brier = numpy.mean((numpy.array(rest, float) - hit.astype(float).to_numpy()) ** 2)
    check(abs(scores["rate of all"]["brier"] - brier) < 1e-12, f"brier {brier}")
    check(scores["gradient boosting"]["roc_auc"] > 0.55, "it has learnt nothing")
    scores = train(folder, place, "estimate_energy.py", "--parts", "50")
    kept = known[known.fci_energy.notna() & (known.total_iterations >= 8)]
    seen = steps[steps.experiment_id.isin(kept.index)]
    half = numpy.ceil(seen.experiment_id.map(kept.total_iterations) / 2)
    lowest = seen[seen.iteration_step <= half].groupby("experiment_id").total_energy.min()
    mae = 1000 * (lowest - kept.total_energy.reindex(lowest.index)).abs().mean()
    check(abs(scores["lowest so far"]["mae"] - mae) < 1e-6, f"MAE {mae}")
    check(scores["lowest so far"]["rows"] == len(kept), f"{len(kept)} runs")
    with open(os.path.join(place, "README.md"), encoding="utf-8") as stream:
        card = stream.read()
    places = [card.find(text) for text in ("## Models", "predict_conv", "estimate_energy.py",
                                           "## Limitations")]
    check(-1 not in places and places == sorted(places), f"card: {places}")


def check_readers(warehouse):
    """Each library reads the same out of the lake."""
    sql = ("SELECT optimizer, count(*), avg(within_chemical_accuracy::INT) FROM "
           "ml_run_summary WHERE within_chemical_accuracy IS NOT NULL GROUP BY 1 "
           "ORDER BY 1")
    rows = lake("query", sql, "-w", warehouse, "-f", "csv").stdout.splitlines()[1:]
    cells = [row.split(",") for row in rows]
    right = [f"{one:12} {int(count):6} runs {100 * float(mean):6.1f} %"
             for one, count, mean in cells]
    check(len(right) == 8, f"{right}")
    for name in ("pandas", "pyiceberg", "polars", "duckdb"):
        text, said = program_of_analysis(f"read_{name}.py", warehouse)
        check(text.splitlines() == right, f"{name}: {text}")
        check(said == "", f"{name}: {said}")


def check_foreign(folder):
    """A record of another producer with fewer coordinates than atoms."""
    with open(os.path.join(harness.ROOT, "tests", "data", "other_producer.json"),
              encoding="utf-8") as stream:
        record = json.load(stream)
    molecule = record["vqe_result"]["molecule"]["molecule_data"] \
        if "molecule" in record["vqe_result"] else record["molecule"]["molecule_data"]
    molecule["coords"] = molecule["coords"][:1]
    raw = folder.file(os.path.join("raw", "experiments", "vqe"))
    os.makedirs(raw)
    with open(os.path.join(raw, "short.json"), "w", encoding="utf-8") as stream:
        json.dump(record, stream)
    foreign, place = folder.file("foreign"), folder.file("foreign-set")
    lake("normalize", folder.file("raw"), "-w", foreign)
    lake("featurize", "-w", foreign)
    lake("export", foreign, "--dataset", place)
    (row,) = load(place, "runs", folder.file("cache")).values()
    check(len(row) == 1 and row[0]["stretch"] is None, f"{row[0]}")


with harness.Folder() as folder:
    small = folder.file("small")
    make(small)
    warehouse, place = os.path.join(small, "lake"), os.path.join(small, "dataset")
    loaded = {name: load(place, name, folder.file("cache")) for name in CONFIGS}
    counted = check_texts(place)
    table = check_splits(loaded["runs"], loaded["runs_by_stretch"], counted)
    check_values(folder, warehouse, table, loaded)
    check_columns(loaded)
    check_models(folder, place, *check_no_leak(place))
    check_readers(warehouse)
    check_refusals(folder, warehouse, place)
    check_growth(folder, warehouse, table)
    check_foreign(folder)
print(f"{len(table)} runs: loaded, split, hashed and described as they are")

"""What the tests share that read the lake by programs of others: making
warehouses, a Garage to keep them in, and PyIceberg's view of the tables.

VQE_LAKE names vqe_lake, beside vqe_batch by default. Needs PyIceberg.
"""

import json
import math
import os
import re
import shlex
import subprocess
import sys

import harness
from harness import check
from pyiceberg.table import StaticTable

LAKE = os.environ.get("VQE_LAKE") or os.path.join(
    os.path.dirname(harness.BATCH), "vqe_lake"
)
NORMALISED = (
    "molecules ansatz_info performance_metrics vqe_results initial_parameters "
    "optimal_parameters vqe_iterations iteration_parameters hamiltonian_terms "
    "molecular_properties"
).split()
TABLES = [
    *NORMALISED,
    "processing_metadata",
    "ml_iteration_features",
    "ml_run_summary",
]
# has rows of experiments that ask for properties
MAY_BE_EMPTY = ("molecular_properties",)
KEYS = {
    "molecules": ["experiment_id", "molecule_id"],
    "ansatz_info": ["experiment_id", "molecule_id"],
    "performance_metrics": ["experiment_id", "molecule_id", "basis_set"],
    "vqe_results": ["experiment_id", "molecule_id", "basis_set"],
    "initial_parameters": ["parameter_id"],
    "optimal_parameters": ["parameter_id"],
    "vqe_iterations": ["iteration_id"],
    "iteration_parameters": ["parameter_id"],
    "hamiltonian_terms": ["term_id"],
    "molecular_properties": ["property_id"],
    "processing_metadata": ["processing_batch_id"],
    "ml_iteration_features": ["experiment_id", "iteration_step"],
    "ml_run_summary": ["experiment_id"],
}
# what the same results have otherwise in another warehouse
VOLATILE = {
    "processing_timestamp",
    "processing_date",
    "processing_batch_id",
    "table_versions",
    "source_data_info",
}
BAD = {"name": "bad", "symbols": ["Xx"], "coords": [[0, 0, 0]]}


def lake(*arguments, status=0, env=None, timeout=600):
    """Run vqe_lake; check its exit status (None: any)."""
    done = subprocess.run(
        [LAKE, *arguments],
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if status is not None:
        check(
            done.returncode == status,
            f"vqe_lake {shlex.join(arguments)}: exit status {done.returncode}, "
            f"not {status}\n{done.stdout}{done.stderr}",
        )
    return done


def run_jobs(folder):
    """Two result files: H2 and LiH with one molecule that cannot be, then one
    of another basis, so that tables get files of several partitions."""
    folder.write(
        "first.json",
        {
            "molecules": [harness.H2, harness.LIH, BAD],
            "properties": True,
            "ansatz": ["UCCSD", {"name": "EfficientSU2", "reps": 1}],
            "optimizer": {"name": "COBYLA", "max_evaluations": 20},
            "references": ["hf", "fci"],
            "seed": 3,
        },
    )
    folder.write(
        "second.json",
        {
            "molecules": [harness.H2],
            "properties": ["moments", "charges"],
            "basis": ["sto-3g", "6-31g"],
            "ansatz": {"name": "EfficientSU2", "reps": 1},
            "optimizer": {"name": "COBYLA", "max_evaluations": 15},
            "seed": [4, 5],
        },
    )
    folder.run("first.json", "--no-lake", status=1)
    folder.run("second.json", "--no-lake")
    return [folder.file("first.h5"), folder.file("second.h5")]


# ---- a Garage ----

GARAGE = """
set -u
. {root}/jobs/services/garage_server.sh
trap garage_stop EXIT
garage_start {data} || exit
env -0 | grep -z ^AWS_ | tr '\\0' '\\n'
echo started
while read -r line; do
  eval "$line" </dev/null
  echo "status $?"
done
"""


def has_garage():
    script = f". {shlex.quote(harness.ROOT)}/jobs/services/garage_server.sh; garage_find"
    done = subprocess.run(
        ["bash", "-c", script], stdout=subprocess.DEVNULL, check=False
    )
    return done.returncode == 0


class Garage:
    """A Garage on loopback; leaves with status 77 where there is none. It ends
    with this process, whichever way that ends."""

    def __init__(self, data):
        script = GARAGE.format(
            root=shlex.quote(harness.ROOT), data=shlex.quote(data)
        )
        self.bash = subprocess.Popen(
            ["bash", "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.env = {}
        for line in self.bash.stdout:
            if line == "started\n":
                break
            name, _, value = line.rstrip("\n").partition("=")
            self.env[name] = value
        else:
            status = self.bash.wait()
            if status == harness.SKIPPED:
                print("skipped: no Garage (jobs/setup/garage.sh)")
                sys.exit(harness.SKIPPED)
            harness.fail(f"Garage does not start: status {status}")
        # a proxy would not reach the loopback
        self.env["no_proxy"] = self.env["NO_PROXY"] = "127.0.0.1"
        self.endpoint = self.env["AWS_ENDPOINT_URL"]

    def do(self, command):
        """Run a shell command that knows the functions of garage_server.sh."""
        self.bash.stdin.write(command.replace("\n", " ") + "\n")
        self.bash.stdin.flush()
        said = []
        for line in self.bash.stdout:
            status = re.fullmatch(r"status (\d+)\n", line)
            if status:
                check(
                    status[1] == "0",
                    f"Garage: {command}: {status[1]} {''.join(said)}",
                )
                return "".join(said)
            said.append(line)
        return harness.fail(f"Garage ended at {command}")

    def key(self, name, allowed):
        """Another key; {bucket: "--read --write"}. Its environment."""
        identity = "GK" + os.urandom(12).hex()
        secret = os.urandom(32).hex()
        self.do(f"garage_admin key import --yes -n {name} {identity} {secret}")
        for bucket, rights in allowed.items():
            self.do(
                f"garage_admin bucket allow {rights} {bucket} --key {identity}"
            )
        return {
            **self.env,
            "AWS_ACCESS_KEY_ID": identity,
            "AWS_SECRET_ACCESS_KEY": secret,
        }

    def close(self):
        self.bash.stdin.close()
        self.bash.wait(timeout=30)


# ---- PyIceberg ----


def properties(env):
    """PyIceberg's settings for the store that the environment names."""
    return {
        "s3.endpoint": env["AWS_ENDPOINT_URL"],
        "s3.region": env["AWS_REGION"],
        "s3.access-key-id": env["AWS_ACCESS_KEY_ID"],
        "s3.secret-access-key": env["AWS_SECRET_ACCESS_KEY"],
        "s3.force-virtual-addressing": "false",
    }


class Local:
    """A warehouse in a folder, as PyIceberg sees it."""

    def __init__(self, path):
        self.place = path
        self.env = {}

    def version(self, name):
        hint = f"{self.place}/quantum_features/{name}/metadata/version-hint.text"
        with open(hint, encoding="ascii") as stream:
            return int(stream.read())

    def table(self, name):
        return StaticTable.from_metadata(
            f"{self.place}/quantum_features/{name}/metadata/"
            f"v{self.version(name)}.metadata.json"
        )


class Bucket:
    """A warehouse on S3, as PyIceberg sees it with the keys of `env`."""

    def __init__(self, place, env):
        from pyarrow import fs

        self.place = place
        self.env = env
        self.files = fs.S3FileSystem(
            access_key=env["AWS_ACCESS_KEY_ID"],
            secret_key=env["AWS_SECRET_ACCESS_KEY"],
            endpoint_override=env["AWS_ENDPOINT_URL"],
            region=env["AWS_REGION"],
        )

    def version(self, name):
        folder = self.place.split("://")[1]
        hint = f"{folder}/quantum_features/{name}/metadata/version-hint.text"
        with self.files.open_input_stream(hint) as stream:
            return int(stream.read())

    def table(self, name):
        return StaticTable.from_metadata(
            f"{self.place}/quantum_features/{name}/metadata/"
            f"v{self.version(name)}.metadata.json",
            properties=properties(self.env),
        )


def key_of(name, row):
    return tuple(row[column] for column in KEYS[name])


def rows_of(table, name, scan=None):
    """All rows by key; a key there twice is a failure."""
    rows = (scan or table.scan()).to_arrow().to_pylist()
    found = {key_of(name, row): row for row in rows}
    check(len(found) == len(rows), f"{name}: a key twice")
    return found


def snapshots(warehouse, names=TABLES):
    """Ids of the snapshots of each table."""
    return {
        name: [s.snapshot_id for s in warehouse.table(name).metadata.snapshots]
        for name in names
    }


def is_same(left, right):
    """Equal, of one type, to the last bit."""
    if isinstance(left, float) and isinstance(right, float):
        return left == right and math.copysign(1, left) == math.copysign(1, right)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(is_same, left, right))
    return type(left) is type(right) and left == right


def is_close(left, right):
    """Equal, doubles to some units in the last place: two engines add in other
    orders."""
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-12, abs_tol=1e-13)
    return is_same(left, right)


def compare(what, found, wanted, left_out=frozenset(), same=is_same):
    """Two readings of one table, each {key: row}, column by column."""
    check(
        found.keys() == wanted.keys(),
        f"{what}: {len(found)} rows, not {len(wanted)}; differing keys "
        f"{list(found.keys() ^ wanted.keys())[:4]}",
    )
    for key, row in wanted.items():
        there = found[key]
        check(
            list(there) == list(row), f"{what}: columns {list(there)}, {list(row)}"
        )
        for column, value in row.items():
            check(
                column in left_out or same(there[column], value),
                f"{what}, {key}: {column} is {there[column]!r}, not {value!r}",
            )


def compare_results(what, found, wanted, features=is_same):
    """Two warehouses of the same results, made in as many runs: all but when
    and by which run. `features`: when values of these are the same."""
    for name in TABLES:
        left = rows_of(found.table(name), name)
        right = rows_of(wanted.table(name), name)
        if name == "processing_metadata":
            # keyed by run, so in the order of the runs
            by_time = lambda row: row["processing_timestamp"]  # noqa: E731
            left = dict(enumerate(sorted(left.values(), key=by_time)))
            right = dict(enumerate(sorted(right.values(), key=by_time)))
        else:
            check(right or name in MAY_BE_EMPTY, f"{name}: there is nothing to compare")
        same = features if name.startswith("ml_") else is_same
        compare(f"{what}: {name}", left, right, VOLATILE, same)


def query_rows(place, name, env=None):
    """A table as vqe_lake query gives it, {key: row} of JSON values."""
    said = lake(
        "query", f"SELECT * FROM {name}", "-w", place, "-f", "json", env=env
    ).stdout
    rows = json.loads(said)
    found = {key_of(name, row): row for row in rows}
    check(len(found) == len(rows), f"query of {name}: a key twice")
    return found

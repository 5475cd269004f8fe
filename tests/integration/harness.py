"""What the tests of the program share: running it, and reading results.

VQE_BATCH names the program, MPIRUN the launcher (mpirun).
"""

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

BATCH = os.environ.get("VQE_BATCH") or os.path.join(
    os.path.dirname(__file__), "..", "..", "build", "release", "vqe_batch"
)
BATCH = os.path.abspath(BATCH)
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
SKIPPED = 77  # exit status of a test that cannot run here

H2 = {"name": "H2", "symbols": ["H", "H"], "coords": [[0, 0, 0], [0, 0, 0.7414]]}
LIH = {
    "name": "LiH",
    "symbols": ["Li", "H"],
    "coords": [[0, 0, 0], [0, 0, 1.5949]],
}
H2O = {
    "name": "H2O",
    "symbols": ["O", "H", "H"],
    "coords": [[0, 0, 0.1173], [0, 0.7572, -0.4692], [0, -0.7572, -0.4692]],
}
NH3 = {
    "name": "NH3",
    "symbols": ["N", "H", "H", "H"],
    "coords": [
        [0, 0, 0.1128],
        [0, 0.9395, -0.2632],
        [0.8137, -0.4698, -0.2632],
        [-0.8137, -0.4698, -0.2632],
    ],
}


def environment():
    env = dict(os.environ)
    if os.geteuid() == 0:
        env["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
        env["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    return env


def command(ranks, arguments):
    """ranks 0: without a launcher."""
    words = [BATCH, *map(str, arguments)]
    if ranks > 0:
        launcher = os.environ.get("MPIRUN", "mpirun")
        words = [launcher, "--oversubscribe", "-np", str(ranks), *words]
    return words


class Folder:
    """A scratch folder to run in."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="vqe-test-")
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            shutil.rmtree(self.path)
        else:
            print("left for inspection:", self.path, file=sys.stderr)

    def file(self, name):
        return os.path.join(self.path, name)

    def write(self, name, content):
        with open(self.file(name), "w", encoding="utf-8") as stream:
            if isinstance(content, str):
                stream.write(content)
            else:
                json.dump(content, stream)
        return name

    def run(self, *arguments, ranks=0, status=0, timeout=600):
        """Run the program here; check its exit status (None: any)."""
        words = command(ranks, arguments)
        done = subprocess.run(
            words,
            cwd=self.path,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if status is not None and done.returncode != status:
            fail(
                f"{' '.join(words)}: exit status {done.returncode}, "
                f"expected {status}\n{done.stdout}{done.stderr}"
            )
        return done

    def summary(self, *arguments, **settings):
        """Run with --summary and read it."""
        self.run(*arguments, "--summary", "summary.json", **settings)
        with open(self.file("summary.json"), encoding="utf-8") as stream:
            return json.load(stream)


def fail(text):
    print("FAILED:", text, file=sys.stderr)
    sys.exit(1)


def check(condition, text):
    if not condition:
        fail(text)


def unfolded(text):
    """Text of the screen as one line, as the length of paths decides where the
    program folds it."""
    return " ".join(text.split())


def h5py_or_skip():
    try:
        import h5py
    except ImportError:
        print("skipped: this Python has no h5py")
        sys.exit(SKIPPED)
    return h5py


def children_of(parent):
    """Processes below `parent` that run our program."""
    tree = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="utf-8") as stream:
                head, _, tail = stream.read().rpartition(")")
        except OSError:
            continue
        pid, name = head.split(" (", 1)
        tree.setdefault(int(tail.split()[1]), []).append((int(pid), name))
    found, below = [], [parent]
    while below:
        for pid, name in tree.get(below.pop(), []):
            below.append(pid)
            if name.startswith("vqe_batch"):
                found.append(pid)
    return found


def start(folder, ranks, *arguments):
    return subprocess.Popen(
        command(ranks, arguments), cwd=folder.path,
        env=environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )


def journal_bytes(folder, output):
    paths = glob.glob(folder.file(output + ".journal/*"))
    return sum(os.path.getsize(path) for path in paths)


def wait_for(process, condition, what):
    for _ in range(6000):
        if process.poll() is not None:
            fail(f"ended before {what}: {process.stdout.read()}")
        if condition():
            return
        time.sleep(0.005)
    fail(f"waited too long for {what}")


# What may differ between runs: when, where, how long, how much memory.
VOLATILE = {
    "integrals_time",
    "scf_time",
    "transform_time",
    "mapping_time",
    "fci_time",
    "vqe_time",
    "total_time",
    "hamiltonian_cpu_time",
    "mapping_cpu_time",
    "fci_cpu_time",
    "vqe_cpu_time",
    "mpi_rank",
    "mpi_ranks",
    "started_at",
    "finished_at",
    "peak_memory",
    "performance_start",
    "performance_end",
    "seconds",
}


def result_bytes(path):
    """Everything of a result file that a run must reproduce, as bytes by
    name."""
    h5py = h5py_or_skip()
    held = {}
    with h5py.File(path) as file:
        for table in ("summary", "settings", "molecules", "results"):
            rows = file[table][:]
            for name in rows.dtype.names:
                if name not in VOLATILE:
                    held[f"{table}/{name}"] = rows[name].tobytes()
        for group in file["experiments"].values():
            for name, data in group.items():
                values = data[:]
                if values.dtype.names is None:
                    held[data.name] = values.tobytes()
                    continue
                for column in values.dtype.names:
                    if column not in VOLATILE:
                        held[f"{data.name}/{column}"] = values[column].tobytes()
    return held


def check_same(path, other, text):
    left, right = result_bytes(path), result_bytes(other)
    check(left.keys() == right.keys(), f"{text}: other data sets")
    differing = [name for name in left if left[name] != right[name]]
    check(not differing, f"{text}: differs in {differing[:8]}")

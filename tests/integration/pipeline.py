#!/usr/bin/env python3
"""The whole chain by the commands of a user: jobs/services/up brings up Kafka,
registry, Garage, a connector and Spark; jobs/pipeline.sh simulates, publishes,
lands, normalises and featurises by Spark, and syncs to a second bucket, where
PyIceberg reads the features with a key that the first bucket refuses. A second
time adds nothing; a service that died is started again with its data; secrets
stand in no argument, no log and no file that others may read.

Services: kafka garage spark.
"""

import json
import os
import stat
import subprocess
import sys
import tempfile
import time

import harness
from harness import check

try:
    import h5py
    from lake_readers import Bucket
except ImportError as lacking:
    print(f"skipped: this Python has no {lacking.name}")
    sys.exit(harness.SKIPPED)

SERVICES = os.path.join(harness.ROOT, "jobs", "services")
LAKE = os.path.join(os.path.dirname(harness.BATCH), "vqe_lake")
NAMES = ["kafka", "registry", "garage", "connect", "spark"]
JOB = {
    "molecules": [
        {"name": "H2 µ", "symbols": ["H", "H"], "coords": [[0, 0, 0], [0, 0, 0.74]]},
        {"name": "HeH", "symbols": ["He", "H"], "coords": [[0, 0, 0], [0, 0, 0.9]]},
    ],
    "ansatz": ["UCCSD", "EfficientSU2"],
    "seed": [1, 2],
}
JOB["molecules"][1]["charge"] = 1


class Stack:
    def __init__(self, folder):
        self.folder = folder
        self.state = os.path.join(folder, "state of services")
        self.env = {**harness.environment(), "VQE_SERVICES": self.state}
        # what the machine has set is not what `up` gives
        for name in list(self.env):
            if name.startswith(("AWS_", "VQE_KAFKA_", "VQE_REGISTRY_", "RCLONE_")):
                del self.env[name]

    def run(self, *words, status=(0,), timeout=400):
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        print(done.stdout, flush=True)
        check(done.returncode in status, f"{words}: {done.returncode}")
        return done.stdout

    def service(self, verb, *names, **options):
        return self.run(os.path.join(SERVICES, verb), *names, **options)

    def settings(self):
        path = os.path.join(self.state, "environment")
        mode = stat.S_IMODE(os.stat(path).st_mode)
        check(mode == 0o600, f"{path} has mode {mode:o}")
        done = subprocess.run(
            ["bash", "-c", 'set -a; . "$0"; env -0', path],
            stdout=subprocess.PIPE,
            check=True,
            env={"PATH": os.environ["PATH"]},
        )
        pairs = done.stdout.decode().split("\0")
        return dict(pair.split("=", 1) for pair in pairs if "=" in pair)

    def pids(self, name):
        with open(os.path.join(self.state, name, "pids"), encoding="utf-8") as file:
            return [int(line.split()[0]) for line in file]


def secrets_of(settings):
    words = ("PASSWORD", "SECRET")
    found = {v for k, v in settings.items() if any(w in k for w in words)}
    check(len(found) >= 4, f"only {len(found)} secrets in the environment")
    return found


def look_for_secrets(stack, secrets):
    """In the arguments of every process, in logs, and in files that others may
    read."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                text = file.read().decode(errors="replace")
        except OSError:
            continue
        for secret in secrets:
            check(secret not in text, f"a secret in the arguments of {pid}: {text[:80]}")
    looked = 0
    for place, _, names in os.walk(stack.state):
        for name in names:
            path = os.path.join(place, name)
            open_to_others = stat.S_IMODE(os.stat(path).st_mode) & 0o077
            is_log = name == "log" or name.endswith(".log")
            if os.path.getsize(path) > 50e6 or not (open_to_others or is_log):
                continue
            with open(path, "rb") as file:
                text = file.read().decode(errors="replace")
            looked += 1
            for secret in secrets:
                check(secret not in text, f"a secret in {path}")
    check(looked >= 5, f"only {looked} files looked at")
    mode = stat.S_IMODE(os.stat(stack.state).st_mode)
    check(mode == 0o700, f"{stack.state} has mode {mode:o}")


def features_at_target(settings):
    """ml_run_summary in the second bucket, by PyIceberg with its key alone; the
    metadata name nothing of the first."""
    theirs = {
        **settings,
        "AWS_ACCESS_KEY_ID": settings["RCLONE_CONFIG_R2_ACCESS_KEY_ID"],
        "AWS_SECRET_ACCESS_KEY": settings["RCLONE_CONFIG_R2_SECRET_ACCESS_KEY"],
    }
    try:
        Bucket("s3://features/warehouse", theirs).version("ml_run_summary")
    except OSError as error:
        check("ACCESS_DENIED" in str(error).upper().replace(" ", "_"), f"{error}")
    else:
        harness.fail("the second key opens the first bucket")
    table = Bucket("s3://published/warehouse", theirs).table("ml_run_summary")
    for task in table.scan().plan_files():
        place = task.file.file_path
        check("://published/" in place, f"{place} is not in the second bucket")
    return table.scan().to_arrow().to_pylist()


def computed(path):
    with h5py.File(path) as file:
        table = file["summary"][:]
    return {row["experiment_id"].decode(): row["energy"] for row in table}


def compare(rows, energies):
    check(len(rows) == len(energies), f"{len(rows)} rows of {len(energies)}")
    for row in rows:
        energy = energies[row["experiment_id"]]
        check(
            abs(row["total_energy"] - energy) < 1e-12,
            f"{row['experiment_id']}: {row['total_energy']} is not {energy}",
        )


def no_process_left(pids):
    deadline = time.monotonic() + 10
    while any(os.path.exists(f"/proc/{pid}") for pid in pids):
        left = [pid for pid in pids if os.path.exists(f"/proc/{pid}")]
        check(time.monotonic() < deadline, f"still there: {left}")
        time.sleep(0.1)


def main():
    with tempfile.TemporaryDirectory(prefix="vqe-pipeline-") as folder:
        stack = Stack(folder)
        with open(os.path.join(folder, "job.json"), "w", encoding="utf-8") as file:
            json.dump(JOB, file)
        pipeline = os.path.join(harness.ROOT, "jobs", "pipeline.sh")
        said = stack.run(pipeline, "job.json", status=(2,))
        check("jobs/services/up" in said, "the remedy is not named")
        try:
            stack.service("up", *NAMES)
            settings = stack.settings()
            stack.run(pipeline, "job.json")
            energies = computed(os.path.join(folder, "job.h5"))
            check(len(energies) == 8, f"{len(energies)} results, not 8")
            compare(features_at_target(settings), energies)
            look_for_secrets(stack, secrets_of(settings))

            # a service that died is seen, and comes back with its data
            os.kill(stack.pids("registry")[0], 9)
            os.kill(stack.pids("garage")[0], 9)
            said = stack.service("status", status=(1,))
            check(said.count(" died ") == 2, "two services died")
            said = stack.service("up", *NAMES)
            check(said.count("started in") == 2, "two are started again")
            check(said.count("runs at") == 3, "the others are left alone")

            # the same again, by the other engine: nothing is added
            stack.run(pipeline, "--engine", "vqe_lake", "job.json")
            compare(features_at_target(stack.settings()), energies)
            pids = [pid for name in NAMES for pid in stack.pids(name)]
        finally:
            stack.service("down")
        no_process_left(pids)
        stack.service("down", "--delete")
        check(not os.path.exists(stack.state), f"{stack.state} is still there")
    print("passed")


main()

#!/usr/bin/env python3
"""Every call of the system fails once while ingest reads a topic of a real
Kafka: no crash, a clear message, and the next ingest of the same group comes
to the tables of an undisturbed one.

VQE_FAULT_POINTS: fault_points.py.

Services: kafka.

The programs: stream_services.py. Exit status 77: no Java or package.
"""

import os
import sys

import harness
from harness import check

try:
    from stream_services import LAKE, Services, publish
except ImportError as lacking:
    print(f"skipped: this Python has no {lacking.name}")
    sys.exit(harness.SKIPPED)
import crash_tables  # noqa: E402
from fault_points import run, walk  # noqa: E402

COUNT = 6


class Ingest:
    """Each point reads the topic as a group of its own."""

    name = "ingest"
    kinds = ("alloc", "write", "file", "sync", "net")
    keeps_outside = True

    def words(self, folder):
        return [os.path.abspath(LAKE), "ingest", "--topic", "faults", "-w", "tables",
                "--group", os.path.basename(folder), "-t", "1"]

    def prepare(self, base, folder):
        pass

    def compare(self, base, folder, text):
        mine = crash_tables.rows_of(os.path.join(folder, "tables"))
        wanted = crash_tables.rows_once(os.path.join(base, "tables"))
        check(mine == wanted, f"{text}: {mine}\nnot {wanted}")
        crash_tables.check_sound(os.path.join(folder, "tables"), text)


services = Services()
try:
    with harness.Folder() as folder:
        services(f"kafka_start {folder.file('kafka')}")
        services(f"registry_start {folder.file('registry')}")
        services.topics("--create --topic faults --partitions 2")
        os.environ.update(VQE_KAFKA_BROKERS=services.env["KAFKA_BROKERS"],
                          VQE_REGISTRY_URL=services.env["REGISTRY_URL"],
                          no_proxy="127.0.0.1")
        folder.write("job.json", {
            "molecules": [harness.H2],
            "ansatz": [{"name": "RealAmplitudes", "reps": 1}],
            "optimizer": [{"name": "COBYLA", "max_evaluations": 20}],
            "seed": list(range(1, COUNT + 1)), "output": "job.h5"})
        folder.run("job.json", "--no-lake")
        publish(services, folder, "topic=faults", folder.file("job.h5"))
        scene = Ingest()
        done = run(scene.words(folder.path), folder.path)
        check(done.returncode == 0, done.stderr)
        walk(folder.path, [scene])
        services.stop()
finally:
    services.stop()

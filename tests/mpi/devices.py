#!/usr/bin/env python3
"""A device or a library of gates that is demanded and not there stops the run
before it begins; a device that rank 0 lacks may be another rank's, a library
may not. With emulated devices, which each rank is shown by
CUDA_VISIBLE_DEVICES."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "integration"))
import harness  # noqa: E402
from harness import check  # noqa: E402

EMULATED = os.path.join(os.path.dirname(harness.BATCH), "tests", "vqe_batch_emulated")
GATES = ("--gates", "custatevec")
CUDA = ("--device", "cuda")


def run(folder, shown, library, *words):
    """Status and text of the screen of a run; each rank sees the devices that
    `shown` has for it."""
    for name in ("out.h5", "out.json"):
        if os.path.exists(folder.file(name)):
            os.remove(folder.file(name))
    env = {**harness.environment(), "OPENBLAS_NUM_THREADS": "1"}
    if not library:
        env["VQE_TEST_NO_LIBRARY"] = "1"
    words = [EMULATED, folder.file("job.json"), "--no-lake", "-o", "out.h5",
             "--summary", "out.json", *words]
    command = [os.environ.get("MPIRUN", "mpirun"), "--oversubscribe"]
    for devices in shown:
        command += ["-np", "1", "-x", f"CUDA_VISIBLE_DEVICES={devices}", *words, ":"]
    done = subprocess.run(command[:-1], env=env, cwd=folder.path,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=120, check=False)
    return done.returncode, harness.unfolded(done.stdout + done.stderr)


def refused(folder, shown, library, reason, *words):
    status, text = run(folder, shown, library, *words)
    check(status == 2, f"{words} of {shown}: status {status}\n{text}")
    check(reason in text, f"{words} of {shown}: not '{reason}'\n{text}")
    check(not os.path.exists(folder.file("out.h5")), f"{words} of {shown}: a result")


def computed(folder, shown, library, *words):
    status, text = run(folder, shown, library, *words)
    check(status == 0, f"{words} of {shown}: status {status}\n{text}")
    with open(folder.file("out.json"), encoding="utf-8") as stream:
        rows = json.load(stream)
    check(len(rows) == 4, f"{words} of {shown}: {rows}")
    for row in rows:
        check(row["status"] == "ok" and "emulation" in (row["device"] or ""),
              f"{words} of {shown}: {row}")


with harness.Folder() as folder:
    folder.write("job.json", {"molecules": [harness.H2], "seed": [1, 2, 3, 4]})
    no_library = "--gates custatevec: no cuStateVec is emulated"
    for shown in (["0"], ["", "0"], ["0", ""], ["", ""]):
        refused(folder, shown, False, no_library, *GATES)
    refused(folder, ["", ""], True, "--gates custatevec: no CUDA device", *GATES)
    refused(folder, ["", ""], True, "device 'cuda': no CUDA device", *CUDA)
    computed(folder, ["", "0"], True, *GATES, *CUDA)
    computed(folder, ["", "0"], False, *CUDA)
print("devices and libraries that are not there are refused before the run")

#!/usr/bin/env python3
"""OpenBLAS has kernels of its own for each type of processor. On every type
that this processor can run: the unit tests of what computes pass, a job run
twice gives the same bits, and energies are those of the other types. Units
under the type that OpenBLAS takes by itself are those of `tests/run.sh quick`,
and are not run again."""

import os
import re
import subprocess

import harness
from harness import check

# Values of OPENBLAS_CORETYPE, and the flags of /proc/cpuinfo that each needs;
# None: unset, and OpenBLAS chooses.
CORE_TYPES = {
    None: set(),
    "Haswell": {"avx2", "fma"},
    "Zen": {"avx2", "fma"},
    "SkylakeX": {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"},
}
# whose kernels it has: what units say of one they say of the other
SAME_KERNELS = {"Zen": "Haswell"}
# all but those of emulated devices, whose kernels are not OpenBLAS's
UNITS = ["-R", "^(chem|operators|ansatz|sim|estimator|optimize|vqe)/",
         "-E", "-(emulated|library)$"]
N2 = {"name": "N2", "symbols": ["N", "N"],
      "coords": [[0, 0, -0.5488], [0, 0, 0.5488]]}
JOB = {"molecules": [harness.H2, harness.LIH, harness.H2O, harness.NH3, N2],
       "ansatz": ["UCCSD", "k-UpCCGSD", "ADAPT-VQE", "LUCJ"], "seed": 1,
       "optimizer": {"name": "L-BFGS-B", "max_evaluations": 20}}


def processor_flags():
    with open("/proc/cpuinfo", encoding="utf-8") as stream:
        found = re.search(r"^flags\s*:(.*)$", stream.read(), re.MULTILINE)
    return set(found.group(1).split()) if found else set()


def set_core_type(name):
    os.environ.pop("OPENBLAS_CORETYPE", None)
    if name is not None:
        os.environ["OPENBLAS_CORETYPE"] = name


def core_in_use():
    """What OpenBLAS says when it is loaded; nothing where it was built for one
    type alone."""
    done = subprocess.run(
        [harness.BATCH, "--version"], check=True, capture_output=True,
        text=True, env={**harness.environment(), "OPENBLAS_VERBOSE": "2"})
    found = re.search("^Core: (.*)$", done.stdout + done.stderr, re.MULTILINE)
    return found.group(1) if found else None


def pass_units():
    done = subprocess.run(
        ["ctest", "--test-dir", os.path.dirname(harness.BATCH),
         "--no-tests=error", "--output-on-failure", "-j", str(os.cpu_count()),
         *UNITS],
        check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    check(done.returncode == 0, done.stdout + done.stderr)
    return re.search(r"tests failed out of (\d+)", done.stdout).group(1)


def results(folder, job):
    """The summary without times and memory."""
    rows = folder.summary(job, "--no-lake", "--force")
    check(all(row["status"] == "ok" for row in rows), rows)
    return [{key: value for key, value in row.items()
             if not re.match("seconds|peak_memory", key)} for row in rows]


def largest_difference(rows, others):
    """Of energies, in hartree."""
    return max(abs(row[key] - other[key]) for row, other in zip(rows, others)
               for key in ("energy", "energy_hf", "energy_mp2", "energy_fci"))


flags = processor_flags()
with harness.Folder() as folder:
    job = folder.write("job.json", JOB)
    first = None
    tried = set()
    for name, needed in CORE_TYPES.items():
        if not needed <= flags:
            print(f"{name}: not run, this processor lacks",
                  *sorted(needed - flags))
            continue
        set_core_type(name)
        core = core_in_use()
        kernels = SAME_KERNELS.get(core, core)
        count = "units elsewhere"
        if first is not None and kernels not in tried:
            count = f"{pass_units()} unit tests"
        tried.add(kernels)
        rows = results(folder, job)
        check(rows == results(folder, job), f"{name}: other bits when repeated")
        first = first or rows
        apart = largest_difference(rows, first)
        check(apart <= 1e-9, f"{name}: an energy is {apart} hartree off")
        print(f"{name or 'unset'} ({core}): {count}, {len(rows)} experiments twice, {apart:.1e} hartree apart")

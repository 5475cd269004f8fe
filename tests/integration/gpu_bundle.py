#!/usr/bin/env python3
"""tests/gpu.sh without a GPU, and with one that a stand-in plays: where there is
none it says so and has status 77; stages run in order, each with its time; a test
that skips its cases, an energy or a bench number that differs, fails; stages
that begin after the budget are left out. It calls no Python and no compiler.
"""

import json
import os
import shutil
import stat
import subprocess

import harness
from harness import check

SCRIPT = os.path.join(harness.ROOT, "tests", "gpu.sh")
UNITS = ("device-t-products", "device-t-device_estimators", "sim-t-circuit_energies",
         "sim-t-gradient", "sim-t-uccsd_energies", "sim-t-phases", "sim-t-pool_slopes",
         "sim-t-lucj", "sim-t-kupccgsd", "vqe-t-run_device", "device-t-gates",
         "device-t-device_custatevec")
# the program with a device: --devices lists one, --device cuda is done by the CPU,
# with an energy that is off by VQE_TEST_OFF
BATCH = """#!/bin/bash
case " $* " in
  *" --devices "*)
    echo "0: Stand-in, CUDA 13.0"
    echo "products: cuBLAS 13.1.2"
    echo "cuStateVec: ${VQE_TEST_LIBRARY:-not here}"
    exit 0 ;;
esac
words=()
summary=
while [ $# -gt 0 ]; do
  case $1 in
    --device) [ "$2" = cpu ] || on=gpu; shift ;;
    --gates | --lanes) shift ;;
    --summary) summary=$2; words+=("$1" "$2"); shift ;;
    *) words+=("$1") ;;
  esac
  shift
done
REAL "${words[@]}" || exit
if [ "${on:-}" = gpu ] && [ -n "$summary" ] && [ -n "${VQE_TEST_OFF:-}" ]; then
  sed -i 's/"energy": -1\\.1/"energy": -1.2/' "$summary"
fi
"""
BENCH = """#!/bin/bash
echo bench "$@"
while [ $# -gt 0 ]; do
  [ "$1" != --json ] || out=$2
  [ "$1" != --device ] || device=$2
  shift
done
energy=-1.0
[ "$device" != cuda ] || energy=${VQE_TEST_BENCH:--1.0}
[ -z "${out:-}" ] || cat >"$out" <<JSON
{"hostname": "here"}
{"workload": "roofline/x", "status": "ok"}
{"workload": "energy/full/H2", "status": "ok", "energy": $energy}
{"workload": "gradient/full/H2", "status": "ok", "energy": -1.0, "gradient_norm": 2.0}
JSON
"""
UNIT = """#!/bin/bash
echo "$0 ran on a device"
case $0 in *${VQE_TEST_SKIPS:-none of them}) echo "skipped: no device" ;; esac
"""


def write(path, text):
    with open(path, "w") as stream:
        stream.write(text)
    os.chmod(path, stat.S_IRWXU)


def bundle(folder):
    """As tests/gpu.sh --bundle lays it out, with stand-ins."""
    top = folder.file("vqe_gpu")
    tests = os.path.join(top, "lib", "vqe_batch", "tests")
    for path in ("bin", "tests/data", "jobs"):
        os.makedirs(os.path.join(top, path))
    os.makedirs(tests)
    shutil.copy(SCRIPT, os.path.join(top, "tests", "gpu.sh"))
    with open(os.path.join(top, "jobs", "thesis.json"), "w") as stream:
        json.dump({"molecules": [harness.H2, harness.LIH], "seed": 1}, stream)
    write(os.path.join(top, "bin", "vqe_batch"), BATCH.replace("REAL", harness.BATCH))
    write(os.path.join(top, "bin", "vqe_bench"), BENCH)
    write(os.path.join(top, "bin", "mpirun"), '#!/bin/bash\nshift 3\n"$@"\n')
    os.symlink(os.path.join(os.path.dirname(harness.BATCH), "vqe_lake"),
               os.path.join(top, "bin", "vqe_lake"))
    for unit in UNITS:
        write(os.path.join(tests, unit), UNIT)
    return top


def run(top, folder, *, status, **more):
    """The report of a run without Python and compilers on the path."""
    path = folder.file("path")
    shutil.rmtree(folder.file("out"), ignore_errors=True)
    if not os.path.isdir(path):
        os.mkdir(path)
        for name in ("bash", "sh", "awk", "grep", "sed", "date", "cat", "tee", "mkdir",
                     "dirname", "id", "nproc", "tail", "head", "rm", "env", "git"):
            os.symlink(shutil.which(name), os.path.join(path, name))
    env = {"PATH": path, "HOME": folder.path, "TMPDIR": folder.path, **more}
    done = subprocess.run([os.path.join(top, "tests", "gpu.sh"), folder.file("out")],
                          env=env, cwd=folder.path, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=300, check=False)
    said = done.stdout + done.stderr
    check("command not found" not in said, said)
    check(done.returncode == status, f"{more}: {done.returncode}\n{said}")
    with open(folder.file("out/report.txt")) as stream:
        return stream.read()


def main():
    with harness.Folder() as folder:
        top = bundle(folder)
        stages = ["agreement", "jobs", "bench", "small", "custatevec", "sanitizer"]
        report = run(top, folder, status=0)
        found = [line.split()[1].rstrip(":") for line in report.splitlines()
                 if line.startswith("stage ")]
        check(found == stages, f"{found}")
        check("skipped: tests and bench of cuStateVec" in report, report)
        check("2 energies, 0.0 hartree apart at most" in report, report)
        check(report.count("passed") > 20 and "FAILED" not in report, report)
        # what must fail does
        report = run(top, folder, status=1, VQE_GPU_STAGES="jobs", VQE_TEST_OFF="1")
        check("job-thesis-agrees            FAILED" in report, report)
        report = run(top, folder, status=1, VQE_GPU_STAGES="bench",
                     VQE_TEST_BENCH="-1.0001")
        check("bench-cuda-agrees            FAILED" in report, report)
        report = run(top, folder, status=1, VQE_GPU_STAGES="agreement",
                     VQE_TEST_SKIPS="sim-t-lucj")
        check("sim-t-lucj                   FAILED" in report, report)
        # with cuStateVec, and no time
        report = run(top, folder, status=0, VQE_GPU_STAGES="bench custatevec",
                     VQE_TEST_LIBRARY="1.15.0")
        check("bench-custatevec-agrees      passed" in report, report)
        report = run(top, folder, status=0, VQE_GPU_BUDGET="0")
        check(report.count("left out, 0 seconds are over") == 6, report)
        # no device
        real = os.path.join(top, "bin", "vqe_batch")
        os.remove(real)
        os.symlink(harness.BATCH, real)
        with open(folder.file("devices"), "w") as stream:
            there = subprocess.run([real, "--devices"], stdout=stream, stderr=stream,
                                   check=False).returncode == 0
        if not there:
            report = run(top, folder, status=77)
            check("no CUDA device: " in report and "skipped: no GPU" in report, report)
    print("6 stages in order; wrong energies, numbers and skipped cases fail")


main()

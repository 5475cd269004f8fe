#!/usr/bin/env python3
"""Jobs that publish while something fails: the registry away at the start and
in the middle, no space for the spool, rank 0 killed before the broker has
in time, a record beyond what a broker reads. After each, every experiment is
on the topic at least once and in the tables exactly once.

Services: kafka.

The programs: stream_services.py. Exit status 77: no Java or package.
"""

import os
import signal
import subprocess
import sys

import harness
from harness import check

h5py = harness.h5py_or_skip()
try:
    from stream_services import (
        Services,
        count_on,
        end_batch,
        ids_on,
        lake,
        publish,
        spooled,
        start_batch,
        wait_for,
    )
except ImportError as lacking:
    print(f"skipped: this Python has no {lacking.name}")
    sys.exit(harness.SKIPPED)

COUNT = 12


def write_job(folder, name, evaluations=30, reps=2):
    job = {
        "molecules": [harness.LIH],
        "ansatz": [{"name": "RealAmplitudes", "reps": reps}],
        "optimizer": [{"name": "COBYLA", "max_evaluations": evaluations}],
        "references": ["hf"],
        "seed": list(range(1, COUNT + 1)),
        "output": f"{name}.h5",
        "warehouse": False,
        "kafka": {"topic": name},
    }
    return folder.write(f"{name}.json", job)


def check_once(services, folder, name):
    """At least once on the topic, once in the tables."""
    with h5py.File(folder.file(f"{name}.h5")) as file:
        wanted = {row["experiment_id"].decode() for row in file["settings"][:]}
    check(len(wanted) == COUNT, f"{len(wanted)} experiments")
    found = ids_on(services, name)
    check(found == wanted, f"{name}: {len(wanted - found)} are not on the topic")
    lake(services, folder, "ingest", "--topic", name, "-w", f"{name}.tables")
    query = "SELECT count(*) AS n, count(DISTINCT experiment_id) AS ids FROM {}"
    for table in ("molecules", "vqe_results", "performance_metrics"):
        words = ("-w", f"{name}.tables", "--format", "csv")
        out = lake(services, folder, "query", query.format(table), *words)
        check(out.split()[-1] == f"{COUNT},{COUNT}", f"{table}: {out}")


def registry_cases(services, folder):
    # away at the start; it comes while the job waits at its end
    services.topics("--create --topic start")
    job = write_job(folder, "start")
    process = start_batch(services, folder, job)
    wait_for(lambda: spooled(folder, "vqe_spool") == COUNT, "all in the spool")
    services(f"registry_start {folder.file('registry')}")
    out, err = end_batch(process)
    check(f"{COUNT} records delivered" in out and "registry" in err, out + err)
    check(spooled(folder, "vqe_spool") == 0, "the spool is not empty")
    check_once(services, folder, "start")

    # away all the time: the next command brings them
    services("registry_stop")
    services.topics("--create --topic away")
    job = write_job(folder, "away")
    out, err = end_batch(start_batch(services, folder, job), status=1)
    check(f"{COUNT} records are undelivered" in err, err)
    services(f"registry_start {folder.file('registry')}")
    out = lake(services, folder, "publish", "--topic", "away")
    check(f"{COUNT} records delivered" in out, out)
    check_once(services, folder, "away")
    print("registry away:", *(n for n in err.splitlines() if "undeliv" in n))

    # it ends in the middle: the schema's id is known
    services.topics("--create --topic middle")
    job = write_job(folder, "middle", evaluations=2000)
    process = start_batch(services, folder, job)
    wait_for(lambda: count_on(services, "middle") > 0, "a first record")
    services("registry_stop")
    before = count_on(services, "middle")
    out, err = end_batch(process)
    check(before < COUNT, "the registry ended too late")
    check(f"{COUNT} records delivered" in out, out + err)
    services(f"registry_start {folder.file('registry')}")
    # this registry has forgotten its schemas: registered anew, same number
    lake(services, folder, "publish", "middle.h5", "--topic", "middle")
    check_once(services, folder, "middle")
    print(f"registry ended after {before} records: all delivered")


def mount_small(folder):
    path = folder.file("small")
    os.mkdir(path)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", path],
        capture_output=True,
        text=True,
        check=False,
    )
    return path if done.returncode == 0 else None


def full_disk_cases(services, folder):
    """A file system with room for a few records."""
    small = mount_small(folder)
    if small is None:
        print("no right to mount: a full disk is left to tests/stream")
        return
    try:
        services.topics("--create --topic full")
        job = write_job(folder, "full")
        words = (job, "--spool", f"{small}/spool")
        nowhere = (*words, "--brokers", "127.0.0.1:1")
        out, err = end_batch(start_batch(services, folder, *nowhere), status=1)
        kept = spooled(folder, "small/spool")
        check(0 < kept < COUNT, f"{kept} in the spool")
        check("No space left" in err, err)
        check(f"{COUNT} records are undelivered, {kept} of them wait" in err, err)
        check("LOST to the stream: publish them from the result file" in err, err)
        # what it says: from the result file, the spool first
        lake(
            services,
            folder,
            *("publish", "full.h5", "--topic", "full", "--spool", f"{small}/spool"),
        )
        check(spooled(folder, "small/spool") == 0, "the spool is not empty")
        check_once(services, folder, "full")
        print("spool full:", *(n for n in err.splitlines() if "LOST" in n))

        # with a broker there, nothing is missing for want of space
        with open(f"{small}/ballast", "wb") as file:
            try:
                file.write(b"x" * 10**6)
            except OSError:
                pass
        services.topics("--create --topic full2")
        job = write_job(folder, "full2")
        words = (job, "--spool", f"{small}/spool")
        out, err = end_batch(start_batch(services, folder, *words))
        check(f"{COUNT} records delivered" in out, out + err)
        check_once(services, folder, "full2")
    finally:
        subprocess.run(["umount", small], check=False)


def rank_0(process):
    """Its number among the processes of a launcher."""
    session = os.getsid(process.pid)
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                environment = file.read().split(b"\0")
            if (
                b"OMPI_COMM_WORLD_RANK=0" in environment
                and os.getsid(int(name)) == session
            ):
                return int(name)
        except OSError:
            continue
    return None


def has_finished_one(path):
    with open(path, encoding="utf-8") as file:
        return " hartree, " in file.read()


def killed_rank_cases(services, folder):
    """The broker is halted: records are sent, reports do not come."""
    broker = int(services.env["KAFKA_PID"])
    # after a record was spooled; before any was, when the journal has it
    for name, of_spool in (("killed", True), ("early", False)):
        # long enough on a fast processor: a record waits two seconds
        services.topics(f"--create --topic {name} --config max.message.bytes=10000000")
        job = write_job(folder, name, evaluations=8000, reps=4)
        words = (job, "--spool", f"{name}.spool")
        printed = folder.file(f"{name}.printed")
        os.kill(broker, signal.SIGSTOP)
        try:
            with open(printed, "w", encoding="utf-8") as file:
                process = start_batch(services, folder, *words, stderr=file)
            wait_for(
                lambda: has_finished_one(printed)
                and (spooled(folder, f"{name}.spool") > 0 or not of_spool),
                "a finished experiment",
            )
            pid = rank_0(process)
            check(pid is not None, "rank 0 is not found")
            os.kill(pid, signal.SIGKILL)
            process.communicate(timeout=120)
        finally:
            os.kill(broker, signal.SIGCONT)
        check(process.returncode != 0, "killed too late")
        check(not os.path.exists(folder.file(f"{name}.h5")), "killed too late")
        left = spooled(folder, f"{name}.spool")
        check((left > 0) == of_spool, f"{left} in the spool")
        # the same command goes on
        out, err = end_batch(start_batch(services, folder, *words))
        check(spooled(folder, f"{name}.spool") == 0, "the spool is not empty")
        check_once(services, folder, name)
        print(f"rank 0 killed, {left} in the spool:", out.splitlines()[-1])


def huge_case(services, folder):
    """More than the 100 MiB that a broker reads in a request."""
    services.topics("--create --topic huge --config max.message.bytes=300000000")
    counts, printed, status = publish(
        services,
        folder,
        *("topic=huge", "grow=150", "message.timeout.ms=8000", "close=25"),
        folder.file("one.h5"),
        spool="huge",
    )
    check(status == 1 and counts["spooled"] == 1, f"{counts} {printed}")
    check("socket.request.max.bytes" in printed, printed)
    check(spooled(folder, "huge") == 1, "it is not in the spool")
    print("150 MB:", printed.splitlines()[0][:300])


def killed_test_case(folder):
    """A test that is killed leaves no broker behind."""
    script = (
        "import stream_services, sys, time\n"
        "services = stream_services.Services()\n"
        f"services('kafka_start {folder.file('other')}')\n"
        "print(services.env['KAFKA_PID'], flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=os.path.dirname(os.path.abspath(__file__)),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        broker = int(process.stdout.readline())
        check(os.path.exists(f"/proc/{broker}"), "the broker does not run")
        process.kill()
    wait_for(lambda: not os.path.exists(f"/proc/{broker}"), "the broker's end", 30)
    print("a killed test: its broker ends")


def main():
    services = Services()
    try:
        with harness.Folder() as folder:
            services(f"kafka_start {folder.file('kafka')}")
            # its port is known before it runs
            services(f"registry_start {folder.file('registry')}; registry_stop")
            registry_cases(services, folder)
            full_disk_cases(services, folder)
            killed_rank_cases(services, folder)
            job = {"molecules": [harness.H2], "output": "one.h5"}
            folder.write("one.json", job)
            folder.run("one.json", "--no-lake")
            huge_case(services, folder)
            killed_test_case(folder)
            services.stop()
    finally:
        services.stop()
    print("passed")


main()

#!/usr/bin/env python3
"""Spark's programs of jobs/spark on a YARN of one node: the tables equal those
of vqe_lake from the same raw file.

YARN is Hadoop's own ResourceManager and NodeManager, two processes on
loopback, whose jars (41 MB, tests/long/yarn) come by Maven, checked by
SHA-256. Spark is that of jobs/setup/spark.sh.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tests", "integration"))

import harness  # noqa: E402
from harness import check, fail  # noqa: E402

HERE = os.path.join(ROOT, "tests", "long", "yarn")
LAKE = os.environ.get("VQE_LAKE") or os.path.join(
    os.path.dirname(harness.BATCH), "vqe_lake")
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies"
HADOOP = "org.apache.hadoop.yarn.server."
STEP_SECONDS = 900  # of a start or a program of Spark, on a busy machine
# columns that say when a row was made
OWN = {"processing_timestamp", "processing_date", "processing_batch_id",
       "processing_name"}
TABLES = ["molecules", "ansatz_info", "performance_metrics", "vqe_results",
          "initial_parameters", "optimal_parameters", "vqe_iterations",
          "iteration_parameters", "hamiltonian_terms", "molecular_properties",
          "ml_iteration_features", "ml_run_summary"]


def setup(words):
    done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True,
                          timeout=3600, check=False)
    check(done.returncode == 0, f"{words}: {done.returncode}")
    return done.stdout.strip().splitlines()


def fetch(folder):
    """The jars of YARN, and no others."""
    jars = folder.file("jars")
    pom = folder.file("pom")
    # Maven looks for settings in the folders above, up to one that has .mvn
    os.makedirs(os.path.join(pom, ".mvn"))
    shutil.copy(os.path.join(HERE, "pom.xml"), pom)
    setup(["mvn", "-q", "-B", "-C", "-f", os.path.join(pom, "pom.xml"), PLUGIN,
           f"-DoutputDirectory={jars}", "-DincludeScope=runtime"])
    setup(["bash", "-c", '. jobs/setup/cache.sh; has_only "$0" "$1"', jars,
           os.path.join(HERE, "jars.sha256")])
    return jars


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def write_settings(folder, name, settings):
    rows = "".join(f"<property><name>{key}</name><value>{value}</value></property>\n"
                   for key, value in settings.items())
    folder.write(os.path.join("conf", name),
                 f"<configuration>\n{rows}</configuration>\n")


def configure(folder):
    os.mkdir(folder.file("conf"))
    manager = "yarn.resourcemanager."
    node = "yarn.nodemanager."
    places = [manager + name for name in (
        "address", "scheduler.address", "resource-tracker.address",
        "admin.address", "webapp.address")]
    places += [node + name for name in (
        "address", "localizer.address", "webapp.address",
        "collector-service.address")]
    settings = {place: f"127.0.0.1:{port}"
                for place, port in zip(places, free_ports(len(places)))}
    settings |= {
        manager + "hostname": "127.0.0.1", node + "hostname": "127.0.0.1",
        node + "local-dirs": folder.file("local"),
        node + "log-dirs": folder.file("logs"),
        node + "resource.memory-mb": 6144, node + "resource.cpu-vcores": 4,
        node + "vmem-check-enabled": "false",
        node + "disk-health-checker.enable": "false",
        node + "env-whitelist": "JAVA_HOME,PATH",
        "yarn.scheduler.minimum-allocation-mb": 256,
    }
    write_settings(folder, "yarn-site.xml", settings)
    write_settings(folder, "core-site.xml", {"hadoop.tmp.dir": folder.file("tmp")})
    queues = "yarn.scheduler.capacity."
    write_settings(folder, "capacity-scheduler.xml", {
        queues + "root.queues": "default", queues + "root.default.capacity": 100,
        queues + "maximum-am-resource-percent": 0.9})
    folder.write(os.path.join("conf", "log4j2.properties"),
                 "rootLogger.level = info\nrootLogger.appenderRef.c.ref = c\n"
                 "appender.c.type = Console\nappender.c.name = c\n"
                 "appender.c.layout.type = PatternLayout\n"
                 "appender.c.layout.pattern = %p %c{1}: %m%n\n")


def start(folder, name, program, classes, expected):
    """A daemon of Hadoop, once its log has what it says when it is up."""
    log = folder.file(name + ".log")
    with open(log, "w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            ["java", "-Xmx512m", "--add-opens", "java.base/java.lang=ALL-UNNAMED",
             "-cp", classes, "-Dlog4j2.configurationFile=conf/log4j2.properties",
             HADOOP + program], cwd=folder.path, stdin=subprocess.DEVNULL,
            stdout=stream, stderr=subprocess.STDOUT)
    until = time.monotonic() + STEP_SECONDS
    while True:
        with open(log, encoding="utf-8", errors="replace") as stream:
            text = stream.read()
        if expected in text:
            return process
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            fail(f"{program} does not start:\n{text[-3000:]}")
        time.sleep(0.5)


def stop(processes):
    for process in reversed(processes):
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def submit(folder, spark, words):
    environment = dict(os.environ, HADOOP_CONF_DIR=folder.file("conf"),
                       SPARK_LOCAL_IP="127.0.0.1", VQE_SPARK_MASTER="yarn",
                       VQE_SPARK_CONF=f"spark.yarn.jars=local:{pyspark_jars(spark)}/*")
    done = subprocess.run(
        [os.path.join(ROOT, "jobs", "spark", "submit.sh"), *words],
        cwd=folder.path, env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=STEP_SECONDS, check=False)
    check(done.returncode == 0,
          f"{words}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")


def pyspark_jars(spark):
    return setup([os.path.join(spark, "bin", "python"), "-I", "-c",
                  "import os, pyspark; "
                  "print(os.path.join(os.path.dirname(pyspark.__file__), 'jars'))"])[-1]


def lake(folder, *words):
    done = subprocess.run([LAKE, *words], cwd=folder.path, capture_output=True,
                          text=True, timeout=300, check=False)
    check(done.returncode == 0, f"vqe_lake {words}: {done.stdout}{done.stderr}")
    return done.stdout


def rows(folder, table, warehouse):
    found = json.loads(lake(folder, "query", f"SELECT * FROM {table}", "-w",
                            warehouse, "--format", "json"))
    return sorted(json.dumps({key: value for key, value in row.items()
                              if key not in OWN}, sort_keys=True)
                  for row in found)


def run(folder):
    spark = setup([os.path.join(ROOT, "jobs", "setup", "spark.sh")])[-1]
    jars = fetch(folder)
    configure(folder)
    theirs = pyspark_jars(spark)
    # Hadoop's client and the logging are Spark's own
    beside = [os.path.join(theirs, name) for name in sorted(os.listdir(theirs))
              if name.startswith(("hadoop-client-", "slf4j-api-", "log4j-",
                                  "jcl-over-slf4j-"))]
    classes = ":".join(["conf", os.path.join(jars, "*"), *beside])
    raw = folder.file(os.path.join("raw", "experiments", "experiment.vqe"))
    os.makedirs(raw)
    shutil.copy(os.path.join(ROOT, "tests", "data", "other_producer.avro"), raw)
    processes = []
    try:
        processes.append(start(folder, "manager", "resourcemanager.ResourceManager",
                               classes, "Transitioned to active state"))
        processes.append(start(folder, "node", "nodemanager.NodeManager", classes,
                               "Registered with ResourceManager"))
        submit(folder, spark, ["normalize.py", "--raw", folder.file("raw"),
                               "--warehouse", folder.file("spark")])
        submit(folder, spark, ["featurize.py", "--warehouse", folder.file("spark")])
    finally:
        stop(processes)
    with open(folder.file("manager.log"), encoding="utf-8") as stream:
        ended = len(re.findall(r"RMAppImpl: \S+ State change from FINISHING to "
                               "FINISHED", stream.read()))
    check(ended == 2, f"YARN finished {ended} applications, not 2")
    lake(folder, "normalize", "raw", "-w", "ours")
    lake(folder, "featurize", "-w", "ours")
    count = 0
    for table in TABLES:
        found = rows(folder, table, "spark")
        check(found == rows(folder, table, "ours"), f"{table} differs")
        count += len(found)
    check(count > 0, "no rows")
    return count


for program in ("java", "mvn"):
    if shutil.which(program) is None:
        print(f"skipped: no {program} (jobs/setup/packages.sh java)")
        sys.exit(harness.SKIPPED)
with harness.Folder() as folder:
    print(f"normalize.py and featurize.py on YARN: {run(folder)} rows of",
          f"{len(TABLES)} tables as by vqe_lake")

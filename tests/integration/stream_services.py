"""What the tests of the stream share: a real Kafka and registry, publishing,
and reading what is on a topic and in the tables.

STREAM_TOOL names the program of tests/stream/stream-tool.c and VQE_LAKE
vqe_lake, else those beside vqe_batch. Needs confluent-kafka.
"""

import json
import os
import subprocess
import sys
import time

import confluent_kafka
import harness
from harness import check

TOOL = os.path.abspath(
    os.environ.get("STREAM_TOOL")
    or os.path.join(os.path.dirname(harness.BATCH), "tests", "stream-tool")
)
TOPIC = "experiment.vqe"
LAKE = os.environ.get("VQE_LAKE") or os.path.join(
    os.path.dirname(harness.BATCH), "vqe_lake"
)


class Services:
    """kafka_server.sh in a shell of its own, which keeps the processes; they end
    with this program, whichever way it ends."""

    def __init__(self):
        self.shell = subprocess.Popen(
            ["bash"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.env = {}
        script = os.path.join(harness.ROOT, "jobs/services/kafka_server.sh")
        # the shell ends with this program, however that ends
        self(f"set -u; . {script}; trap 'kafka_stop; registry_stop' EXIT")

    def __call__(self, command, allowed=(0,)):
        """Run a command there; its exit status."""
        self.shell.stdin.write(
            f"{{ {command}\n}} >&2; status=$?; env -0 | "
            "grep -z -E '^(KAFKA|REGISTRY)_' | tr '\\0' '\\n'; echo :$status\n"
        )
        self.shell.stdin.flush()
        for line in self.shell.stdout:
            line = line.rstrip("\n")
            if line.startswith(":"):
                status = int(line[1:])
                if status == harness.SKIPPED:
                    print("skipped: no Java, or Kafka cannot be fetched")
                    sys.exit(harness.SKIPPED)
                check(status in allowed, f"{command}: status {status}")
                return status
            name, _, value = line.partition("=")
            self.env[name] = value
        harness.fail("the shell of the services ended")

    def stop(self):
        if self.shell.poll() is None:
            self.shell.stdin.close()
            self.shell.wait()

    def topics(self, *words):
        self("kafka_topic " + " ".join(words))


def publish(services, folder, *words, spool="spool", env=None, wait=True):
    command = [
        TOOL,
        "publish",
        f"brokers={services.env['KAFKA_BROKERS']}",
        f"registry={services.env['REGISTRY_URL']}",
        f"spool={folder.file(spool)}",
        *words,
    ]
    environment = {**os.environ, **(env or {}), "no_proxy": "127.0.0.1"}
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if not wait:
        return process
    out, err = process.communicate(timeout=300)
    check(out, f"{command}: {process.returncode} {err}")
    return json.loads(out), err, process.returncode


def spooled(folder, spool="spool"):
    """Records in a spool, which may not be there yet."""
    path = folder.file(spool)
    names = os.listdir(path) if os.path.isdir(path) else []
    return len([n for n in names if n.endswith(".vqes")])


def read_all(services, topic=TOPIC, settings=None):
    """Every message: key, value."""
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": services.env["KAFKA_BROKERS"],
            "group.id": "test-python",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            **(settings or {}),
        }
    )
    found = consumer.list_topics(topic, timeout=20).topics[topic].partitions
    consumer.assign([confluent_kafka.TopicPartition(topic, p, 0) for p in found])
    messages, ended = [], set()
    deadline = time.monotonic() + 60
    while len(ended) < len(found) and time.monotonic() < deadline:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error() is None:
            messages.append((message.key(), message.value()))
        elif message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF:
            ended.add(message.partition())
    consumer.close()
    check(len(ended) == len(found), f"{topic} was not read to its end")
    return messages


NO_LEADER = (
    confluent_kafka.KafkaError.NOT_LEADER_FOR_PARTITION,
    confluent_kafka.KafkaError.LEADER_NOT_AVAILABLE,
    confluent_kafka.KafkaError.UNKNOWN_TOPIC_OR_PART,
    confluent_kafka.KafkaError._UNKNOWN_PARTITION,
)


def count_on(services, topic):
    """How many messages a topic has, expired ones too."""
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": services.env["KAFKA_BROKERS"], "group.id": "count"}
    )
    deadline = time.monotonic() + 60
    try:
        while True:
            try:
                found = consumer.list_topics(topic, timeout=20).topics[topic].partitions
                places = [confluent_kafka.TopicPartition(topic, p) for p in found]
                return sum(consumer.get_watermark_offsets(p, timeout=20)[1]
                           for p in places)
            except confluent_kafka.KafkaException as error:
                # a topic that has just been made may have no leader yet
                if error.args[0].code() not in NO_LEADER or time.monotonic() > deadline:
                    raise
            time.sleep(0.1)
    finally:
        consumer.close()


def ids_on(services, topic, **settings):
    return {key.decode() for key, _ in read_all(services, topic, **settings)}


def wait_for(condition, what, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < deadline, f"{what}: not within {seconds} s")
        time.sleep(0.05)


def tool_read(services, *words, topic=TOPIC):
    done = subprocess.run(
        [
            TOOL,
            "read",
            f"brokers={services.env['KAFKA_BROKERS']}",
            f"registry={services.env['REGISTRY_URL']}",
            f"topic={topic}",
            *words,
        ],
        env={**os.environ, "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    check(done.returncode == 0, f"read: {done.stderr}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return lines[:-1], lines[-1]


TABLES = (
    "molecules ansatz_info performance_metrics vqe_results initial_parameters "
    "optimal_parameters vqe_iterations iteration_parameters hamiltonian_terms "
    "molecular_properties"
).split()


def settings_of(services, env=None):
    """The environment that names brokers and registry."""
    return {
        **harness.environment(),
        "no_proxy": "127.0.0.1",
        "VQE_KAFKA_BROKERS": services.env["KAFKA_BROKERS"],
        "VQE_REGISTRY_URL": services.env["REGISTRY_URL"],
        **(env or {}),
    }


def lake(services, folder, *words, status=0, env=None, whole=False):
    """Run vqe_lake; what it printed, or the whole outcome. Status None: any."""
    done = subprocess.run(
        [LAKE, *words],
        cwd=folder.path,
        env=settings_of(services, env),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    check(
        status in (None, done.returncode),
        f"vqe_lake {words}: {done.returncode} {done.stdout}{done.stderr}",
    )
    return done if whole else done.stdout


def start_batch(services, folder, *words, env=None, stderr=subprocess.PIPE):
    """A job that publishes, as a process."""
    return subprocess.Popen(
        harness.command(2, [*words, "--kafka"]),
        cwd=folder.path,
        env=settings_of(services, env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        start_new_session=True,
    )


def end_batch(process, status=0, timeout=600):
    """What it said, out and err, the latter as one line."""
    out, err = process.communicate(timeout=timeout)
    check(
        process.returncode == status,
        f"{process.args}: {process.returncode}, not {status}\n{out}{err}",
    )
    return out, harness.unfolded(err)


def rows_of(services, folder, warehouse, env=None):
    """Every table without what a batch stamps on it."""
    held = {}
    for table in TABLES:
        response = lake(
            services,
            folder,
            "query",
            "SELECT * EXCLUDE (processing_timestamp, processing_date, "
            "processing_batch_id, processing_name) "
            f"FROM {table} ORDER BY ALL",
            "--warehouse",
            warehouse,
            "--format",
            "json",
            env=env,
        )
        held[table] = response
        # has rows of experiments that ask for properties
        if table != "molecular_properties":
            check(len(response) > 100, f"{table} is empty: {response}")
    return held

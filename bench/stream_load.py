#!/usr/bin/env python3
"""What publishing costs: records through the producer against librdkafka
alone and kcat on the same bytes, and a job with and without Kafka.

    bench/stream_load.py [--programs FOLDER] [--rounds 5] [--json FILE]

Starts a Kafka and a registry on loopback (jobs/setup/kafka.sh). The three
programs take turns, each on a fresh topic of one broker with the same
settings: idempotent, acks all, zstd, linger 5 ms. Times begin with the first
record given and end with the last report; kcat's is that of its process, which
reads one file a message. FOLDER holds vqe_batch and tests/stream-tool
(build/release).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))

SERVICES = """
set -u
. {root}/jobs/services/kafka_server.sh
trap 'kafka_stop; registry_stop' EXIT
kafka_start {data}/kafka || exit
registry_start {data}/registry || exit
echo "$KAFKA_BROKERS $REGISTRY_URL $KAFKA_INSIDE"
while read -r topic; do
  kafka_topic --create --topic "$topic" --partitions 1 \
    --config max.message.bytes=50000000 --config flush.messages=9223372036854775807 \
    </dev/null >/dev/null 2>&1
  echo "status $?"
done
"""

KCAT = (
    "enable.idempotence=true acks=all compression.codec=zstd linger.ms=5 "
    "message.max.bytes=1000000000 queue.buffering.max.kbytes=2097151"
).split()


class Services:
    def __init__(self, data):
        self.bash = subprocess.Popen(
            ["bash", "-c", SERVICES.format(root=ROOT, data=data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        words = self.bash.stdout.readline().split()
        if len(words) != 3:
            sys.exit("the services do not start")
        self.brokers, self.registry, _ = words
        self.topics = 0

    def topic(self):
        self.topics += 1
        name = f"load{self.topics}"
        self.bash.stdin.write(name + "\n")
        self.bash.stdin.flush()
        if self.bash.stdout.readline() != "status 0\n":
            sys.exit(f"topic {name} cannot be made")
        return name

    def close(self):
        self.bash.stdin.close()
        self.bash.wait()


def environment():
    return {
        **os.environ,
        "no_proxy": "127.0.0.1",
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    }


def run(*words, **settings):
    done = subprocess.run(
        words,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        **settings,
    )
    if done.returncode != 0:
        sys.exit(f"{words[:4]}: {done.returncode} {done.stdout}{done.stderr}")
    return done.stdout


def result_of(programs, folder, name, job):
    """A result file of one experiment."""
    with open(f"{folder}/{name}.json", "w", encoding="utf-8") as file:
        json.dump({**job, "output": f"{name}.h5"}, file)
    run(f"{programs}/vqe_batch", f"{name}.json", "--no-lake", "--quiet", cwd=folder)
    return f"{folder}/{name}.h5"


def tool(programs, services, verb, topic, result, repeat, folder):
    words = [
        f"{programs}/tests/stream-tool",
        verb,
        f"brokers={services.brokers}",
        f"registry={services.registry}",
        f"topic={topic}",
        f"spool={folder}/spool",
        f"repeat={repeat}",
        "close=120",
    ]
    return json.loads(run(*words, result))


def kcat(services, topic, files):
    settings = [word for setting in KCAT for word in ("-X", setting)]
    start = time.monotonic()
    run("kcat", "-P", "-b", services.brokers, "-t", topic, *settings, *files)
    return time.monotonic() - start


def dump(services, folder, name, topic, count):
    """The messages of a topic as files, for kcat."""
    out = f"{folder}/{name}.messages"
    os.mkdir(out)
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer(
        {
            "bootstrap.servers": services.brokers,
            "group.id": "dump",
            "fetch.message.max.bytes": 50000000,
        }
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    files = []
    while len(files) < count:
        message = consumer.poll(10.0)
        if message is None or message.error():
            sys.exit(f"{topic} cannot be read: {message and message.error()}")
        files.append(f"{out}/{len(files)}")
        with open(files[-1], "wb") as file:
            file.write(message.value())
    consumer.close()
    return files


def compare(programs, services, folder, options, name, job, repeat):
    result = result_of(programs, folder, name, job)
    times = {"producer": [], "librdkafka": [], "kcat": []}
    latencies = []
    files, size = None, 0
    for _ in range(options.rounds):
        topic = services.topic()
        raw = tool(programs, services, "raw", topic, result, repeat, folder)
        times["librdkafka"].append(raw["seconds"])
        size = raw["bytes"]
        if files is None and options.kcat:
            files = dump(services, folder, name, topic, min(repeat, 20000))
        said = tool(
            programs, services, "publish", services.topic(), result, repeat, folder
        )
        times["producer"].append(said["seconds"])
        latencies.append(said["latency_median"])
        if files:
            times["kcat"].append(kcat(services, services.topic(), files))
    record = {"what": name, "records": repeat, "bytes": size}
    for who, seconds in times.items():
        if seconds:
            best, middle = min(seconds), statistics.median(seconds)
            record[who] = {
                "seconds_min": best,
                "seconds_median": middle,
                "records_per_s": repeat / best,
                "mb_per_s": size / best / 1e6,
            }
            print(
                f"{name:10} {who:11} {repeat / best:10.0f} records/s "
                f"{size / best / 1e6:8.1f} MB/s (median {repeat / middle:.0f})"
            )
    record["ratio"] = min(times["librdkafka"]) / min(times["producer"])
    print(f"{name:10} producer / librdkafka: {record['ratio']:.2f}")
    return record


def one_by_one(programs, services, folder):
    """Latency where records come one at a time, as a job gives them."""
    words = [
        f"{programs}/tests/stream-tool",
        "publish",
        f"brokers={services.brokers}",
        f"registry={services.registry}",
        f"topic={services.topic()}",
        f"spool={folder}/spool",
        "repeat=300",
        "hold=20",
    ]
    said = json.loads(run(*words, f"{folder}/H2.h5"))
    record = {"what": "latency", **{k: v for k, v in said.items() if "latency" in k}}
    print(
        f"latency, H2 every 20 ms: median {1e3 * said['latency_median']:.1f} ms, "
        f"p99 {1e3 * said['latency_p99']:.1f} ms, max {1e3 * said['latency_max']:.1f} ms"
    )
    return record


def job_cost(programs, services, folder, options, name, job):
    """Wall time of a whole job with and without Kafka, taking turns."""
    times = {"without": [], "with": []}
    for k in range(2 * options.rounds):
        way = ("without", "with")[k % 2]
        words = ["mpirun", "--oversubscribe", "-np", "2", f"{programs}/vqe_batch", job]
        words += ["--output", f"{name}{k}.h5", "--no-lake", "--quiet"]
        if way == "with":
            words += ["--brokers", services.brokers, "--registry", services.registry]
            words += ["--topic", services.topic(), "--spool", f"{folder}/spool"]
        start = time.monotonic()
        run(*words, cwd=folder)
        times[way].append(time.monotonic() - start)
    record = {"what": name, **{k: min(v) for k, v in times.items()}}
    print(
        f"{name}: {min(times['without']):.2f} s without, {min(times['with']):.2f} s "
        f"with Kafka (medians {statistics.median(times['without']):.2f}, "
        f"{statistics.median(times['with']):.2f})"
    )
    return record


def thousand_h2(folder):
    molecules = [
        {"symbols": ["H", "H"], "coords": [[0, 0, 0], [0, 0, 0.4 + 0.002 * k]]}
        for k in range(1000)
    ]
    path = f"{folder}/h2.json"
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"molecules": molecules, "seed": 1}, file)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", default=f"{ROOT}/build/release")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--records", type=int, help="of each molecule")
    parser.add_argument("--only", default="H2,CO2,latency,thesis,thousand")
    parser.add_argument("--kcat", action="store_true", help="kcat too")
    parser.add_argument("--json", help="append the records to this file")
    options = parser.parse_args()
    programs = os.path.abspath(options.programs)
    with open(f"{ROOT}/jobs/thesis.json", encoding="utf-8") as file:
        molecules = {m["name"]: m for m in json.load(file)["molecules"]}
    records = []
    with tempfile.TemporaryDirectory(prefix="vqe-load-") as folder:
        services = Services(folder)
        try:
            for name, repeat in (("H2", 20000), ("CO2", 300)):
                repeat = options.records or repeat
                if name in options.only.split(","):
                    job = {"molecules": [molecules[name]], "references": ["hf"]}
                    records.append(
                        compare(
                            programs, services, folder, options, name, job, repeat
                        )
                    )
            if "latency" in options.only:
                records.append(one_by_one(programs, services, folder))
            if "thesis" in options.only:
                job = f"{ROOT}/jobs/thesis.json"
                records.append(
                    job_cost(programs, services, folder, options, "thesis", job)
                )
            if "thousand" in options.only:
                job = thousand_h2(folder)
                records.append(
                    job_cost(programs, services, folder, options, "1000 H2", job)
                )
        finally:
            services.close()
    if options.json:
        with open(options.json, "a", encoding="utf-8") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)


main()

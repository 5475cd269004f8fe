#!/usr/bin/env python3
"""vqe_lake ingest on a real Kafka 3.9.1 and a real registry, while something is
wrong: a registry of another path or without its schemas, messages that are no
records, records that no table takes, a group that is in use, schemas that
refer to others, schemas made to harm. Nothing is passed over that a later run
can read, and what is set aside lies under rejected/.

The programs: stream_services.py. Exit status 77: no Java or package.
Services: kafka.
"""

import glob
import io
import json
import os
import shutil
import struct
import sys
import time
import urllib.request
import zlib

import harness
from harness import check

try:
    import confluent_kafka
    import fastavro
    from stream_services import Services, lake, publish, read_all, wait_for
except ImportError as lacking:
    print(f"skipped: this Python has no {lacking.name}")
    sys.exit(harness.SKIPPED)

SCHEMA = os.path.join(harness.ROOT, "schemas", "avro", "experiment.vqe.avsc")
COUNT = 6


def produce(services, topic, *values):
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": services.env["KAFKA_BROKERS"]}
    )
    for value in values:
        producer.produce(topic, value, partition=0)
    check(producer.flush(20) == 0, "the producer")


def ids_in(services, folder, warehouse, table="vqe_results"):
    query = f"SELECT experiment_id FROM {table} ORDER BY 1"
    out = lake(services, folder, "query", query, "-w", warehouse, "--format", "csv")
    return out.split()[1:]


def kept(folder, place, topic):
    """What lies under rejected/, by partition and offset."""
    found = {}
    for path in glob.glob(folder.file(f"{place}/rejected/{topic}/*.bin")):
        partition, offset = os.path.basename(path)[:-4].split("-")
        with open(path, "rb") as file:
            found[int(partition), int(offset)] = file.read()
    return found


def ingest(services, folder, topic, *words, **settings):
    words = ("ingest", "--topic", topic, *words)
    return lake(services, folder, *words, whole=True, **settings)


def registry_cases(services, folder):
    """What ends a reading, and that nothing is lost by it."""
    services.topics("--create --topic away --partitions 2")
    publish(services, folder, "topic=away", folder.file("job.h5"))
    url = services.env["REGISTRY_URL"]
    root = url[: url.index("/", 8)]
    for wrong in (root, root + "/apis/ccompat/v99", "http://127.0.0.1:1"):
        for way in (("-w", "away"), ("--land", "away-raw")):
            done = ingest(
                services, folder, "away", *way, "--registry", wrong, status=None
            )
            check(done.returncode in (1, 2), f"{wrong}: {done.returncode}")
            check("schema registry at" in harness.unfolded(done.stderr), done.stderr)
            check("rejected" not in done.stdout, done.stdout)
            check(not kept(folder, way[1], "away"), f"{wrong}: set aside")
    # started anew it has no schemas
    services("registry_stop")
    services(f"registry_start {folder.file('registry')}")
    done = ingest(services, folder, "away", "-w", "away", status=None)
    check(done.returncode in (1, 2) and "404" in harness.unfolded(done.stderr), done.stderr)
    print("registry started anew:", done.stderr.strip()[:300])
    publish(services, folder, "topic=other", folder.file("one.h5"))
    done = ingest(services, folder, "away", "-w", "away", status=0)
    check(f"{COUNT} new experiments" in done.stdout, done.stdout)
    check(len(ids_in(services, folder, "away")) == COUNT, "tables")
    # --from reads all of it again
    for words in (("--from", "0"), ("--from", "2h"), ("--from", "1")):
        done = ingest(services, folder, "away", "-w", "away", *words, status=0)
        check("; 0 new" in done.stdout, done.stdout)
        check(not done.stdout.startswith("0 "), done.stdout)
        check(len(ids_in(services, folder, "away")) == COUNT, "each once")
    done = ingest(services, folder, "away", "-w", "anew", "--from", "0", status=0)
    check(f"{COUNT} new experiments" in done.stdout, done.stdout)
    done = ingest(services, folder, "away", "-w", "none", status=0)
    check(done.stdout.startswith("0 messages"), done.stdout)
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 5))
    done = ingest(services, folder, "away", "-w", "none", "--from", moment)
    check(done.stdout.startswith("0 messages"), done.stdout)
    done = ingest(services, folder, "away", "-w", "x", "--from", "soon", status=2)
    check("'soon'" in harness.unfolded(done.stderr), done.stderr)


def changed(value, schema, change):
    """The message with its record changed."""
    record = fastavro.schemaless_reader(io.BytesIO(value[5:]), schema)
    change(record)
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, record)
    return value[:5] + out.getvalue()


def poison_of(value):
    """Messages of which no table can have a record."""
    with open(SCHEMA, encoding="utf-8") as file:
        schema = fastavro.parse_schema(json.load(file))

    def no_minimum(record):
        record["vqe_result"]["minimum"] = float("nan")

    base = value.replace(b"\x0asto3g", b"\x0ast\xff3g", 1)
    check(base != value, "no basis in the record")
    return {
        "bytes that are no UTF-8": base,
        "a NUL in a text": value.replace(b"\x0asto3g", b"\x0ast\x003g", 1),
        "cut": value[:-40],
        "no record of the schema": value[:5] + b"\xff" * 60,
        "no message of a registry": b"garbage",
        "only a head": value[:5],
        "no minimum": changed(value, schema, no_minimum),
    }


def poison_cases(services, folder):
    good = [value for _, value in read_all(services, "away")]
    poison = poison_of(good[0])
    for way, place in (("-w", "poison"), ("--land", "poison-raw")):
        topic = f"poison{way.strip('-')}"
        services.topics(f"--create --topic {topic}")
        mixed = []
        for k, bad in enumerate(poison.values()):
            mixed += [bad, good[k % COUNT]]
        produce(services, topic, *mixed)
        done = ingest(services, folder, topic, way, place, status=1)
        print(done.stdout.strip())
        found = kept(folder, place, topic)
        for at, name in enumerate(poison):
            if (0, 2 * at) not in found:
                print(f"  {place}: '{name}' is stored as it is")
                continue
            check(found[0, 2 * at] == poison[name], f"{name}: other bytes")
            place_ = f"partition 0, offset {2 * at}"
            check(place_ in done.stderr, f"{name}: {done.stderr}")
        check(f"{len(found)} rejected" in done.stdout, done.stdout)
        least = len(poison) if way == "-w" else 6
        check(len(found) >= least, f"{sorted(found)}")
        if way == "-w":
            held = ids_in(services, folder, place)
            check(len(held) == len(set(held)) == COUNT, f"{len(held)} in tables")
        else:
            files = glob.glob(folder.file(f"{place}/experiments/{topic}/*.avro"))
            names = {int(f[-25:-5]) for f in files}
            wanted = {2 * k + 1 for k in range(len(poison))}
            check(wanted <= names, f"landed: {sorted(names)}")
            # a table of these files leaves out what ingest would
            lake(services, folder, "normalize", place, "-w", "by-raw", status=None)
            held = ids_in(services, folder, "by-raw")
            check(len(held) == COUNT, f"{len(held)} by raw files")
        # all of it is behind the committed place
        done = ingest(services, folder, topic, way, place, status=0)
        check(done.stdout.startswith("0 messages"), done.stdout)

    # a reading without a single record is of another topic
    services.topics("--create --topic wrong")
    produce(services, "wrong", *[json.dumps({"k": k}).encode() for k in range(3)])
    for way, place in (("-w", "wrong"), ("--land", "wrong-raw")):
        for _ in range(2):
            done = ingest(services, folder, "wrong", way, place, status=2)
            check("none of 3 messages is a record" in harness.unfolded(done.stderr), done.stderr)
            check(len(kept(folder, place, "wrong")) == 3, "not kept")
    print("wrong topic:", done.stderr.strip().splitlines()[-1])
    done = ingest(services, folder, "wrong", "-w", "wrong", "--from", "3")
    check(done.stdout.startswith("0 messages"), done.stdout)
    produce(services, "wrong", good[0])
    done = ingest(services, folder, "wrong", "-w", "wrong")
    check("1 message: 1 record, 0 rejected" in done.stdout, done.stdout)

    # a schema id that nobody knows, until it is asked to pass over it
    services.topics("--create --topic unknown")
    produce(services, "unknown", good[0], b"\0\0\x0f\xff\xff" + good[0][5:])
    done = ingest(services, folder, "unknown", "-w", "unknown", status=None)
    check("schema 1048575" in harness.unfolded(done.stderr), done.stderr)
    words = ("-w", "unknown", "--reject-unknown")
    done = ingest(services, folder, "unknown", *words, status=1)
    check(len(kept(folder, "unknown", "unknown")) == 1, "not kept")
    check(len(ids_in(services, folder, "unknown")) == 1, "tables")


def group_case(services, folder):
    """Another program is a member of the group."""
    other = confluent_kafka.Consumer(
        {
            "bootstrap.servers": services.env["KAFKA_BROKERS"],
            "group.id": "shared",
            "client.id": "dashboard",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    try:
        other.subscribe(["away"])
        deadline = time.monotonic() + 60
        while not other.assignment() and time.monotonic() < deadline:
            other.poll(0.5)
        check(other.assignment(), "the other member has no partitions")
        words = ("-w", "shared", "--group", "shared")
        done = ingest(services, folder, "away", *words, status=None)
        check(done.returncode != 0, done.stdout)
        check("group 'shared' is in use" in harness.unfolded(done.stderr), done.stderr)
        check("dashboard" in harness.unfolded(done.stderr), done.stderr)
        print("group in use:", done.stderr.strip().splitlines()[-1])
    finally:
        other.close()
    # what was read is safe, and comes again without harm
    wait_for(
        lambda: ingest(services, folder, "away", *words, status=None).returncode == 0,
        "the group to be free",
    )
    check(len(ids_in(services, folder, "shared")) == COUNT, "each once")


def register(services, subject, schema, references=()):
    body = {"schema": json.dumps(schema), "references": list(references)}
    request = urllib.request.Request(
        f"{services.env['REGISTRY_URL']}/subjects/{subject}/versions",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/vnd.schemaregistry.v1+json"},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)["id"]


def take_out(schema, name, space=""):
    """The definition of a type, which leaves its full name behind."""
    found = None
    if isinstance(schema, dict):
        inner = schema.get("namespace", space)
        for key, value in list(schema.items()):
            if key in ("type", "items", "values") and isinstance(value, dict):
                if value.get("name") == name:
                    own = value.get("namespace", inner)
                    schema[key] = f"{own}.{name}" if own else name
                    return {**value, "namespace": own} if own else value
            found = found or take_out(value, name, inner)
    elif isinstance(schema, list):
        for k, value in enumerate(schema):
            if isinstance(value, dict) and value.get("name") == name:
                own = value.get("namespace", space)
                schema[k] = f"{own}.{name}" if own else name
                return {**value, "namespace": own} if own else value
            found = found or take_out(value, name, space)
    return found


def reference_case(services, folder):
    """The schema in three parts, one of which refers to another."""
    with open(SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    whole = fastavro.parse_schema(json.loads(json.dumps(schema)))
    molecule = take_out(schema, "MoleculeInfo")
    data = take_out(molecule, "MoleculeData", molecule.get("namespace", ""))
    check(molecule is not None and data is not None, "the schema's types")

    def full(part):
        space = part.get("namespace")
        return f"{space}.{part['name']}" if space else part["name"]

    register(services, "parts-data", data)
    to_data = {"name": full(data), "subject": "parts-data", "version": 1}
    register(services, "parts-molecule", molecule, [to_data])
    to_molecule = {"name": full(molecule), "subject": "parts-molecule", "version": 1}
    number = register(services, "parts-value", schema, [to_molecule])
    services.topics("--create --topic parts")
    records = []
    for _, value in read_all(services, "away"):
        record = fastavro.schemaless_reader(io.BytesIO(value[5:]), whole)
        out = io.BytesIO()
        fastavro.schemaless_writer(out, whole, record)
        records.append(struct.pack(">bI", 0, number) + out.getvalue())
    produce(services, "parts", *records)
    done = ingest(services, folder, "parts", "-w", "parts", status=0)
    check(f"{COUNT} new experiments" in done.stdout, done.stdout)
    for table in ("molecules", "vqe_results"):
        found = ids_in(services, folder, "parts", table)
        check(found == ids_in(services, folder, "away", table), table)
    query = "SELECT experiment_id, atom_symbols, coordinates FROM molecules ORDER BY 1"
    out = [lake(services, folder, "query", query, "-w", w) for w in ("parts", "away")]
    check(out[0] == out[1], "molecules differ")
    print("a schema in three parts: read")


def spooled(schema):
    """A whole file of the spool, by its checksum, of that schema."""
    words = json.dumps(schema)
    data = b"VQES" + struct.pack("<IIIQ", 1, 2, len(words), 20) + b"id"
    data += words.encode() + bytes(20)
    return data + struct.pack("<I", zlib.crc32(data))


def hostile_case(services, folder):
    """Schemas that a registry takes and that would end or hold up a reader: one
    message neither ends the reading nor stops the topic, and a file of the spool
    costs a job nothing but itself."""
    node = {
        "type": "record",
        "name": "Node",
        "fields": [{"name": "next", "type": ["null", "Node"]}],
    }
    schemas = {
        "itself": node,
        "nulls": {"type": "array", "items": "null"},
        "fixed": {"type": "fixed", "name": "F", "size": 1 << 30},
    }
    heads = []
    for name, schema in schemas.items():
        heads.append(struct.pack(">bI", 0, register(services, f"bad-{name}", schema)))
    to_node = {"name": "Node", "subject": "bad-itself", "version": 1}
    holder = {
        "type": "record",
        "name": "Holder",
        "fields": [{"name": "node", "type": "Node"}],
    }
    number = register(services, "bad-reference", holder, [to_node])
    heads.append(struct.pack(">bI", 0, number))
    endless = b"\x80" * 8 + b"\x80\x01" + bytes(10)  # 2^62
    good = [value for _, value in read_all(services, "away")]
    for way, place in (("-w", "hostile"), ("--land", "hostile-raw")):
        topic = f"hostile{way.strip('-')}"
        services.topics(f"--create --topic {topic}")
        mixed = []
        for k, head in enumerate(heads):
            mixed += [head + endless, good[k]]
        produce(services, topic, *mixed)
        done = ingest(services, folder, topic, way, place, status=1)
        check(f"{len(heads)} rejected" in done.stdout, f"{done.stdout}{done.stderr}")
        found = kept(folder, place, topic)
        for k, head in enumerate(heads):
            check(found.get((0, 2 * k)) == head + endless, f"{way}: message {2 * k}")
        said = harness.unfolded(done.stderr)
        for word in ("contains itself: 'Node'", "no bytes", "1 MiB"):
            check(word in said, f"no '{word}' in {said}")
        done = ingest(services, folder, topic, way, place, status=0)
        check(done.stdout.startswith("0 messages"), done.stdout)
    check(len(ids_in(services, folder, "hostile")) == len(heads), "tables")

    # the spool of a job
    os.environ["no_proxy"] = "127.0.0.1"
    for words in (("publish",), ("job",)):
        os.makedirs(folder.file("bad-spool"))
        for k, schema in enumerate(schemas.values()):
            name = f"bad-spool/{k:064x}-{k:016x}.vqes"
            with open(folder.file(name), "wb") as file:
                file.write(spooled(schema))
        spool = ("--spool", folder.file("bad-spool"))
        topic = ("--topic", f"after-{words[0]}")
        services.topics(f"--create --topic after-{words[0]}")
        if words[0] == "publish":
            done = lake(
                services,
                folder,
                *["publish", folder.file("one.h5"), *spool, *topic],
                whole=True,
                status=1,
            )
        else:
            done = folder.run(
                *["one.json", "--no-lake", "--force", "--kafka", *spool, *topic],
                *["--brokers", services.env["KAFKA_BROKERS"]],
                *["--registry", services.env["REGISTRY_URL"], "-o", "after.h5"],
                status=1,
            )
            check(os.path.exists(folder.file("after.h5")), "no result")
        said = harness.unfolded(done.stdout + done.stderr)
        check("contains itself" in said, said)
        check("1 record delivered" in said, said)
        left = os.listdir(folder.file("bad-spool"))
        check(len(left) == len(schemas), f"left in the spool: {left}")
        shutil.rmtree(folder.file("bad-spool"))
    print("hostile schemas: set aside")


def main():
    services = Services()
    try:
        with harness.Folder() as folder:
            services(f"kafka_start {folder.file('kafka')}")
            services(f"registry_start {folder.file('registry')}")
            job = {
                "molecules": [harness.H2],
                "ansatz": [{"name": "RealAmplitudes", "reps": 1}],
                "optimizer": [{"name": "COBYLA", "max_evaluations": 10}],
                "seed": list(range(1, COUNT + 1)),
                "output": "job.h5",
            }
            folder.write("job.json", job)
            folder.run("job.json", "--no-lake")
            folder.write("one.json", {**job, "seed": 1, "output": "one.h5"})
            folder.run("one.json", "--no-lake")
            registry_cases(services, folder)
            poison_cases(services, folder)
            group_case(services, folder)
            reference_case(services, folder)
            hostile_case(services, folder)
            services.stop()
    finally:
        services.stop()
    print("passed")


main()

#!/usr/bin/env python3
"""The stream on a real Kafka 3.9.1 and a real schema registry, read back by
confluent-kafka's AvroDeserializer and by fastavro: every field against the
result file, and the faults that brokers and registries have.

Services: kafka.

The programs: stream_services.py.
"""

import glob
import io
import json
import os
import signal
import struct
import sys
import time
import urllib.request

import harness
from harness import check

h5py = harness.h5py_or_skip()
try:
    import confluent_kafka
    import fastavro
    from confluent_kafka.schema_registry import SchemaRegistryClient
    from confluent_kafka.schema_registry.avro import AvroDeserializer
    from confluent_kafka.serialization import MessageField, SerializationContext
    from stream_services import (
        TABLES,
        TOOL,
        TOPIC,
        Services,
        ids_on,
        lake,
        publish,
        read_all,
        rows_of,
        spooled,
        tool_read,
    )
except ImportError as lacking:
    print(f"skipped: this Python has no {lacking.name}")
    sys.exit(harness.SKIPPED)

SCHEMA = os.path.join(harness.ROOT, "schemas", "avro", "experiment.vqe.avsc")


# ---- the result file as records ----


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def number(value):
    """NaN as null, as the schema's nullable doubles have it."""
    return None if value != value else float(value)


def nulls(row):
    """Names of the text columns that are missing rather than empty."""
    return {
        name
        for bit, name in enumerate(row.dtype.names)
        if int(row["null_texts"]) >> bit & 1
    }


CIRCUIT = (
    "circuit_parameters one_qubit_gates two_qubit_gates depth two_qubit_depth t_count "
    "measurement_groups chemical_accuracy_shots"
).split()


def diagnostics(result, group):
    """What the record says of a result's worth, from the result file."""
    spin = (int(result["num_alpha"]) - int(result["num_beta"])) / 2
    electrons = int(result["num_alpha"]) + int(result["num_beta"])
    norms = group["evaluations"][:]["gradient_norm"].tolist()
    dipole = [float(result[f"dipole_{axis}"]) for axis in "xyz"]
    return {
        "n_expectation": number(result["n_expectation"]),
        "s2": number(result["s2_expectation"]),
        "state_ok": bool(
            abs(result["n_expectation"] - electrons) <= 1e-3
            and abs(result["s2_expectation"] - spin * (spin + 1)) <= 1e-3
        ),
        "energy_std": number(result["energy_std"]),
        "energy_exact": number(result["energy_exact"]),
        "total_shots": int(result["total_shots"]) or None,
        "notes": [
            line.split(": ", 1)[0]
            for line in text(result["notes"]).split("\n")
            if line
        ],
        "scan": [],
        "dipole": [] if dipole[0] != dipole[0] else dipole,
        "natural_occupations": group["natural_occupations"][:].tolist(),
        "circuit": [float(result[name]) for name in CIRCUIT],
        "gradient_norms": None if all(norm != norm for norm in norms) else norms,
    }


def properties(group):
    """Those of the jobs here, in the order in which they are computed."""
    held = group.get("properties", {})
    return [
        {
            "name": name,
            "columns": held[name].shape[1] if held[name].ndim == 2 else 0,
            "values": held[name][:].ravel().tolist(),
        }
        for name in ("origin", "dipole", "quadrupole")
        if name in held
    ] or None


def records_of(path):
    """The fields of a record that the result file holds, by experiment."""
    held = {}
    with h5py.File(path) as file:
        for row, group in enumerate(file["experiments"].values()):
            setting = file["settings"][row]
            molecule = file["molecules"][row]
            result = file["results"][row]
            atoms = group["geometry"][:]
            evaluations = group["evaluations"][:]
            parameters = group["parameters"][:]
            exact = int(setting["default_shots"]) == 0
            missing = nulls(result)
            initial = {
                "backend": text(result["backend"]),
                "num_qubits": int(result["num_qubits"]),
                "hamiltonian": [
                    {
                        "label": text(term["label"]),
                        "coefficients": {
                            "real": float(term["coefficient"]),
                            "imaginary": 0.0,
                        },
                    }
                    for term in group["hamiltonian"][:]
                ],
                "num_parameters": int(result["num_parameters"]),
                "initial_parameters": group["initial_parameters"][:].tolist(),
                "optimizer": text(setting["optimizer"]),
                "ansatz": text(group["ansatz"][0]),
                "noise_backend": "undef",
                "default_shots": None if exact else int(setting["default_shots"]),
                "ansatz_reps": int(setting["ansatz_reps"]),
                "init_strategy": text(setting["init_strategy"]),
                "seed": int(setting["seed"]),
                "ansatz_name": text(setting["ansatz_name"]),
                "exact_estimator": exact,
            }
            vqe = {
                "initial_data": initial,
                "iteration_list": [
                    {
                        "iteration": int(e["iteration"]),
                        "parameters": p.tolist(),
                        "result": float(e["energy"]),
                        "std": float(e["std"]),
                        "energy_delta": number(e["energy_delta"]),
                        "parameter_delta_norm": number(e["parameter_delta_norm"]),
                        "cumulative_min_energy": number(e["cumulative_min_energy"]),
                    }
                    for e, p in zip(evaluations, parameters)
                ],
                "minimum": float(result["minimum"]),
                "optimal_parameters": group["optimal_parameters"][:].tolist(),
                "maxcv": number(result["maxcv"]),
                "minimization_time": float(result["vqe_time"]),
                "nuclear_repulsion_energy": number(result["nuclear_repulsion_energy"]),
                "success": bool(result["success"]),
                "nfev": int(result["nfev"]),
                "nit": None if int(result["nit"]) < 0 else int(result["nit"]),
            }
            record = {
                "vqe_result": vqe,
                "molecule": {
                    "molecule_data": {
                        "symbols": [text(a["symbol"]) for a in atoms],
                        "coords": [[float(a[c]) for c in "xyz"] for a in atoms],
                        "multiplicity": int(molecule["multiplicity"]),
                        "charge": int(molecule["charge"]),
                        "units": text(molecule["units"]),
                        "masses": [float(a["mass"]) for a in atoms]
                        if molecule["has_masses"]
                        else None,
                    }
                },
                "basis_set": text(setting["basis_set"]),
                "mapping_time": float(result["mapping_time"]),
                "vqe_time": float(result["vqe_time"]),
                "total_time": float(result["total_time"]),
                "hamiltonian_time": float(result["integrals_time"])
                + float(result["scf_time"])
                + float(result["transform_time"]),
                "molecule_id": int(setting["molecule_id"]),
                "performance_start": None
                if "performance_start" in missing
                else text(result["performance_start"]),
                "performance_end": None
                if "performance_end" in missing
                else text(result["performance_end"]),
                "experiment_id": text(setting["experiment_id"]),
                "references": {
                    "hf_energy": float(result["hf_energy"]),
                    "mp2_energy": number(result["mp2_energy"]),
                    "fci_energy": number(result["fci_energy"]),
                    "reference_method": text(result["reference_method"]),
                },
                "provenance": {
                    "code_version": text(result["code_version"]),
                    "hostname": text(result["hostname"]),
                    "device": text(result["device_name"]),
                    "job_id": text(result["job_id"]) or None,
                    "mpi_ranks": int(result["mpi_ranks"]),
                    "threads": int(result["threads"]),
                    "started_at": text(result["started_at"]),
                    "finished_at": text(result["finished_at"]),
                },
                "molecule_label": text(setting["name"]),
                "diagnostics": diagnostics(result, group),
                "properties": properties(group),
            }
            held[record["experiment_id"]] = record
    return held


def differences(left, right, place=""):
    """Where two records differ; doubles to the last bit, but for the sum that
    hamiltonian_time is."""
    if isinstance(left, dict) and isinstance(right, dict):
        if left.keys() != right.keys():
            return [f"{place}: keys {left.keys() ^ right.keys()}"]
        return [d for k in left for d in differences(left[k], right[k], f"{place}.{k}")]
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            return [f"{place}: {len(left)} and {len(right)} items"]
        return [
            d
            for k, (a, b) in enumerate(zip(left, right))
            for d in differences(a, b, f"{place}[{k}]")
        ]
    if place == ".hamiltonian_time":
        return [] if abs(left - right) < 1e-9 else [f"{place}: {left} {right}"]
    if type(left) is not type(right) or left != right:
        return [f"{place}: {left!r} and {right!r}"]
    return []


def check_records(messages, held, decode):
    seen = {}
    for key, value in messages:
        record = decode(value)
        name = record["experiment_id"]
        check(key == name.encode(), f"key {key} of {name}")
        check(name in held, f"{name} is not in the result file")
        found = differences(record, held[name])
        check(not found, f"{name}: {found[:5]}")
        seen[name] = seen.get(name, 0) + 1
    check(seen.keys() == held.keys(), f"{len(held) - len(seen)} are not on the topic")
    return seen


def wire_parts(value):
    magic, number_ = struct.unpack(">bI", value[:5])
    check(magic == 0, "the first byte")
    return number_, value[5:]


# ---- the cases ----


def plain_cases(services, folder, held):
    result = folder.file("job.h5")
    # the registry is down at the start: all waits in the spool
    services(f"kafka_start {folder.file('kafka')}")
    services("REGISTRY_URL=http://127.0.0.1:1/apis/ccompat/v7; export REGISTRY_URL")
    services.topics("--create --topic", TOPIC, "--partitions 3")
    counts, printed, status = publish(services, folder, "close=3", result)
    check(status == 1 and counts["spooled"] == len(held), f"{counts} {printed}")
    check(spooled(folder) == len(held), "not all is in the spool")
    print("registry down at start: in the spool", len(held))

    services(f"registry_start {folder.file('registry')}")
    counts, printed, status = publish(services, folder)
    check(status == 0 and counts["found"] == len(held), f"{counts} {printed}")
    check(counts["delivered"] == len(held), f"{counts} {printed}")
    check(spooled(folder) == 0, "the spool is not empty")

    # every field, by two readers of others
    messages = read_all(services)
    registry = SchemaRegistryClient({"url": services.env["REGISTRY_URL"]})
    deserializer = AvroDeserializer(registry)
    context = SerializationContext(TOPIC, MessageField.VALUE)
    seen = check_records(messages, held, lambda v: deserializer(v, context))
    check(set(seen.values()) == {1}, f"repeats: {seen}")
    with open(SCHEMA, encoding="utf-8") as file:
        schema = fastavro.parse_schema(json.load(file))
    check_records(
        messages,
        held,
        lambda v: fastavro.schemaless_reader(io.BytesIO(wire_parts(v)[1]), schema),
    )
    print("AvroDeserializer and fastavro: every field of", len(messages), "records")

    # ours reads it back, once
    lines, last = tool_read(services)
    check({r["experiment_id"] for r in lines} == held.keys(), f"{last}")
    for line in lines:
        wanted = held[line["experiment_id"]]["vqe_result"]["minimum"]
        check(line["minimum"] == wanted, f"minimum {line}")
    lines, last = tool_read(services)
    check(last["messages"] == 0, f"read twice: {last}")


def other_producer_case(services, folder, held):
    """A record of another producer, whose schema lacks our additions."""
    with open(SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    additions = {"experiment_id", "references", "provenance"}
    schema["fields"] = [f for f in schema["fields"] if f["name"] not in additions]
    url = services.env["REGISTRY_URL"]
    body = json.dumps({"schema": json.dumps(schema)}).encode()
    request = urllib.request.Request(
        f"{url}/subjects/other-value/versions",
        data=body,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        number_ = json.load(response)["id"]
    services.topics("--create --topic other")
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": services.env["KAFKA_BROKERS"]}
    )
    parsed = fastavro.parse_schema(schema)
    wanted = []
    for record in held.values():
        out = io.BytesIO()
        theirs = {k: v for k, v in record.items() if k not in additions}
        fastavro.schemaless_writer(out, parsed, theirs)
        wanted.append(theirs["vqe_result"]["minimum"])
        producer.produce("other", struct.pack(">bI", 0, number_) + out.getvalue())
    producer.produce("other", b"garbage")
    check(producer.flush(20) == 0, "the other producer")
    lines, last = tool_read(services, topic="other")
    check(last["records"] == len(held) and last["rejected"] == 1, f"{last}")
    check(sorted(r["minimum"] for r in lines) == sorted(wanted), "minima")
    check(all(len(r["experiment_id"]) == 64 for r in lines), "ids computed")
    # ours evolves theirs
    counts, printed, status = publish(
        services, folder, "topic=other", folder.file("job.h5")
    )
    check(status == 0, f"evolution: {counts} {printed}")
    print("a schema without our additions: read, and evolved to ours")


def refusal_cases(services, folder):
    result = folder.file("job.h5")
    url = services.env["REGISTRY_URL"]
    # BACKWARD: ours must read what an earlier schema wrote, and that one has
    # no basis_set
    with open(SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    schema["fields"] = [f for f in schema["fields"] if f["name"] != "basis_set"]
    request = urllib.request.Request(
        f"{url}/subjects/incompatible-value/versions",
        data=json.dumps({"schema": json.dumps(schema)}).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()
    services.topics("--create --topic incompatible")
    counts, printed, status = publish(
        services, folder, "topic=incompatible", "close=20", result, spool="spool2"
    )
    check(status == 1 and counts["delivered"] == 0, f"{counts}")
    check("409" in printed, printed)
    print("incompatible:", printed.splitlines()[0][:400])

    counts, printed, status = publish(
        services, folder, "topic=missing", "close=20", result, spool="spool3"
    )
    check(status == 1 and counts["delivered"] == 0, f"{counts}")
    check("create the topic" in printed, printed)
    print("topic missing:", printed.splitlines()[0][:300])

    services.topics("--create --topic small --config max.message.bytes=3000")
    counts, printed, status = publish(
        services, folder, "topic=small", "close=20", result, spool="spool4"
    )
    check(status == 1 and counts["too_large"] > 0, f"{counts} {printed}")
    check(counts["too_large"] == spooled(folder, "spool4"), f"{counts}")
    check("max.message.bytes" in printed, printed)
    print("too large:", printed.splitlines()[0][:300])
    services(
        "kafka_admin kafka.admin.ConfigCommand --bootstrap-server "
        '"$KAFKA_INSIDE" --alter --topic small '
        "--add-config max.message.bytes=50000000"
    )
    counts, printed, status = publish(services, folder, "topic=small", spool="spool4")
    check(status == 0 and spooled(folder, "spool4") == 0, f"{counts} {printed}")


def crash_cases(services, folder, held):
    result = folder.file("job.h5")
    repeat = 100
    services.topics("--create --topic crash --partitions 2")
    # the broker dies in the middle and comes back
    process = publish(
        services,
        folder,
        "topic=crash",
        f"repeat={repeat}",
        "hold=5",
        "close=60",
        result,
        wait=False,
    )
    time.sleep(1.5)
    services("kafka_kill")
    time.sleep(2)
    services(f"kafka_start {folder.file('kafka')}")
    out, err = process.communicate(timeout=300)
    counts = json.loads(out)
    check(process.returncode == 0, f"{counts} {err}")
    check(counts["delivered"] == repeat * len(held), f"{counts}")
    check(spooled(folder) == 0, "the spool is not empty")
    found = ids_on(services, "crash")
    check(len(found) == repeat * len(held), f"{len(found)} on the topic")
    print("broker killed and restarted:", counts)

    # the program dies between sending and the reports
    services.topics("--create --topic crash2")
    process = publish(
        services,
        folder,
        "topic=crash2",
        f"repeat={repeat}",
        # nothing is sent before that time, however large the records are
        "linger.ms=20000",
        "batch.size=100000000",
        result,
        wait=False,
    )
    deadline = time.monotonic() + 30
    while spooled(folder) < 40 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    left = spooled(folder)
    check(left > 0, "it died too late")
    before = ids_on(services, "crash2")
    waiting = {n[:64] for n in os.listdir(folder.file("spool")) if n.endswith(".vqes")}
    counts, printed, status = publish(services, folder, "topic=crash2")
    check(status == 0 and counts["delivered"] == left, f"{counts} {printed}")
    after = ids_on(services, "crash2")
    check(after == before | waiting, "records are missing")
    check(spooled(folder) == 0, "the spool is not empty")
    print("program killed:", left, "were in the spool, all are on the topic")


def job_cases(services, folder):
    """From the job by the topic to the tables, by commands."""
    services.topics("--create --topic job --partitions 3")
    job = {
        "molecules": [harness.H2, harness.LIH],
        "ansatz": ["UCCSD", "EfficientSU2"],
        "optimizer": [{"name": "COBYLA", "max_evaluations": 60}],
        "seed": [1, 2],
        "properties": ["moments"],
        "output": "direct.h5",
        "kafka": {"topic": "job", "properties": {"linger.ms": 0}},
        "registry": services.env["REGISTRY_URL"],
    }
    folder.write("direct.json", job)
    os.environ["no_proxy"] = "127.0.0.1"
    # nobody listens there: the records wait, the exit status says so
    words = ("direct.json", "--quiet", "--brokers", "127.0.0.1:1")
    done = folder.run(*words, ranks=2, status=1)
    check("8 records are undelivered" in harness.unfolded(done.stderr), done.stderr)
    check(spooled(folder, "vqe_spool") == 8, "the spool")
    # the next run sends them first
    words = ("direct.json", "--force", "--brokers", services.env["KAFKA_BROKERS"])
    done = folder.run(*words, ranks=2)
    check("16 records delivered, 8 found" in done.stdout, done.stdout)
    check(spooled(folder, "vqe_spool") == 0, "the spool is not empty")
    lake(services, folder, "publish", "direct.h5", "--topic", "job")

    print(lake(services, folder, "ingest", "--topic", "job", "-w", "by-topic").strip())
    out = lake(services, folder, "ingest", "--topic", "job", "-w", "by-topic")
    check(out.startswith("0 messages"), out)
    for form in ("avro", "json"):
        words = ("ingest", "--topic", "job", "--group", form, "--format", form)
        out = lake(services, folder, *words, "--land", f"raw-{form}")
        check("24 records, 0 rejected" in out, out)
        lake(services, folder, "normalize", f"raw-{form}", "-w", f"by-{form}")
    # the tables keep the first of an id
    ways = {w: rows_of(services, folder, f"by-{w}") for w in ("topic", "avro", "json")}
    for way in ("avro", "json"):
        for table in TABLES:
            check(
                ways[way][table] == ways["topic"][table],
                f"{table} differs between topic and {way}",
            )
    # the tables that the job made of the result file; times are each run's
    direct = rows_of(services, folder, "direct.warehouse")
    for table in TABLES:
        if table != "performance_metrics":
            check(direct[table] == ways["topic"][table], f"{table} differs from HDF5's")

    services.topics("--create --topic bad")
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": services.env["KAFKA_BROKERS"]}
    )
    producer.produce("bad", b"garbage")
    check(producer.flush(20) == 0, "the producer of garbage")
    words = ("ingest", "--topic", "bad", "--land", "raw-bad")
    lake(services, folder, *words, status=2)
    kept = glob.glob(folder.file(f"raw-bad/rejected/bad/*-{0:020d}.bin"))
    check(len(kept) == 1, f"the rejected message is not kept: {kept}")
    with open(kept[0], "rb") as file:
        check(file.read() == b"garbage", "the rejected message is another")
    print("job to topic to tables: the same by topic, Avro, JSON and HDF5")


def main():
    check(os.access(TOOL, os.X_OK), f"no program {TOOL}")
    services = Services()
    try:
        with harness.Folder() as folder:
            job = {
                "molecules": [
                    harness.H2,
                    {**harness.H2, "name": "H2 masses", "masses": [1.008, 2.014]},
                    harness.LIH,
                ],
                "ansatz": ["UCCSD", "EfficientSU2"],
                "optimizer": [{"name": "COBYLA", "max_evaluations": 40}],
                "seed": 7,
                "output": "job.h5",
            }
            folder.write("job.json", job)
            folder.run("job.json", "--quiet", status=None)
            held = records_of(folder.file("job.h5"))
            check(len(held) == 6, f"{len(held)} experiments")
            plain_cases(services, folder, held)
            other_producer_case(services, folder, held)
            refusal_cases(services, folder)
            job_cases(services, folder)
            crash_cases(services, folder, held)
            services.stop()
    finally:
        services.stop()
    print("passed")


main()

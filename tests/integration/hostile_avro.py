#!/usr/bin/env python3
"""Avro files that were made to harm: as raw files, in a spool, as manifests and
manifest lists of a table. Schemas that contain themselves, are nested beyond
all use or ask for 2^62 bytes, counts that never end, blocks that unpack to
hundreds of megabytes. Each costs itself alone: it is named and left out, in
bounded time and memory, and what lies beside it is read. Of a damaged file the
blocks behind the damage are read, and what is lost is counted.

VQE_BATCH and VQE_LAKE name the programs. Exit status 77: no fastavro.
"""

import glob
import io
import json
import os
import shutil
import struct
import subprocess
import sys
import time
import zlib

import harness
from harness import check

try:
    import fastavro
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(harness.SKIPPED)

LAKE = os.environ.get("VQE_LAKE") or os.path.join(
    os.path.dirname(harness.BATCH), "vqe_lake"
)
OTHER = os.path.join(harness.ROOT, "tests", "data", "other_producer.avro")
SYNC = b"0123456789abcdef"
HUGE = 1 << 62
MEGA = 1 << 20
SECONDS = 60
MEGABYTES = 900  # peak of a run, DuckDB's own part too


def lake(*words):
    """Run vqe_lake in bounds: its exit status and what it says."""
    code = (
        "import json, resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[2:], capture_output=True, text=True,\n"
        "                      timeout=float(sys.argv[1]), errors='replace')\n"
        "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
        "print(json.dumps([peak // 1024, done.returncode, done.stdout, done.stderr]))"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code, str(SECONDS), LAKE, *words],
        capture_output=True,
        text=True,
        env=harness.environment(),
        check=False,
    )
    check(done.returncode == 0, f"{words}: {done.stderr[-600:]}")
    peak, status, out, err = json.loads(done.stdout)
    check(0 <= status <= 3, f"vqe_lake {words}: status {status}\n{out}{err[-600:]}")
    sanitized = "Sanitizer" in err
    check(not sanitized, f"vqe_lake {words}: {err[-2000:]}")
    if "debug" not in LAKE:
        check(peak < MEGABYTES, f"vqe_lake {words}: {peak} MB")
    seconds = time.monotonic() - began
    return status, harness.unfolded(out), harness.unfolded(err), peak, seconds


def number(value):
    """A long as Avro writes it."""
    value = (value << 1) ^ (value >> 63)
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return number(len(data)) + data


def block(count, data):
    return number(count) + number(len(data)) + data + SYNC


def container(schema, *blocks, codec="null", meta=()):
    """A container file by hand; `schema` as text or to be made JSON."""
    words = schema if isinstance(schema, str) else json.dumps(schema)
    keys = [("avro.schema", words), ("avro.codec", codec), *meta]
    head = b"Obj\1" + number(len(keys))
    for key, value in keys:
        head += text(key) + text(value)
    return head + b"\0" + SYNC + b"".join(block(n, data) for n, data in blocks)


def record(name, **fields):
    rows = [{"name": key, "type": value} for key, value in fields.items()]
    return {"type": "record", "name": name, "fields": rows}


def array(items):
    return {"type": "array", "items": items}


def nested(depth):
    """As text: deeper than Python's own writer goes."""
    return '{"type":"array","items":' * depth + '"int"' + "}" * depth


def doubling():
    """2^28 fields of thirty lines."""
    parts = [record("b0", x="int")]
    for k in range(1, 29):
        parts.append(record(f"b{k}", x=f"b{k - 1}", y=f"b{k - 1}"))
    return parts


def recursive_data():
    """By fastavro: a list in a record that contains itself."""
    schema = fastavro.parse_schema(record("Node", next=["null", "Node"]))
    value = None
    for _ in range(200):
        value = {"next": value}
    out = io.BytesIO()
    fastavro.writer(out, schema, [value])
    return out.getvalue()


def zeros(size):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"".join(packer.compress(bytes(MEGA)) for _ in range(size // MEGA)) + (
        packer.flush()
    )


def snappy_boast(size):
    """A length in front that nothing backs."""
    out = b""
    while size > 127:
        out += bytes([size & 127 | 128])
        size >>= 7
    return out + bytes([size]) + bytes(20)


def hostile_schemas():
    """Name: schema, and a word of the reason."""
    return {
        "itself": (record("N", n="N"), "contains itself: 'N'"),
        "tree": (record("T", left=["null", "T"], right=["null", "T"]), "contains itself"),
        "lists": (record("L", all=array("L")), "contains itself"),
        "nulls": (array("null"), "no bytes"),
        "empties": (array(record("E")), "no bytes"),
        "fixed": ({"type": "fixed", "name": "F", "size": HUGE}, "1 MiB"),
        "option": (["null", {"type": "fixed", "name": "F", "size": HUGE}], "1 MiB"),
        "deep": (nested(60), "32 deep"),
        "deeper": (nested(1000), "nested too deeply"),
        "text": ("[" * 500000, "broken JSON"),
        "default": ('{"type": "int", "default": ' + "[" * 400000, "broken JSON"),
        "unions": (["null", ["int", ["string", "long"]]], "Avro schema"),
        "names": (record("A", x=record("A", y="int"), z="A"), "two types have the name"),
        "doubling": (doubling(), "Avro schema"),
        "large": (record("R", x="int") | {"doc": "x" * (2 * MEGA)}, "bytes"),
    }


def raw_cases():
    """Files that hold nothing for us, by name: content, word of the reason."""
    cases = {}
    for name, (schema, word) in hostile_schemas().items():
        endless = number(HUGE) + bytes(16)
        cases[name] = (container(schema, (1, endless)), word)
    cases |= {
        "fastavro": (recursive_data(), "contains itself"),
        "deflate": (
            container('"int"', (300 * MEGA, zeros(300 * MEGA)), codec="deflate"),
            "unpack to more than",
        ),
        "snappy": (
            container('"int"', (1, snappy_boast(4 << 30 - 1)), codec="snappy"),
            "unpack to more than",
        ),
        "zstd": (container('"int"', (1, b"\x28\xb5\x2f\xfd"), codec="zstandard"), "zstandard"),
        "symbol": (
            container(
                {"type": "enum", "name": "e", "symbols": ["a"]}, (1, number(5))
            ),
            "no such symbol",
        ),
        "count": (container(array("int"), (1, number(HUGE) + b"\1")), "more items"),
        "values": (container('"int"', (HUGE, b"")), "damaged"),
        "memory": (
            container(
                array(["null", {"type": "fixed", "name": "F", "size": MEGA}]),
                (1, number(100000) + bytes(100001)),
            ),
            "too much memory",
        ),
        "heads": (container('"int"') + (number(1) + number(1 << 27)) * 400000, "damaged"),
        "meta": (b"Obj\1" + number(HUGE) + text("a") * 2, "damaged"),
        "key": (b"Obj\1" + number(1) + number(HUGE) + b"aaa", "beyond the end"),
    }
    return cases


def check_raw(folder):
    raw = folder.file("raw")
    os.makedirs(raw)
    cases = raw_cases()
    for name, (content, _) in cases.items():
        with open(os.path.join(raw, f"{name}.avro"), "wb") as stream:
            stream.write(content)
    shutil.copy(OTHER, os.path.join(raw, "zgood.avro"))
    place = folder.file("raw.warehouse")
    status, out, err, peak, seconds = lake("normalize", raw, "-w", place)
    print(f"raw files: {len(cases)} hostile, {peak} MB, {seconds:.1f} s")
    check(status == 1, f"raw files: status {status}: {out}{err}")
    for name, (_, word) in cases.items():
        at = err.find(f"{name}.avro")
        check(at >= 0, f"{name} is not named: {err}")
        check(word in err[at : at + 400], f"{name}: no '{word}' in {err[at:at + 400]}")
    check(f"{len(cases)} skipped" in out, f"not {len(cases)} skipped: {out}")
    check("1 new experiment" in out, f"the good file: {out}")
    # no reason of a file holds a control character
    check(not any(ord(c) < 32 for c in err), "control characters in the reasons")


def many_records(count):
    """Blocks of one record each, by fastavro."""
    with open(OTHER, "rb") as stream:
        reader = fastavro.reader(stream)
        first, schema = next(reader), reader.writer_schema
    records = []
    for seed in range(count):
        made = json.loads(json.dumps(first, default=str))
        made["vqe_result"]["initial_data"]["seed"] = seed
        made["experiment_id"] = None
        records.append(made)
    out = io.BytesIO()
    fastavro.writer(
        out, schema, records, codec="null", sync_interval=1, sync_marker=SYNC
    )
    return out.getvalue()


def check_damage(folder):
    """Of ten blocks three are damaged, each in another way."""
    data = many_records(10)
    parts = data.split(SYNC)  # header, blocks, nothing
    check(len(parts) == 12 and parts[11] == b"", f"{len(parts)} parts")
    parts[3] = parts[3][:30] + b"\xff" * 60 + parts[3][90:]  # a value
    parts[5] = parts[5][:100]  # cut
    parts[8] = number(-1) + parts[8][1:]  # the head
    raw = folder.file("damaged")
    os.makedirs(raw)
    with open(os.path.join(raw, "a.avro"), "wb") as stream:
        stream.write(SYNC.join(parts))
    place = folder.file("damaged.warehouse")
    status, out, err, _, _ = lake("normalize", raw, "-w", place)
    check(status == 1, f"damaged: status {status}: {out}{err}")
    check("3 blocks of" in err and "at least 1 record" in err, f"damaged: {err}")
    _, shown, _, _, _ = lake(
        *["query", "SELECT seed FROM vqe_results ORDER BY 1", "-w", place, "-f", "json"]
    )
    seeds = [row["seed"] for row in json.loads(shown)]
    check(seeds == [0, 1, 3, 5, 6, 8, 9], f"behind the damage: {seeds}")


def spooled(schema, payload, name="id"):
    """A whole file of the spool: its checksum holds."""
    words = schema if isinstance(schema, str) else json.dumps(schema)
    data = b"VQES" + struct.pack("<IIIQ", 1, len(name), len(words), len(payload))
    data += name.encode() + words.encode() + payload
    return data + struct.pack("<I", zlib.crc32(data))


def check_spool(folder):
    spool = folder.file("spool")
    os.makedirs(spool)
    cases = hostile_schemas()
    del cases["large"]  # beyond the spool's own limit
    with open(OTHER, "rb") as stream:
        reader = fastavro.reader(stream)
        first, schema = next(reader), reader.writer_schema
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), first)
    files = [spooled(hostile, bytes(20)) for hostile, _ in cases.values()]
    good = json.dumps({k: v for k, v in schema.items() if not k.startswith("__")})
    files.append(spooled(good, out.getvalue()))
    for k, content in enumerate(files):
        path = os.path.join(spool, f"{k:064x}-{k:016x}.vqes")
        with open(path, "wb") as stream:
            stream.write(content)
        os.utime(path, (k, k))
    place = folder.file("spool.warehouse")
    status, out, err, _, _ = lake("normalize", spool, "-w", place)
    check(status == 1, f"spool: status {status}: {out}{err}")
    check(f"{len(cases)} skipped" in out, f"spool: {out}{err}")
    check("1 new experiment" in out, f"spool: {out}{err}")
    for _, word in cases.values():
        check(word in err, f"spool: no '{word}' in {err}")
    # the circuit of one, which reads a single file
    for k in range(len(cases)):
        path = os.path.join(spool, f"{k:064x}-{k:016x}.vqes")
        status, _, err, _, _ = lake("qasm", path)
        check(status != 0 and "Avro schema" in err, f"qasm of {path}: {status} {err}")


def meta_of(data):
    """Header keys of a container file, other than schema and codec."""
    with io.BytesIO(data) as stream:
        meta = fastavro.reader(stream).metadata
    return [(k, v) for k, v in meta.items() if not k.startswith("avro.")]


def check_tables(folder):
    """Another engine's metadata: manifests and lists of hostile schemas."""
    raw = folder.file("good")
    os.makedirs(raw)
    shutil.copy(OTHER, raw)
    place = folder.file("tables")
    status, out, err, _, _ = lake("normalize", raw, "-w", place)
    check(status == 0, f"tables: {out}{err}")
    metadata = os.path.join(place, "quantum_features", "molecules", "metadata")
    lists = glob.glob(os.path.join(metadata, "snap-*.avro"))
    manifests = [
        path
        for path in glob.glob(os.path.join(metadata, "*.avro"))
        if path not in lists
    ]
    check(lists and manifests, f"metadata: {os.listdir(metadata)}")
    commands = (
        ("query", "FROM molecules", "-w", place),
        ("check", place),
        ("normalize", folder.file("damaged"), "-w", place),
        ("compact", place),
        ("expire", place, "--older-than", "1d", "--orphans"),
        ("relocate", place, folder.file("copy")),
    )
    bomb = zeros(300 * MEGA)
    count = 0
    for path in (lists[0], manifests[0]):
        with open(path, "rb") as stream:
            right = stream.read()
        meta = meta_of(right)
        files = {
            name: container(schema, (1, number(HUGE) + bytes(16)), meta=meta)
            for name, (schema, _) in hostile_schemas().items()
        }
        files["bomb"] = container('"int"', (9, bomb), codec="deflate", meta=meta)
        # all commands see a few; check, which reads everything, the others
        for name, content in files.items():
            with open(path, "wb") as stream:
                stream.write(content)
            chosen = commands if name in ("itself", "bomb") else commands[1:2]
            for words in chosen:
                status, out, err, _, _ = lake(*words)
                count += 1
                said = out + err
                check(status in (1, 2), f"{name} of {path}: {words}: {status}: {said}")
                check(
                    any(word in said for word in ("Avro", "damaged", "lake check")),
                    f"{name}: {words} does not say why: {said}",
                )
            shutil.rmtree(folder.file("copy"), ignore_errors=True)
        with open(path, "wb") as stream:
            stream.write(right)
    status, out, err, _, _ = lake("check", place)
    check(status == 0, f"put right: {out}{err}")
    print(f"tables: {count} runs on hostile manifests")


def main():
    with harness.Folder() as folder:
        check_raw(folder)
        check_damage(folder)
        check_spool(folder)
        check_tables(folder)
    print("passed")


if __name__ == "__main__":
    main()

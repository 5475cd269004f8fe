#!/usr/bin/env python3
"""Raw results and warehouses that are damaged, too large or cannot be
written: each a clear error or a counted skip, in bounded memory, and what was
there reads as before.

VQE_BATCH and VQE_LAKE name the programs. Exit status 77: no PyIceberg or
fastavro.
"""

import glob
import json
import os
import re
import resource
import shutil
import subprocess
import sys

import harness
from harness import check

try:
    import fastavro
    from pyiceberg.expressions import EqualTo

    import lake_readers as readers
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(harness.SKIPPED)

from lake_readers import LAKE, Local, lake

GIGA = 1 << 30
OTHER = os.path.join(harness.ROOT, "tests", "data", "other_producer.avro")


def memory_of(words):
    """Peak memory of a run in MB, its status and what it says."""
    code = (
        "import json, resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], capture_output=True, text=True)\n"
        "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
        "print(json.dumps([peak // 1024, done.returncode, done.stdout, done.stderr]))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, check=True
    )
    peak, status, printed, warned = json.loads(said.stdout)
    return peak, status, harness.unfolded(printed), harness.unfolded(warned)


def number(value):
    """A long as Avro writes it."""
    value = value << 1
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def make_raw(folder):
    """One good file and what may lie beside it; how many of those."""
    os.makedirs(folder)
    with open(OTHER, "rb") as stream:
        whole = stream.read()
    with open(OTHER, "rb") as stream:
        reader = fastavro.block_reader(stream)
        sync = next(iter(reader)) and reader._header["sync"]
    head = whole[: whole.index(sync) + len(sync)]
    bad = {
        "short.avro": whole[: len(whole) - 40],
        "head.avro": whole[: len(head) // 2],
        "claims.avro": head + number(1) + number(2 * GIGA) + bytes(100),
        "boasts.avro": head + number(1) + number(1 << 60) + bytes(100),
        "text.avro": b"no container",
        "empty.avro": b"",
        "open.json": b'{"vqe_result": {',
        "empty.json": b"",
        "other.json": b'{"a": 1}',
        "bytes.json": bytes(range(256)),
    }
    for name, content in bad.items():
        with open(os.path.join(folder, name), "wb") as stream:
            stream.write(content)
    # holes take no space on the disk
    for name, start in (("large.json", b"{"), ("large.avro", b"")):
        with open(os.path.join(folder, name), "wb") as stream:
            stream.write(start)
            stream.truncate(2 * GIGA)
    block = head + number(1) + number(2 * GIGA)
    with open(os.path.join(folder, "block.avro"), "wb") as stream:
        stream.write(block)
        stream.seek(2 * GIGA, 1)
        stream.write(sync)
    shutil.copy(OTHER, os.path.join(folder, "zgood.avro"))
    return len(bad) + 3


def check_raw(folder):
    raw = folder.file("raw")
    bad = make_raw(raw)
    place = folder.file("raw.warehouse")
    peak, status, said, warned = memory_of([LAKE, "normalize", raw, "-w", place])
    check(status == 1, f"raw files: status {status}\n{said}{warned}")
    check(f"{bad} skipped" in said, f"not {bad} skipped: {said}{warned}")
    check(warned.count("skipped:") == bad, f"not all are named:\n{warned}")
    check(peak < 700, f"{peak} MB for raw files of 2 GB")
    for word in ("larger than the limit", "a block of 2.1 GB", "block.avro"):
        check(word in warned, f"no '{word}' in:\n{warned}")
    good = folder.file("good")
    os.makedirs(good)
    shutil.copy(OTHER, good)
    lake("normalize", good, "-w", folder.file("good.warehouse"))
    left, right = (
        readers.rows_of(Local(folder.file(f"{name}.warehouse")).table("vqe_results"),
                        "vqe_results")
        for name in ("raw", "good")
    )
    check(left.keys() == right.keys() and left, "other records beside bad files")


def write_container(path, records):
    """Records of other_producer.avro's schema, uncompressed in one block."""
    with open(OTHER, "rb") as stream:
        schema = fastavro.reader(stream).writer_schema
    with open(path, "wb") as stream:
        fastavro.writer(stream, schema, records, codec="null", sync_interval=1 << 24)


def check_poison(folder):
    """Records that cannot be stored, in one file with others: each is set
    aside with its reason and counted, and the others are stored."""
    with open(OTHER, "rb") as stream:
        first = next(fastavro.reader(stream))

    def record(seed, change=None):
        made = json.loads(json.dumps(first, default=str))
        made["vqe_result"]["initial_data"]["seed"] = seed
        made["experiment_id"] = None
        if change:
            change(made)
        return made

    def steps(made):
        for step in made["vqe_result"]["iteration_list"]:
            step["iteration"] = 1

    poison = {
        "numbers start at 1 and rise": steps,
        "the minimum is not finite": lambda r: r["vqe_result"].update(minimum=float("nan")),
        "is not UTF-8": lambda r: r.update(basis_set="B" * 40),  # bytes changed below
        "is not a text": lambda r: r.update(basis_set="a\0b"),
    }
    records, good = [], []
    for k, change in enumerate(poison.values()):
        good.append(record(2 * k))
        records += [good[-1], record(2 * k + 1, change)]
    good.append(record(99))
    good[-1].update(hamiltonian_time=1.5e308, mapping_time=1.5e308)  # no sum
    for k, step in enumerate(good[-1]["vqe_result"]["iteration_list"]):
        value = (-1) ** k * 1.7e308  # neither a mean nor a deviation
        step.update(result=value, energy_delta=value, parameter_delta_norm=1.7e308)
    good.append(record(100))
    records += good[-2:]
    raw = folder.file("poison")
    os.makedirs(raw)
    path = os.path.join(raw, "a.avro")
    write_container(path, records)
    with open(path, "rb") as stream:
        data = stream.read()
    check(data.count(b"B" * 40) == 1, "poison: the text to damage")
    with open(path, "wb") as stream:
        stream.write(data.replace(b"B" * 40, b"\xff" * 40))
    # and one whose own results are lists of other lengths, as JSON
    with open(os.path.join(raw, "b.json"), "w", encoding="utf-8") as stream:
        json.dump(record(101, steps), stream)
    place = folder.file("poison.warehouse")
    done = lake("normalize", raw, "-w", place, status=1)
    said, warned = map(harness.unfolded, (done.stdout, done.stderr))
    check(f"{len(good)} records" in said and f"{len(poison) + 1} skipped" in said,
          f"poison: {said}{warned}")
    for k, word in enumerate(poison):
        check(re.search(rf"a.avro', record {2 * k + 1}\b.{{,40}}{word}", warned),
              f"poison: no '{word}' of record {2 * k + 1} in {warned}")
    check("b.json" in warned, f"poison: {warned}")
    shown = lake("query", "SELECT seed FROM vqe_results ORDER BY 1", "-w", place,
                 "--format", "json").stdout
    check([row["seed"] for row in json.loads(shown)] == [0, 2, 4, 6, 99, 100], shown)
    shown = lake("query", "SELECT count(*) AS n FROM performance_metrics WHERE "
                 "NOT isfinite(computed_total_time)", "-w", place, "--format",
                 "json").stdout
    check(json.loads(shown)[0]["n"] == 0, f"a sum that is not finite: {shown}")
    lake("normalize", raw, "-w", place, status=1)
    lake("featurize", "-w", place)
    for table in ("vqe_results", "vqe_iterations", "ml_run_summary",
                  "ml_iteration_features"):
        described = lake("query", f"DESCRIBE {table}", "-w", place, "--format", "json")
        doubles = " OR ".join(f"NOT isfinite({column['column_name']})"
                              for column in json.loads(described.stdout)
                              if column["column_type"] == "DOUBLE")
        shown = lake("query", f"SELECT * FROM {table} WHERE {doubles}", "-w", place,
                     "--format", "json").stdout
        check(json.loads(shown) == [], f"{table} is not finite: {shown}")
    shown = lake("query", "SELECT count(*) AS n FROM ml_run_summary", "-w", place,
                 "--format", "json").stdout
    check(json.loads(shown)[0]["n"] == len(good), f"features: {shown}")
    check("0 problems, 0 orphans" in lake("check", place).stdout, "poison: check")
    # another schema: counted one by one, named up to a few
    with open(os.path.join(raw, "c.avro"), "wb") as stream:
        fastavro.writer(
            stream,
            {"type": "record", "name": "x", "fields": [{"name": "y", "type": "int"}]},
            [{"y": k} for k in range(30)],
        )
    done = lake("normalize", raw, "-w", place, status=1)
    warned = harness.unfolded(done.stderr)
    check(f"{len(poison) + 31} skipped" in done.stdout, f"{done.stdout}{warned}")
    check("c.avro': 25 more records" in warned, warned)


def metadata_of(place, name):
    return f"{place}/quantum_features/{name}/metadata"


def check_edited(folder, result):
    """Metadata changed by hand: named by check and refused by all, and the
    other tables still read."""
    place = folder.file("edited")
    lake("normalize", result, "-w", place)
    metadata = f"{metadata_of(place, 'molecules')}/v1.metadata.json"
    with open(metadata, encoding="utf-8") as stream:
        right = stream.read()
    edits = {
        "snapshots": re.sub(
            r'"current-snapshot-id":\s*\d+', '"current-snapshot-id": 5', right
        ),
        "line 1": right[:300],
        "points at": right.replace("quantum_features", "elsewhere"),
        "format version 3": right.replace(
            '"format-version":2', '"format-version":3'
        ),
        "is gone": right.replace("/snap-", "/snip-"),
        "total-records": right.replace('"total-records":"', '"total-records":"9'),
    }
    for word, wrong in edits.items():
        check(wrong != right, f"the edit for '{word}' changes nothing")
        with open(metadata, "w", encoding="utf-8") as stream:
            stream.write(wrong)
        done = lake("check", place, status=1)
        check(
            "problem molecules: " in done.stdout and word in done.stdout,
            f"check of an edit: no '{word}' in {done.stdout}{done.stderr}",
        )
        if word != "total-records":  # which no reader looks at
            done = lake("query", "FROM molecules", "-w", place, status=None)
            check(done.returncode in (1, 2), f"edited ({word}), and yet it reads")
        lake("query", "FROM vqe_results", "-w", place)
    with open(metadata, "w", encoding="utf-8") as stream:
        stream.write(right)
    lake("check", place)


def check_full(folder, result):
    """No more bytes to be had: a limit on the size of files stands for a full
    disk."""
    place = folder.file("full")
    lake("normalize", result, "-w", place)
    before = readers.snapshots(Local(place), readers.NORMALISED)
    more = folder.file("more.h5")
    folder.write(
        "more.json",
        {
            "molecules": [harness.LIH],
            "ansatz": "EfficientSU2",
            "optimizer": {"name": "COBYLA", "max_evaluations": 40},
            "seed": [1, 2, 3],
        },
    )
    folder.run("more.json", "--no-lake")
    done = subprocess.run(
        [LAKE, "normalize", more, "-w", place],
        capture_output=True,
        text=True,
        check=False,
        restore_signals=False,  # SIGXFSZ stays ignored: the write fails
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    check(done.returncode == 1, f"full: {done.returncode}\n{done.stdout}{done.stderr}")
    check(done.stderr.strip(), "full: nothing said")
    check(
        readers.snapshots(Local(place), readers.NORMALISED) == before,
        "full: a snapshot",
    )
    lake("check", place)
    lake("normalize", more, "-w", place)
    check("0 orphans" in lake("check", place).stdout, "full: orphans stay")


def check_places(folder, result):
    """Names that are too long, folders in the way of files and the reverse,
    places that cannot be written: exit status 2 and what to do."""
    place = folder.file("places.warehouse")
    lake("normalize", result, "-w", place)
    long = folder.file("x" * 300)
    taken = folder.file("taken")
    os.makedirs(os.path.join(taken, ".vqe-writers"))
    inside = folder.file("inside")
    os.mkdir(inside)
    with open(os.path.join(inside, "quantum_features"), "w", encoding="utf-8"):
        pass
    cases = [
        (["normalize", result, "-w", long], "choose a shorter one"),
        (["normalize", long, "-w", place], "choose a shorter one"),
        (["featurize", long], "choose a shorter one"),
        (["query", "SELECT 1", "-w", long], "choose a shorter one"),
        (["log", long], "choose a shorter one"),
        (["check", long], "choose a shorter one"),
        (["compact", long], "choose a shorter one"),
        (["expire", long, "--older-than", "1d"], "choose a shorter one"),
        (["relocate", place, long], "choose a shorter one"),
        (["relocate", long, place], "choose a shorter one"),
        (["unlock", long], "choose a shorter one"),
        (["with-lock", long, "--", "true"], "choose a shorter one"),
        (["normalize", result, "-w", place, "--scratch", long], "name by --scratch"),
        (["normalize", result, "-w", place, "--summary", long], "choose a shorter one"),
        (["featurize", place, "--summary", folder.file("no/x")], "make it first"),
        (["query", "SELECT 1", "-w", place, "-o", long], "choose a shorter one"),
        (["query", "SELECT 1", "-w", place, "-o", folder.file("no/x")], "make it first"),
        (["query", "SELECT 1", "-w", place, "-o", place], "it is a folder"),
        (["qasm", result, "-o", long], "choose a shorter one"),
        (["normalize", result, "-w", taken], "it is a folder: remove it"),
        (["normalize", result, "-w", inside], "choose another place"),
        (["normalize", folder.file("none.h5"), "-w", place], "name an HDF5 result"),
    ]
    for words, remedy in cases:
        done = lake(*words, status=None)
        said = harness.unfolded(done.stderr)
        check(done.returncode == 2 and remedy in said,
              f"{words}: {done.returncode}, no '{remedy}' in {said}")
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return
    os.chmod(folder.path, 0o755)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env",
              "TMPDIR=/tmp"]
    refused = [["normalize", result, "-w", place], ["featurize", place],
               ["compact", place], ["expire", place, "--older-than", "1d"],
               ["relocate", place, folder.file("copy")],
               ["with-lock", place, "--", "true"],
               ["normalize", result, "-w", folder.file("new")]]
    for words in refused + [["query", "SELECT 1", "-w", place], ["check", place],
                            ["log", place]]:
        done = subprocess.run([*nobody, LAKE, *words], capture_output=True, text=True,
                              check=False)
        if done.returncode == 126:  # the program itself is out of reach
            return
        said = harness.unfolded(done.stderr)
        good = done.returncode == 0
        if words in refused:
            good = done.returncode == 2 and "change its permissions" in said
        check(good, f"{words} by nobody: {done.returncode} {said}")


def check_read_only(folder, result):
    """A folder that cannot be written, in a way that holds for root too."""
    place = folder.file("file") + "/warehouse"
    with open(folder.file("file"), "w", encoding="utf-8") as stream:
        stream.write("no folder")
    done = lake("normalize", result, "-w", place, status=None)
    check(done.returncode in (1, 2), f"into a file: {done}")
    check(folder.file("file") in harness.unfolded(done.stderr), f"into a file: {done.stderr}")
    check(not glob.glob(folder.file(".*vqe-*")), "a scratch folder stays")


COMMANDS = {
    "normalize": ["x.h5"], "featurize": [], "query": ["SELECT 1"], "log": [],
    "files": [],
    "check": [], "relocate": ["a", "b"], "compact": [], "expire": [],
    "unlock": [], "with-lock": ["a", "true"], "qasm": ["0"], "publish": [],
    "ingest": [],
}
# a value of each option that takes one, so that the option alone is judged
VALUES = {"timeout": "1", "memory": "100", "threads": "1", "scheme": "s3",
          "etag": "auto", "format": "json", "older-than": "0s"}


def check_options(folder):
    """An option that a command does not take is an error that names those that
    do; none is ignored."""
    text = lake("--help").stdout
    options = re.findall(r"^ +(?:-\w, )?--([a-z-]+)( [A-Z]+)?", text, re.MULTILINE)
    check(len(options) > 25, f"options: {options}")
    place = folder.file("no-warehouse")
    refused = 0
    for command, arguments in COMMANDS.items():
        for name, value in options:
            if name in ("help", "version", "man", "completion", "quiet"):
                continue
            words = [f"--{name}"] + ([VALUES.get(name, place)] if value else [])
            arguments = [folder.file(a) if a in ("a", "b") else a for a in arguments]
            done = lake(command, *words, *arguments, status=None,
                        env={"VQE_WAREHOUSE": place})
            said = harness.unfolded(done.stderr)
            if f"has no option --{name}, which is of" in said:
                check(done.returncode == 2, f"{command} --{name}: {done}")
                check(f" {command}" not in said.split("which is of")[1], said)
                refused += 1
    check(refused > 150, f"options: only {refused} are refused")
    for words in (("check", "--summary", "x"), ("log", "--format", "csv"),
                  ("query", "SELECT 1", "--older-than", "1d")):
        done = lake(*words, status=2)
        check("has no option" in done.stderr, f"{words}: {done}")
    for words in (("check", "--scheme", "http"), ("check", "--etag", "md5")):
        done = lake(*words, status=2)
        check("is none of" in done.stderr, f"{words}: {done}")


# basis sets as people and other tools name them; folders are made of them
NAMES = (
    "6-31+G*",
    "6-31g(d,p)",
    "/data/bases/my basis.nw",
    "dé f2-ü",
    "базис",
    "名前",
    "🧪",
    "a=b/c?d#e%20",
    "",
    " ",
    ".",
    "..",
    "..%2F",
    "with\"quote",
    "with'quote",
    "tab\there",
    "new\nline",
    "null",
    "__HIVE_DEFAULT_PARTITION__",
    "C:\\bases\\x.nw",
    "a:b*c|d<e>",
    "{x}",
    "~x",
    "a&b;c$d`e`",
    "%",
    "e\u0301",
    "\u00e9",
    "\U0010ffff" * 17,
    "/" + "lab/" * 70 + "basis.nw",
    "é" * 300,
    "/" * 1000,
    "x" * 5000,
    "x" * 5001,
)


def check_names(folder):
    """Values of any length and alphabet in the partition columns."""
    raw = folder.file("names")
    os.makedirs(raw)
    with open(os.path.join(harness.ROOT, "tests/data/other_producer.json"), "rb") as stream:
        text = stream.read()
    for k, name in enumerate(NAMES):
        record = json.loads(text)
        record["basis_set"] = name
        record["vqe_result"]["initial_data"]["backend"] = name[::-1]
        with open(f"{raw}/{k:03d}.json", "w", encoding="utf-8") as stream:
            json.dump(record, stream, ensure_ascii=False)
    place = folder.file("names.warehouse")
    lake("normalize", raw, "-w", place)
    check("0 problems, 0 orphans" in lake("check", place).stdout, "names: check")
    table = Local(place).table("vqe_results")
    for name in NAMES:
        rows = table.scan(row_filter=EqualTo("basis_set", name)).to_arrow()
        check(len(rows) == 1, f"names: {len(rows)} rows of {name[:40]!r}")
    for path, _, _ in os.walk(place):
        check(len(os.path.basename(path).encode()) <= 140, f"names: {path}")
    lake("featurize", "-w", place)
    lake("compact", place)
    check("0 problems, 0 orphans" in lake("check", place).stdout, "names: compact")


def check_apart(folder, result):
    """A run that ended between the tables: seen by check, and mended by the
    next run with the same source."""
    place = folder.file("apart")
    lake("normalize", result, "-w", place)
    for name in ("vqe_results", "vqe_iterations"):
        shutil.rmtree(f"{place}/quantum_features/{name}")
    said = lake("check", place, status=1).stdout
    check("1 experiment of 'molecules' is missing" in said, f"apart: {said}")
    lake("normalize", result, "-w", place)
    check("0 problems" in lake("check", place).stdout, "apart: check")


with harness.Folder() as folder:
    folder.write("h2.json", {"molecules": [harness.H2], "seed": 1})
    folder.run("h2.json", "--no-lake")
    check_raw(folder)
    check_poison(folder)
    check_edited(folder, folder.file("h2.h5"))
    check_full(folder, folder.file("h2.h5"))
    check_options(folder)
    check_places(folder, folder.file("h2.h5"))
    check_read_only(folder, folder.file("h2.h5"))
    check_names(folder)
    check_apart(folder, folder.file("h2.h5"))
print("bad raw files skipped, bad warehouses refused, in bounded memory")

#!/usr/bin/env python3
"""A warehouse and a folder of raw files that someone else may write into lead
nobody out of them. Every reader of a table refuses, within seconds, a symbolic
link, a pipe, another size and nothing in place of a data file, links in place
of metadata and of folders, manifests that are listed again and again, and paths
in a manifest that lie elsewhere, climb or have another scheme; a table that
misses a file is an error of relocate, not left out; characters of patterns in
paths stand for themselves; expire removes no file of another table; what is
written goes behind no link either. Metadata that unpacks to very much, tables of
very many columns and files that are named very often are refused by name, in
seconds and in bounded memory, and counts of a manifest list hide no rows. Of raw
files the bad ones are set aside and the others are read.

VQE_BATCH and VQE_LAKE name the programs.
"""

import contextlib
import glob
import gzip
import json
import os
import shutil
import subprocess
import sys
import time

import harness
from harness import check, unfolded

try:
    import fastavro
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(harness.SKIPPED)

LAKE = os.path.abspath(
    os.environ.get("VQE_LAKE") or os.path.join(os.path.dirname(harness.BATCH), "vqe_lake")
)
# whose programs are slow, and whose address space is the whole
SANITIZED = f"{os.sep}debug{os.sep}" in harness.BATCH
SECRET = "root:tHEsECRETwORD:19000:0:99999:7:::"
NAME = "molecules"
ROWS = f"SELECT * FROM {NAME} ORDER BY ALL"


def lake(*words, status):
    """Run it; nothing may wait for a pipe, and no word of a secret comes out."""
    done = subprocess.run(
        [LAKE, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600 if SANITIZED else 60,
        check=False,
        env=harness.environment(),
    )
    said = unfolded(done.stdout + done.stderr)
    check("tHEsECRETwORD" not in said, f"{words}: a secret in {said}")
    wanted = status if isinstance(status, tuple) else (status,)
    check(done.returncode in wanted, f"{words}: exit status {done.returncode}, not {wanted}\n{said}")
    done.said = said
    return done


class Case:
    """A warehouse, and places beside it that nobody may be led to."""

    def __init__(self, folder):
        self.folder = folder
        folder.write(
            "job.json",
            {
                "molecules": [harness.H2],
                "ansatz": {"name": "EfficientSU2", "reps": 1},
                "optimizer": {"name": "COBYLA", "max_evaluations": 10},
                "seed": [1, 2],
            },
        )
        folder.run("job.json")
        self.place = folder.file("job.warehouse")
        self.outside = folder.file("outside")
        os.makedirs(self.outside)
        self.secret = os.path.join(self.outside, "shadow")
        with open(self.secret, "w", encoding="utf-8") as stream:
            stream.write(SECRET + "\n")
        self.rows = lake("query", ROWS, "-w", self.place, status=0).stdout
        check("H2" in self.rows, self.rows)

    def table(self, name=NAME):
        return os.path.join(self.place, "quantum_features", name)

    def data(self, name=NAME):
        (path,) = glob.glob(self.table(name) + "/data/**/*.parquet", recursive=True)
        return path

    @contextlib.contextmanager
    def without(self, path):
        """`path` is elsewhere meanwhile, and whatever else stands there goes."""
        aside = os.path.join(self.outside, "aside")
        os.rename(path, aside)
        try:
            yield aside
        finally:
            if os.path.lexists(path):
                os.remove(path)
            os.rename(aside, path)

    def refused(self, what, words, commands=("relocate", "query", "files")):
        """Every reader says why it does not read the table, and copies none."""
        target = self.folder.file("target")
        for command in commands:
            if command == "relocate":
                done = lake("relocate", self.place, target, status=(1, 2))
                check("12 tables" in done.said or "copied" not in done.stdout, done.said)
                check(NAME in done.said, f"{what}, relocate: {done.said}")
                for folder, _, names in os.walk(target):
                    for name in names:
                        path = os.path.join(folder, name)
                        with open(path, "rb") as stream:
                            check(b"tHEsECRETwORD" not in stream.read(), f"{what}: {path}")
                check(
                    not glob.glob(f"{target}/quantum_features/{NAME}/metadata/v*"),
                    f"{what}: a copy of the table was published",
                )
                shutil.rmtree(target)
            elif command == "query":
                done = lake("query", ROWS, "-w", self.place, status=(1, 2))
            else:
                done = lake(command, self.place, status=(1, 2))
            check(any(w in done.said for w in words), f"{what}, {command}: {done.said}")
        done = lake("check", self.place, status=(1, 2))
        check(NAME in done.said, f"{what}, check: {done.said}")

    def whole(self):
        check(lake("query", ROWS, "-w", self.place, status=0).stdout == self.rows, "rows differ")
        lake("check", self.place, status=0)


def check_compact(folder):
    """A data file that is gone ends the merging of its table, with its name."""
    folder.write("two.json", {"molecules": [harness.H2], "seed": 7, "init": "random"})
    place = folder.file("merged")
    for job in ("job.json", "two.json"):
        folder.run(job, "-o", job + ".h5", "--no-lake")
        lake("normalize", folder.file(job + ".h5"), "-w", place, status=0)
    table = os.path.join(place, "quantum_features", "molecules", "data")
    paths = glob.glob(table + "/**/*.parquet", recursive=True)
    check(len(paths) > 1, f"{paths}: nothing to merge")
    os.rename(paths[0], folder.file("gone"))
    done = lake("compact", place, status=(1, 2))
    check(os.path.basename(paths[0]) in done.said, done.said)
    os.rename(folder.file("gone"), paths[0])
    lake("compact", place, status=0)
    lake("check", place, status=0)


def check_many_tags(case):
    """Very many tags of one snapshot take no more memory than they are."""
    newest = max(glob.glob(case.table() + "/metadata/*.metadata.json"))
    with case.without(newest) as aside:
        with open(aside, encoding="utf-8") as stream:
            metadata = json.load(stream)
        tag = {"snapshot-id": metadata["current-snapshot-id"], "type": "tag"}
        metadata["refs"].update((f"v_{k:032x}", tag) for k in range(60000))
        with open(newest, "w", encoding="utf-8") as stream:
            json.dump(metadata, stream)
        done = subprocess.run(
            ["sh", "-c", ("" if SANITIZED else "ulimit -v 4000000; ") + 'exec "$@"', "sh",
             LAKE, "log", case.place],
            capture_output=True, text=True, timeout=600, check=False,
            env=harness.environment())
        check(done.returncode == 0 and done.stdout.count(" v_") >= 60000,
              f"{done.returncode}: {done.stdout[-300:]}{done.stderr}")


def check_data(case):
    path = case.data()
    with case.without(path) as aside:
        os.symlink(aside, path)
        case.refused("a link to its data file", ["symbolic link"])
        os.remove(path)
        os.symlink(case.secret, path)
        case.refused("a link to a secret", ["symbolic link"])
        os.remove(path)
        os.mkfifo(path)
        case.refused("a pipe", ["a pipe, a socket or a device"])
        os.remove(path)
        case.refused("nothing", ["gone", "missing", "No such file"])
        shutil.copy(aside, path)
        with open(path, "ab") as stream:
            stream.write(b"x")
        case.refused("a longer file", ["bytes"])
    case.whole()
    parent = os.path.dirname(path)
    with case.without(parent) as aside:
        os.symlink(aside, parent)
        case.refused("a link to the folder of a data file", ["symbolic link", "missing"])
    case.whole()


def check_metadata(case):
    folder = case.table() + "/metadata"
    newest = max(glob.glob(folder + "/v*.metadata.json"), key=lambda p: int(p.split("/v")[-1][:-14]))
    every = ("relocate", "query", "files")
    with case.without(newest) as aside:
        for target in (aside, case.secret):
            os.symlink(target, newest)
            case.refused("a link to metadata", ["symbolic link"], every)
            os.remove(newest)
        os.mkfifo(newest)
        case.refused("a pipe of metadata", ["a pipe"], every)
    for path in glob.glob(folder + "/*.avro"):
        with case.without(path) as aside:
            for target in (aside, case.secret):
                os.symlink(target, path)
                case.refused("a link to a manifest or list", ["symbolic link"], ("relocate", "query"))
                os.remove(path)
            case.refused("no manifest or list", ["gone", "No such file"], ("relocate", "query"))
    hint = folder + "/version-hint.text"
    with case.without(hint):
        os.symlink(case.secret, hint)
        # a hint is only a hint
        check(lake("query", ROWS, "-w", case.place, status=0).stdout == case.rows, "rows differ")
    with case.without(folder) as aside:
        os.symlink(aside, folder)
        case.refused("a link to the folder of metadata", ["symbolic link"], every)
    versions = glob.glob(folder + "/v*.metadata.json")
    with contextlib.ExitStack() as stack:
        for k, path in enumerate(versions):
            aside = os.path.join(case.outside, f"version{k}")
            os.rename(path, aside)
            stack.callback(os.rename, aside, path)
        case.refused("no version", ["version-hint.text"], every)
    case.whole()
    table = case.table()
    with case.without(table) as aside:
        os.symlink(aside, table)
        case.refused("a link to the table", ["symbolic link"], every)
    case.whole()


@contextlib.contextmanager
def rewritten(path, change):
    """An Avro file with what `change` makes of its records."""
    with open(path, "rb") as stream:
        before = stream.read()
    with open(path, "rb") as stream:
        reader = fastavro.reader(stream)
        meta = {k: v for k, v in reader.metadata.items() if not k.startswith("avro.")}
        schema = json.loads(reader.metadata["avro.schema"])
        records = change(list(reader))
    check(records, path)
    with open(path, "wb") as stream:
        fastavro.writer(stream, schema, records, metadata=meta)
    try:
        yield
    finally:
        with open(path, "wb") as stream:
            stream.write(before)


def manifest_path(case, name, change):
    """The path of its data file as `change` makes it, in the newest manifest."""
    folder = case.table(name) + "/metadata"
    (manifest,) = [p for p in glob.glob(folder + "/*.avro") if "snap-" not in os.path.basename(p)]

    def moved(records):
        for record in records:
            record["data_file"]["file_path"] = change(record["data_file"]["file_path"])
        return records

    return rewritten(manifest, moved)


def check_lists(case):
    """A manifest that is listed again and again would be read as often."""
    (path,) = glob.glob(case.table() + "/metadata/snap-*.avro")
    for count in (2, 20_000):
        with rewritten(path, lambda records, count=count: records * count):
            case.refused(f"a manifest listed {count} times", ["more than once"])
    case.whole()


def refused_in_time(case, what, words, path=None):
    """By each reader, with the place, in little time and memory."""
    for command in (["query", ROWS, "-w", case.place], ["log", case.place],
                    ["check", case.place], ["expire", case.place, "--older-than", "0s"],
                    ["normalize", case.folder.file("job.h5"), "-w", case.place]):
        started = time.monotonic()
        process = subprocess.Popen(
            [LAKE, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env=harness.environment())
        with process, process.stdout as stream:
            said = unfolded(stream.read())
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        what_ran = f"{what}, {command[0]}"
        check(process.returncode in (1, 2), f"{what_ran}: {process.returncode} {said[-600:]}")
        check(NAME in said and any(word in said for word in words), f"{what_ran}: {said[-600:]}")
        check(path is None or os.path.basename(path) in said, f"{what_ran}: {said[-600:]}")
        check(len(said) < 4000, f"{what_ran}: {len(said)} letters")
        if not SANITIZED:
            check(usage.ru_maxrss < 1_500_000, f"{what_ran}: {usage.ru_maxrss} kB")
            check(time.monotonic() - started < 30, f"{what_ran}: it took too long")


def check_bombs(case):
    """Metadata that is small and unpacks to very much, or to what takes much."""
    folder = case.table() + "/metadata"
    version = max(int(os.path.basename(p)[1:].split(".")[0])
                  for p in glob.glob(folder + "/v*.metadata.json"))
    with open(f"{folder}/v{version}.metadata.json", "rb") as stream:
        text = stream.read().rstrip().removesuffix(b"}")
    values = [text + b', "x": [', *[b"{}," * 100_000] * 80, b"{}]}"]
    many = [text + b', "x": [', *[b"1," * 100_000] * 110, b"1]}"]
    cases = {
        "blanks": ([b" " * (1 << 20)] * 300, ".gz.metadata.json", "unpack"),
        "values": (values, ".gz.metadata.json", "unpack"),
        "values in plain text": (values, ".metadata.json", "largest tables"),
        "many values": (many, ".metadata.json", "largest tables"),
        "half of it": ([text], ".gz.metadata.json", "broken JSON"),
    }
    for what, (pieces, ending, word) in cases.items():
        path = f"{folder}/v{version + 1}{ending}"
        with (gzip.open if ".gz" in ending else open)(path, "wb") as stream:
            stream.writelines(pieces)
        refused_in_time(case, what, [word], path)
        os.remove(path)
    case.whole()


def check_columns(case):
    """Very many columns; SQL compares each with each."""
    newest = max(glob.glob(case.table() + "/metadata/*.metadata.json"))
    names = {"many columns": lambda k: f"c{k}",
             "columns that differ in case": lambda k: "".join(
                 c.upper() if k >> i & 1 else c for i, c in enumerate("abcdefghijklmnop"))}
    for what, name in names.items():
        with case.without(newest) as aside:
            with open(aside, encoding="utf-8") as stream:
                metadata = json.load(stream)
            last = metadata["last-column-id"]
            metadata["schemas"][-1]["fields"] += [
                {"id": last + k, "name": name(k), "required": False, "type": "double"}
                for k in range(1, 30_001)]
            metadata["last-column-id"] = last + 30_000
            with open(newest, "w", encoding="utf-8") as stream:
                json.dump(metadata, stream)
            refused_in_time(case, what, ["more than the 1000"], newest)
    case.whole()


def check_named_often(case):
    """A data file that is named again and again would be read as often."""
    (manifest,) = [p for p in glob.glob(case.table() + "/metadata/*.avro")
                   if "snap-" not in os.path.basename(p)]
    for count in (2, 30_000):
        with rewritten(manifest, lambda records, count=count: records * count):
            for command in (["query", ROWS, "-w", case.place], ["files", case.place],
                            ["compact", case.place]):
                if command[0] == "compact" and count > 2:
                    continue
                said = lake(*command, status=(1, 2)).said
                check("more than once" in said and ".parquet" in said, f"{command}: {said}")
            said = lake("check", case.place, status=1).said
            check("more than once" in said and len(said) < 4000, said[:4000])
    case.whole()


def check_counts(case):
    """Wrong counts in a manifest list hide no rows, and are found."""
    (path,) = glob.glob(case.table() + "/metadata/snap-*.avro")

    def emptied(records):
        for record in records:
            for name in ("added", "existing"):
                record[f"{name}_files_count"] = record[f"{name}_rows_count"] = 0
        return records

    with rewritten(path, emptied):
        check(lake("query", ROWS, "-w", case.place, status=0).stdout == case.rows, "rows hidden")
        said = lake("check", case.place, status=1).said
        check(os.path.basename(path) in said or "counts" in said, said)
    case.whole()


def check_footer(case):
    """What describes a data file is damaged, its length is not: the file is
    named, or what names it."""
    path = case.data()
    with open(path, "rb") as stream:
        before = stream.read()
    length = int.from_bytes(before[-8:-4], "little")
    for at in range(0, length, length // 12):
        damaged = bytearray(before)
        damaged[len(before) - 8 - length + at] ^= 0x5F
        with open(path, "wb") as stream:
            stream.write(damaged)
        done = lake("query", ROWS, "-w", case.place, status=(0, 1, 2))
        if done.returncode != 0:
            check(".parquet" in done.said or "vqe_lake check" in done.said, done.said)
            said = lake("check", case.place, status=(1, 2)).said
            check(os.path.basename(path) in said, f"byte {at}: {said}")
    with open(path, "wb") as stream:
        stream.write(before)
    case.whole()


def check_paths(case):
    other = os.path.join(case.outside, "other.parquet")
    shutil.copy(case.data(), other)
    below = "file://" + case.place + "/quantum_features/" + NAME
    wrong = {
        "elsewhere": "file://" + other,
        "a bare path elsewhere": other,
        "upward": below + "/data/../../../../outside/other.parquet",
        "encoded upward": below + "/%2e%2e/%2E%2e/other.parquet",
        "encoded slashes": below + "/data/..%2f..%2f..%2fother.parquet",
        "another scheme": "http://127.0.0.1:9/other.parquet",
        "a bucket": "s3://bucket/other.parquet",
        "another host": "file://host" + other,
        "a control character": below + "/data/a\nb.parquet",
    }
    for what, path in wrong.items():
        with manifest_path(case, NAME, lambda _, path=path: path):
            words = ["does not lie in", "outside", "'..'", "percent-encoded", "control character"]
            case.refused(what, words)
    case.whole()


def check_patterns(case):
    """Names that DuckDB could take for patterns; what they would match must not
    be read."""
    path = case.data()
    for name in ("a*b.parquet", "a?b.parquet", "a[bc].parquet", "a{b,c}.parquet", "a\\b.parquet",
                 "**.parquet", "a]b[!x].parquet"):
        strange = os.path.join(os.path.dirname(path), name)
        decoys = [os.path.join(os.path.dirname(path), d)
                  for d in ("aXb.parquet", "ab.parquet", "ac.parquet")]
        with case.without(path) as aside:
            shutil.copy(aside, strange)
            for decoy in decoys:
                shutil.copy(aside, decoy)
            with manifest_path(case, NAME, lambda old, name=name: os.path.dirname(old) + "/" + name):
                rows = lake("query", ROWS, "-w", case.place, status=0).stdout
                check(rows == case.rows, f"'{name}': {rows}")
                os.remove(strange)
                lake("query", ROWS, "-w", case.place, status=(1, 2))
            for decoy in decoys:
                os.remove(decoy)
    case.whole()


def check_place_of_pattern(folder):
    """A warehouse whose own path looks like a pattern."""
    place = folder.file("w[1]*{a,b}.warehouse")
    lake("normalize", folder.file("job.h5"), "-w", place, status=0)
    lake("featurize", place, status=0)
    lake("check", place, status=0)
    rows = json.loads(lake("query", f"SELECT count(*) n FROM {NAME}", "-w", place, "--format",
                           "json", status=0).stdout)
    check(rows[0]["n"] == 2, rows)


def check_targets(case):
    """Writers go behind no link below the place that they write to."""
    empty = os.path.join(case.outside, "empty")
    os.makedirs(empty)
    for link in ("quantum_features", f"quantum_features/{NAME}", f"quantum_features/{NAME}/data"):
        target = case.folder.file("linked")
        os.makedirs(os.path.dirname(os.path.join(target, link)), exist_ok=True)
        os.symlink(empty, os.path.join(target, link))
        done = lake("relocate", case.place, target, "--table", NAME, status=(1, 2))
        check("symbolic link" in done.said, done.said)
        check(os.listdir(empty) == [], f"written through {link}: {os.listdir(empty)}")
        done = lake("normalize", case.folder.file("job.h5"), "-w", target, status=(1, 2))
        check("symbolic link" in done.said, done.said)
        check(os.listdir(empty) == [], f"written through {link}: {os.listdir(empty)}")
        shutil.rmtree(target)
    # the file that writers lock
    target = case.folder.file("locked")
    os.makedirs(target)
    os.symlink(os.path.join(empty, "made"), os.path.join(target, ".vqe-writers"))
    lake("normalize", case.folder.file("job.h5"), "-w", target, status=(1, 2))
    check(os.listdir(empty) == [], f"a lock was made elsewhere: {os.listdir(empty)}")
    # the place itself may be reached over a link
    link = case.folder.file("link")
    os.symlink(case.place, link)
    done = lake("relocate", link, case.folder.file("copy"), status=0)
    check("13 tables" in done.said, done.said)
    lake("check", case.folder.file("copy"), status=0)


def check_expire(case):
    """A table that names the file of another one does not take it along."""
    place = case.folder.file("expire.warehouse")
    lake("relocate", case.place, place, status=0)
    mine = Case.__new__(Case)
    mine.place, mine.outside, mine.folder = place, case.outside, case.folder
    victim = mine.data("vqe_results")
    with open(victim, "rb") as stream:
        bytes_before = stream.read()
    uri = "file://" + victim
    with manifest_path(mine, NAME, lambda _: uri):
        # the rows are made anew by another engine: the old file goes
        metadata = max(glob.glob(mine.table() + "/metadata/v*.metadata.json"))
        with open(metadata, encoding="utf-8") as stream:
            text = json.load(stream)
        old = text["snapshots"][-1]
        new = dict(old, **{"snapshot-id": old["snapshot-id"] + 1,
                           "parent-snapshot-id": old["snapshot-id"],
                           "sequence-number": old["sequence-number"] + 1,
                           "timestamp-ms": old["timestamp-ms"] + 1})
        list_path = old["manifest-list"].removeprefix("file://")
        fresh = list_path.replace("snap-", "snap-9")
        with open(list_path, "rb") as stream:
            reader = fastavro.reader(stream)
            schema = json.loads(reader.metadata["avro.schema"])
            meta = {k: v for k, v in reader.metadata.items() if not k.startswith("avro.")}
        with open(fresh, "wb") as stream:
            fastavro.writer(stream, schema, [], metadata=meta)
        new["manifest-list"] = "file://" + fresh
        text["snapshots"].append(new)
        text["current-snapshot-id"] = new["snapshot-id"]
        text["last-sequence-number"] = new["sequence-number"]
        text["refs"] = {"main": {"snapshot-id": new["snapshot-id"], "type": "branch"}}
        with open(metadata, "w", encoding="utf-8") as stream:
            json.dump(text, stream)
        lake("expire", place, "--older-than", "0s", status=(0, 1, 2))
        check(os.path.exists(victim), "expire removed a file of another table")
        with open(victim, "rb") as stream:
            check(stream.read() == bytes_before, "the file of another table changed")


def check_odd_name(case):
    """A file whose name is no UTF-8, in a table's folder, is an orphan as any:
    check names it, copies go past it, and expire removes it."""
    odd = os.path.join(os.fsencode(os.path.dirname(case.data())), b"\xff\xfe.parquet")
    with open(odd, "wb"):
        pass
    os.utime(odd, (1, 1))
    done = lake("check", case.place, status=0)
    check("orphan" in done.said and "\x1b" not in done.said, done.said)
    copy = case.folder.file("odd.copy")
    lake("relocate", case.place, copy, status=0)
    shutil.rmtree(copy)
    lake("expire", case.place, "--older-than", "30d", "--orphans", status=0)
    check(not os.path.exists(odd), "an orphan whose name is no UTF-8 stays")
    case.whole()


def outside_sql(case):
    """SQL that tries to get out, by what it would do."""
    csv = os.path.join(case.outside, "x.csv")
    with open(csv, "w", encoding="utf-8") as stream:
        stream.write(f"a\n{SECRET}\n")
    parquet = os.path.join(case.outside, "other.parquet")
    written = os.path.join(case.outside, "written")
    fifo = os.path.join(case.outside, "fifo")
    os.mkfifo(fifo)
    inside = os.path.join(case.place, "written")
    reading = [
        f"SELECT * FROM read_csv('{csv}')",
        f"SELECT * FROM '{csv}'",
        f"FROM '{parquet}'",
        f"SELECT * FROM read_parquet('{case.place}/**/*.parquet')",
        f"SELECT * FROM read_text('{case.secret}')",
        f"SELECT * FROM read_blob('{case.secret}')",
        f"SELECT content FROM {NAME}, read_text('{case.secret}')",
        f"SELECT * FROM read_json('{csv}')",
        f"SELECT * FROM read_ndjson_objects('{csv}')",
        f"SELECT * FROM sniff_csv('{csv}')",
        f"SELECT * FROM parquet_schema('{parquet}')",
        f"SELECT * FROM parquet_metadata('{parquet}')",
        f"SELECT * FROM query('FROM read_text(''{case.secret}'')')",
        f"SELECT * FROM query_table(['{csv}'])",
        f"SELECT * FROM glob('{case.outside}/*')",
        "SELECT * FROM glob('/etc/*')",
        f"SELECT * FROM glob('{case.place}/../outside/*')",
        f"SELECT * FROM read_text('{case.place}/../outside/shadow')",
        f"SELECT * FROM read_text('{case.data()}/../../../../../../outside/shadow')",
        f"SELECT * FROM read_text('{fifo}')",
        f"FROM '{fifo}.csv', read_csv('{fifo}')",
        "SELECT * FROM read_text('/proc/self/environ')",
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
        "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
        "SELECT getenv('HOME')",
        f"SUMMARIZE '{csv}'",
        f"DESCRIBE FROM '{csv}'",
        f"PIVOT '{csv}' ON a",
    ]
    doing = [
        f"COPY (SELECT 1) TO '{written}'",
        f"COPY (SELECT 1) TO '{inside}'",
        f"SELECT 1) TO '{written}' --",
        f"ATTACH '{written}'",
        f"ATTACH '{inside}' AS x",
        f"EXPORT DATABASE '{written}'",
        f"IMPORT DATABASE '{case.outside}'",
        "INSTALL httpfs",
        "LOAD httpfs",
        f"LOAD '{written}'",
        "PRAGMA enable_profiling='json'",
        f"SET profiling_output='{written}'",
        "SET enable_external_access=true",
        "SET lock_configuration=false",
        "RESET lock_configuration",
        "CREATE SECRET s (TYPE s3)",
        "CREATE PERSISTENT SECRET s IN local_file (TYPE http, BEARER_TOKEN 'x')",
        "CREATE TABLE t AS SELECT 1",
        f"CALL enable_logging(storage := 'file', storage_config := {{'path': '{written}'}})",
        f".import {csv} t",
        "SELECT 1; SELECT 2",
        f"DELETE FROM {NAME}",
        f"DROP VIEW {NAME}",
        "CHECKPOINT",
        f"WITH x AS (COPY (SELECT 1) TO '{written}') SELECT 1",
    ]
    # they run in DuckDB alone and reach no file
    logging = [
        f"SELECT count(write_log('x' || i)) FROM enable_logging(storage := 'file', "
        f"storage_config := {{'path': '{place}'}}), range(100000) t(i)"
        for place in (written, inside, case.data())
    ]
    logging += [
        f"SELECT * FROM enable_logging('QueryLog', storage_path := '{inside}')",
        f"SELECT * FROM enable_profiling(format := 'json', save_location := '{written}')",
    ]
    return reading, doing, logging, fifo


def tree(*places):
    """Every file below the places, with size and content's time."""
    found = {}
    for place in places:
        for folder, _, names in os.walk(place):
            for name in names:
                info = os.lstat(os.path.join(folder, name))
                found[os.path.join(folder, name)] = (info.st_size, info.st_mtime_ns)
    return found


def check_query(case):
    """What SQL of others may do, in each format, and what --unlocked gives."""
    reading, doing, logging, fifo = outside_sql(case)
    before = tree(case.place, case.outside)
    here = os.getcwd()
    os.chdir(case.outside)  # 'x.csv' alone is a name here
    for sql in [*reading, *doing, "FROM 'x.csv'", "FROM x.csv", "SELECT * FROM read_csv('x.csv')"]:
        formats = ("text", "csv") if sql in reading[:8] else ("text",)
        for kind in formats:
            done = lake("query", sql, "-w", case.place, "-f", kind, status=(1, 2))
            check(done.stdout == "", f"{sql}: {done.stdout}")
    os.chdir(here)
    for sql in logging:
        lake("query", sql, "-w", case.place, status=(0, 1, 2))
    check(tree(case.place, case.outside) == before, "a query wrote a file")
    shown = lake("query", "SELECT * FROM duckdb_secrets()", "-w", case.place, "-f", "json", status=0)
    check(json.loads(shown.stdout or "[]") == [], shown.stdout)
    for name, value in (
        ("enable_external_access", "false"),
        ("lock_configuration", "true"),
        ("allow_community_extensions", "false"),
        ("autoinstall_known_extensions", "false"),
        ("autoload_known_extensions", "false"),
    ):
        shown = lake("query", f"SELECT current_setting('{name}') v", "-w", case.place, status=0)
        check(shown.stdout.split()[-1] == value, f"{name}: {shown.stdout}")
    # what a user does still works: spilling too
    for sql in (ROWS, "SHOW TABLES", f"DESCRIBE {NAME}", f"SUMMARIZE {NAME}",
                f"FROM {NAME} JOIN vqe_results USING (experiment_id)",
                f"SELECT count(*) FROM (SELECT md5(i::VARCHAR) s FROM {NAME}, range(400000) t(i) "
                "ORDER BY s)"):
        for kind in ("text", "csv", "json"):
            lake("query", sql, "-w", case.place, "-f", kind, "-m", "40", "-t", "1", status=0)
    open_sql = f"SELECT count(*) n FROM read_csv('{os.path.join(case.outside, 'x.csv')}')"
    done = lake("query", open_sql, "-w", case.place, "--unlocked", "-f", "json", status=0)
    check(json.loads(done.stdout)[0]["n"] == 1, done.stdout)
    os.remove(fifo)


def on_a_terminal(words):
    """What a terminal gets."""
    ours, theirs = os.openpty()
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=theirs,
                          stderr=subprocess.DEVNULL,
                          env=harness.environment()) as process:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 4096):
                shown += piece
        process.wait(timeout=60)
    os.close(ours)
    return shown.decode()


def check_screen(case):
    """No text of a file moves the cursor, begins a line or turns the text."""
    evil = "\x1b]0;owned\x07\x1b[2JH2\nvqe_batch: all is well\x9b2J\u202egnp"
    case.folder.write("evil.json", {
        "molecules": [dict(harness.H2, name=evil)],
        "ansatz": {"name": "EfficientSU2", "reps": 1},
        "optimizer": {"name": "COBYLA", "max_evaluations": 5},
    })
    ran = case.folder.run("evil.json")
    place = case.folder.file("evil.warehouse")
    shown = lake("query", "SELECT molecule_label, molecule_name FROM molecules", "-w", place, status=0)
    status = subprocess.run(
        [harness.BATCH, "status", case.folder.file("evil.json")],
        capture_output=True, text=True, check=False, timeout=60, env=harness.environment(),
    )
    planned = case.folder.run("evil.json", "--dry-run")
    for done in (ran, shown, status, planned):
        for text in (done.stdout, done.stderr):
            bad = [c for c in text if (ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0
                   or c in "\u202e\u2066\u200f"]
            check(not bad, f"{bad} in {text!r}")
            for line in text.splitlines():
                check(not line.startswith("vqe_batch: all is well"), text)
    check(len(shown.stdout.splitlines()) == 2, shown.stdout)
    # what a program reads is as it is in files and pipes, not on a terminal
    query = [LAKE, "query", "SELECT molecule_label FROM molecules", "-w", place, "-f"]
    state = [harness.BATCH, "status", case.folder.file("evil.json"), "--json"]
    for words in ([*query, "csv"], [*query, "json"], state):
        raw = subprocess.run(words, capture_output=True, text=True, check=False,
                             timeout=60, env=harness.environment()).stdout
        check("\x9b" in raw and "\u202e" in raw, f"{words}: {raw!r}")
        shown = on_a_terminal(words)
        bad = [c for c in shown if (ord(c) < 32 and c not in "\r\n\t")
               or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066\u200f"]
        check("owned" in shown and not bad, f"{words}: {bad} in {shown!r}")


def check_plain_http():
    """Keys that would go to another machine in plain text are warned of once,
    unless that is meant. The name of the store leads nowhere."""
    ways = {
        "http://store.invalid:9": ([], {}, 1),
        "http://store.invalid:8": (["--insecure-http"], {}, 0),
        "http://store.invalid:7": ([], {"VQE_INSECURE_HTTP": "1"}, 0),
        "https://store.invalid:6": ([], {}, 0),
        "http://127.0.0.1:1": ([], {}, 0),
    }
    running = []
    for endpoint, (words, more, count) in ways.items():
        env = {**harness.environment(), "AWS_ACCESS_KEY_ID": "GKid",
               "AWS_SECRET_ACCESS_KEY": "tHEsECRETwORD", **more}
        for name in list(env):
            if name.lower().endswith("_proxy"):
                del env[name]
        running.append((endpoint, count, subprocess.Popen(
            [LAKE, "files", "s3://bucket/w", "--endpoint", endpoint, *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env,
        )))
    for endpoint, count, process in running:
        said = unfolded(process.communicate(timeout=120)[0])
        check(process.returncode in (1, 2), f"{endpoint}: {process.returncode}, {said}")
        check(said.count("in plain text") == count, f"{endpoint}: {said}")
        check("tHEsECRETwORD" not in said, said)


def check_raw(case):
    good = os.path.join(harness.ROOT, "tests", "data", "other_producer.avro")
    raw = case.folder.file("raw")
    os.makedirs(raw)
    shutil.copy(good, os.path.join(raw, "m.avro"))
    clean = case.folder.file("clean.warehouse")
    counted = lake("normalize", raw, "-w", clean, status=(0, 1)).said
    wanted = lake("query", f"SELECT count(*) n FROM {NAME}", "-w", clean, status=0).stdout
    os.symlink(case.secret, os.path.join(raw, "a.avro"))
    os.symlink(good, os.path.join(raw, "b.avro"))
    os.symlink(case.secret, os.path.join(raw, "c.json"))
    os.mkfifo(os.path.join(raw, "d.avro"))
    os.mkfifo(os.path.join(raw, "e.json"))
    place = case.folder.file("raw.warehouse")
    done = lake("normalize", raw, "-w", place, status=1)
    for name in ("a.avro", "b.avro", "c.json"):
        check(name in done.said and "symbolic link" in done.said, f"{name}: {done.said}")
    for name in ("d.avro", "e.json"):
        check(name in done.said and "a pipe" in done.said, f"{name}: {done.said}")
    shown = lake("query", f"SELECT count(*) n FROM {NAME}", "-w", place, status=0).stdout
    check(shown == wanted, f"{shown} instead of {wanted}: {counted}")
    linked = case.folder.file("linked_raw")
    os.makedirs(linked)
    os.symlink(raw, os.path.join(linked, "experiments"))
    done = lake("normalize", linked, "-w", place, status=(1, 2))
    check("symbolic link" in done.said, done.said)


def main():
    with harness.Folder() as folder:
        case = Case(folder)
        check_data(case)
        check_metadata(case)
        check_paths(case)
        check_lists(case)
        check_bombs(case)
        check_columns(case)
        check_named_often(case)
        check_counts(case)
        check_footer(case)
        check_patterns(case)
        check_place_of_pattern(folder)
        check_targets(case)
        check_expire(case)
        check_odd_name(case)
        check_query(case)
        check_screen(case)
        check_plain_http()
        check_raw(case)
        check_compact(folder)
        check_many_tags(case)
    print("links, pipes and paths lead out of no warehouse and no folder of raw files")


if __name__ == "__main__":
    main()

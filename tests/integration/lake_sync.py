#!/usr/bin/env python3
"""A warehouse is copied from one bucket to another of a real Garage, by keys
that are each denied at the other one, and the copy follows its source: what is
new, a choice of tables, compaction and expiry, deletion by a flag alone. Cut
at every request that writes, or by a bucket that is full, it comes to the same
end; a reader beside it never fails, and the hint is written last. The same by
`jobs/sync/sync.sh`, which copies plain Parquet by rclone besides.

Services: garage.

VQE_BATCH and VQE_LAKE name the programs. Exit status 77: no Garage, no rclone,
or no PyIceberg.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading

import harness
from harness import check, unfolded

try:
    import lake_readers as readers
    import pyarrow.parquet
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(harness.SKIPPED)

from lake_readers import LAKE, TABLES, Bucket, lake

SYNC = os.path.join(harness.ROOT, "jobs", "sync", "sync.sh")
SOURCE = "s3://features/warehouse"
FEATURES = ("ml_iteration_features", "ml_run_summary")
FEW = ("--table", "molecules", "--table", "vqe_results")
# most cases look at these, as a run over all tables takes hundreds of requests
SOME = ["molecules", "vqe_results", "ml_run_summary"]
WORDS = [word for name in SOME for word in ("--table", name)]


def job(folder, number, seeds):
    folder.write(
        f"{number}.json",
        {
            "molecules": [harness.H2],
            "properties": True,
            "ansatz": {"name": "EfficientSU2", "reps": 1},
            "optimizer": {"name": "COBYLA", "max_evaluations": 10},
            "seed": seeds,
        },
    )
    folder.run(f"{number}.json", "--no-lake")
    return folder.file(f"{number}.h5")


def two_places(source, target):
    """No general keys: each place has its own."""
    env = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    for role, keys in (("SOURCE", source), ("TARGET", target)):
        for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "REGION"):
            env[f"VQE_{role}_{name}"] = keys[f"AWS_{name}"]
        env[f"VQE_{role}_ENDPOINT_URL"] = keys["AWS_ENDPOINT_URL"]
    env["no_proxy"] = env["NO_PROXY"] = "127.0.0.1"
    return env


def no_secrets(done, env):
    for name, value in env.items():
        if name.endswith("SECRET_ACCESS_KEY") and value:
            check(value not in done.stdout + done.stderr, f"{name} was printed")


class Case:
    """The two buckets, and what every copy has to be."""

    def __init__(self, folder, garage):
        self.folder = folder
        self.garage = garage
        garage.do("garage_admin bucket create mirror")
        self.owner = garage.env
        self.source_keys = garage.key("source", {"features": "--read"})
        self.target_keys = garage.key("target", {"mirror": "--read --write"})
        self.env = two_places(self.source_keys, self.target_keys)
        self.source = Bucket(SOURCE, self.owner)
        self.read = {}  # (table, version) of the source -> its rows

    def source_rows(self, name):
        version = (name, self.source.version(name))
        if version not in self.read:
            self.read[version] = readers.rows_of(self.source.table(name), name)
        return self.read[version]

    def normalize(self, result):
        lake("normalize", result, "-w", SOURCE, env=self.owner)
        lake("featurize", SOURCE, env=self.owner)

    def relocate(self, place, *words, status=0, env=None):
        env = {**self.env, **(env or {})}
        done = lake("relocate", SOURCE, place, *words, status=status, env=env)
        no_secrets(done, env)
        done.stdout, done.stderr = map(unfolded, (done.stdout, done.stderr))
        return done

    def target(self, place):
        """As the target's key sees it, which the source denies."""
        return Bucket(place, self.target_keys)

    def keys(self, place):
        """{key: size} below a place of either bucket."""
        from pyarrow import fs

        bucket = self.source if place == SOURCE else self.target(place)
        below = place.removeprefix("s3://")
        found = bucket.files.get_file_info(
            fs.FileSelector(below, recursive=True, allow_not_found=True)
        )
        return {
            f.path[len(below) + 1 :]: f.size
            for f in found
            if f.type == fs.FileType.File
        }

    def same(self, place, what, names=TABLES):
        copy = self.target(place)
        for name in names:
            readers.compare(
                f"{what}: {name}",
                readers.rows_of(copy.table(name), name),
                self.source_rows(name),
            )
        check(
            readers.snapshots(copy, names) == readers.snapshots(self.source, names),
            f"{what}: other snapshots",
        )
        if names is TABLES:
            done = lake("check", place, env=self.target_keys)
            check(" 0 problems, 0 orphans" in done.stdout, done.stdout)


# ---- a reader beside it ----


class Reader(threading.Thread):
    """Reads tables again and again as the hint says; keeps the first error."""

    def __init__(self, case, place, names):
        super().__init__(daemon=True)
        self.bucket = case.target(place)
        self.case = case
        self.place = place
        self.names = names
        self.ended = threading.Event()
        self.error = None
        self.reads = 0
        self.versions = set()

    def run(self):
        while not self.ended.is_set():
            try:
                for name in self.names:
                    version = self.bucket.version(name)
                    self.bucket.table(name).scan().to_arrow()
                    self.versions.add((name, version))
                self.reads += 1
                self.ended.wait(0.05)
            except Exception as error:  # noqa: BLE001
                self.error = error
                return

    def stop(self):
        self.ended.set()
        self.join(timeout=60)
        check(self.error is None, f"a reader failed: {self.error!r}")
        check(self.reads > 1, f"the reader read {self.reads} times")


# ---- requests that write, one by one ----


class Proxy:
    """Passes requests on to Garage, counts those that write below a bucket, and
    ends a process at the n-th: before it is passed on, or after."""

    def __init__(self, endpoint, bucket):
        host, port = endpoint.removeprefix("http://").split(":")
        self.upstream = (host, int(port))
        self.mark = f" /{bucket}/".encode()
        self.puts = []
        self.cut_at = None
        self.after = False
        self.stop = False
        self.process = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def start(self, process, cut_at, after, stop=False):
        """`stop`: by SIGTERM, and the request goes on its way."""
        self.puts = []
        self.process, self.cut_at, self.after = process, cut_at, after
        self.stop = stop

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(self.upstream)
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(
                target=self.requests, args=(client, server), daemon=True
            ).start()
            threading.Thread(
                target=self.responses, args=(server, client), daemon=True
            ).start()

    def requests(self, client, server):
        try:
            while True:
                chunk = client.recv(1 << 16)
                if not chunk:
                    break
                line = chunk.split(b"\r\n", 1)[0]
                wanted = line.startswith(b"PUT ") and self.mark in line
                if wanted:
                    self.puts.append(line.split()[1].decode())
                cut = wanted and len(self.puts) == self.cut_at
                if cut and self.stop:
                    self.process().terminate()
                    cut = False
                if cut and not self.after:
                    self.process().kill()
                    break
                server.sendall(chunk)
                if cut:
                    # the body may be a chunk of its own
                    threading.Timer(0.3, self.process().kill).start()
        except OSError:
            pass
        server.close()

    def responses(self, server, client):
        try:
            while True:
                chunk = server.recv(1 << 16)
                if not chunk:
                    break
                if self.stop or len(self.puts) != self.cut_at:
                    client.sendall(chunk)
        except OSError:
            pass
        client.close()


def cut_copy(case, proxy, place, words, cut_at, after, stop=False):
    """A copy that ends at that request; True when it was over before."""
    started = []
    proxy.start(lambda: started[0], cut_at, after, stop)
    process = subprocess.Popen(
        [LAKE, "relocate", SOURCE, place, *words],
        env={**os.environ, **case.env, "VQE_TARGET_ENDPOINT_URL": proxy.endpoint},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    started.append(process)
    said, _ = process.communicate(timeout=60)
    proxy.start(None, None, False)
    if stop:
        check(process.returncode == 1 and "stopped" in said, f"{process.returncode} {said}")
        return False
    check(process.returncode in (0, -signal.SIGKILL), f"cut {cut_at}: {said}")
    return process.returncode == 0


def readable(case, place, known):
    """Every version that has come can be read, with all its snapshots."""
    for key in case.keys(place):
        if key.endswith(".metadata.json") and key not in known:
            known.add(key)
            table = readers.StaticTable.from_metadata(
                f"{place}/{key}", properties=readers.properties(case.target_keys)
            )
            for snapshot in table.metadata.snapshots:
                table.scan(snapshot_id=snapshot.snapshot_id).to_arrow()


def check_cuts(case, proxy, place, what):
    """From what is there: cut at each request that writes, then completed."""
    names = FEW[1::2]
    cuts = 0
    for after in (False, True):
        cut_at = 1
        known = set()
        while not cut_copy(case, proxy, f"{place}-{after}", FEW, cut_at, after):
            readable(case, f"{place}-{after}", known)
            # each run takes its lock and finds out anew what the store can
            cut_at += 1 if cut_at < 6 else 4
            cuts += 1
            check(cuts < 80, f"{what}: no end")
        case.same(f"{place}-{after}", f"{what}, after {cuts} cuts", names)
    check(cuts > 10, f"{what}: only {cuts} cuts")
    return cuts


def check_stop(case, proxy, place):
    """SIGTERM in the middle: the lock is given back, the next run completes."""
    cut_copy(case, proxy, place, FEW, 5, False, stop=True)
    said = lake("unlock", place, env=case.target_keys).stdout
    check("no locks" in said, said)
    case.relocate(place, *FEW)
    case.same(place, "after a stop", FEW[1::2])


def check_order(case, proxy, place):
    """Data, manifests, lists, metadata, hint: table by table."""
    proxy.start(None, None, False)
    case.relocate(place, *WORDS, env={"VQE_TARGET_ENDPOINT_URL": proxy.endpoint})
    for name in SOME:
        kinds = []
        for path in proxy.puts:
            if f"/quantum_features/{name}/" in path:
                last = path.rsplit("/", 1)[1]
                kinds.append(
                    "hint" if last == "version-hint.text"
                    else "version" if last.endswith(".metadata.json")
                    else "list" if last.startswith("snap-")
                    else "manifest" if last.endswith(".avro")
                    else "data"
                )
        check(kinds[-2:] == ["version", "hint"], f"{name}: {kinds}")
        check(kinds.count("hint") == kinds.count("version") == 1, f"{name}: {kinds}")
        lists = kinds.index("list")
        check(set(kinds[lists:-2]) == {"list"}, f"{name}: {kinds}")
        check(kinds[lists - 1] == "manifest" and kinds[0] == "data", f"{name}: {kinds}")


# ---- the cases ----


def check_first(case, place):
    dry = case.relocate(place, "--dry-run").stdout
    check("to be copied" in dry, dry)
    check(not case.keys(place), "a dry run wrote")
    check(not case.keys("s3://mirror"), "a dry run wrote")
    done = case.relocate(place).stdout
    counts = [int(text.split(" data file")[0].split()[-1]) for text in (dry, done)]
    check(counts[0] == counts[1] > len(TABLES) - 1, f"{dry} {done}")
    case.same(place, "first copy")
    before = case.keys(place)
    done = case.relocate(place).stdout
    check("nothing new" in done and "copied" not in done, done)
    check(case.keys(place) == before, "a run without news wrote")


def check_choice(case, place):
    case.relocate(place, *FEW)
    there = {key.split("/")[1] for key in case.keys(place)}
    check(there == {"molecules", "vqe_results"}, f"{there}")
    case.same(place, "choice", FEW[1::2])
    done = case.relocate(place, "--table", "molecule", status=2)
    check("did you mean 'molecules'?" in done.stderr, done.stderr)


def check_denied(case, place):
    for role, wrong in (("TARGET", case.source_keys), ("SOURCE", case.target_keys)):
        env = two_places(
            *((case.source_keys, wrong) if role == "TARGET" else (wrong, case.target_keys))
        )
        done = case.relocate(place, status=None, env=env)
        check(done.returncode in (1, 2), f"{role} denied: {done.stderr}")
        check("denied" in done.stderr or "403" in done.stderr, done.stderr)
        check(len(done.stderr) < 2000, done.stderr)
    bad = {"VQE_TARGET_SECRET_ACCESS_KEY": "0" * 64}
    done = case.relocate(place, status=None, env=bad)
    check(done.returncode in (1, 2) and "mirror" in done.stderr, done.stderr)
    check("VQE_TARGET_SECRET_ACCESS_KEY" in done.stderr, done.stderr)
    check(" AWS_" not in done.stderr, done.stderr)
    done = case.relocate(place, status=2, env={"VQE_TARGET_SECRET_ACCESS_KEY": ""})
    check("VQE_TARGET_SECRET_ACCESS_KEY is not" in done.stderr, done.stderr)
    check(not case.keys(place), "a denied copy wrote")


def check_full(case, place):
    """A bucket that is full: what is there stays whole, and room cures it."""
    case.garage.do("garage_admin bucket create small")
    keys = case.garage.key("small", {"small": "--read --write"})
    case.garage.do("garage_admin bucket set-quotas --max-size 60KB small")
    env = two_places(case.source_keys, keys)
    small = place.replace("mirror", "small")
    done = case.relocate(small, status=1, env=env)
    check("small" in done.stderr and "not copied" in done.stderr, done.stderr)
    copy = Bucket(small, keys)
    whole = 0
    for name in TABLES:
        try:
            copy.version(name)
        except FileNotFoundError:
            continue
        copy.table(name).scan().to_arrow()
        whole += 1
    check(whole < len(TABLES), f"{whole} tables in 60 kB")
    case.garage.do("garage_admin bucket set-quotas --max-size none small")
    case.relocate(small, env=env)
    for name in TABLES:
        readers.compare(
            f"after a full bucket: {name}",
            readers.rows_of(copy.table(name), name),
            case.source_rows(name),
        )
    return whole


def rclone(keys, *words):
    """rclone on the store of the keys, as remote "store"."""
    env = {k: v for k, v in os.environ.items() if k != "AWS_CA_BUNDLE"}
    env.update(
        RCLONE_CONFIG_STORE_TYPE="s3",
        RCLONE_CONFIG_STORE_PROVIDER="Other",
        RCLONE_CONFIG_STORE_ENDPOINT=keys["AWS_ENDPOINT_URL"],
        RCLONE_CONFIG_STORE_REGION="garage",
        RCLONE_CONFIG_STORE_FORCE_PATH_STYLE="true",
        RCLONE_CONFIG_STORE_NO_CHECK_BUCKET="true",
        RCLONE_CONFIG_STORE_ACCESS_KEY_ID=keys["AWS_ACCESS_KEY_ID"],
        RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY=keys["AWS_SECRET_ACCESS_KEY"],
        no_proxy="127.0.0.1",
    )
    subprocess.run(
        [os.environ.get("RCLONE", "rclone"), "--config", "/dev/null", *words],
        env=env, check=True, timeout=60,
    )


def check_missing(case, place):
    """A table that lacks a file leaves its copy, and the others go on."""
    owner = case.source.files
    listed = lake("files", SOURCE, "--table", "vqe_results", env=case.owner)
    there = case.keys(place)
    new = [
        line.split(" ", 1)[1]
        for line in listed.stdout.splitlines()
        if line.split(" ", 1)[1] not in there
    ]
    path = f"features/warehouse/{new[0]}"
    with owner.open_input_stream(path) as stream:
        content = stream.read()
    before = case.target(place).version("vqe_results")
    for cut in (None, content[:-1]):
        if cut is None:
            rclone(case.owner, "deletefile", f"store:{path}")
        else:
            with owner.open_output_stream(path) as stream:
                stream.write(cut)
        done = case.relocate(place, *WORDS, status=1)
        check(new[0] in done.stderr and "1 table not copied" in done.stderr, done.stderr)
        check(
            case.target(place).version("vqe_results") == before,
            "the copy of a table that lacks a file moved",
        )
        case.same(place, "the others", SOME[::2])
    with owner.open_output_stream(path) as stream:
        stream.write(content)
    case.relocate(place, *WORDS)
    case.same(place, "after the file came back", SOME)


def check_delete(case, place):
    """Compaction and expiry at the source; nothing goes without the flag."""
    reader = Reader(case, place, SOME)
    reader.start()
    before = case.keys(place)
    lake("compact", SOURCE, env=case.owner)
    lake("expire", SOURCE, "--older-than", "0s", env=case.owner)
    case.relocate(place, *WORDS)
    there = case.keys(place)
    check(before.keys() <= there.keys(), "files went without --delete")
    dry = case.relocate(place, *WORDS, "--delete", "--dry-run").stdout
    check("to be deleted" in dry, dry)
    check(case.keys(place) == there, "a dry run deleted")
    case.relocate(place, *WORDS, "--delete")
    there = case.keys(place)
    reader.stop()
    data = {
        key for key in there if key.endswith(".parquet") and key.split("/")[1] in SOME
    }
    listed = lake("files", place, *WORDS, env=case.target_keys).stdout.splitlines()
    check(
        {line.split(" ", 1)[1] for line in listed} == data,
        f"{len(data)} data files, {len(listed)} named",
    )
    case.same(place, "after expiry", SOME)
    # in one run: what readers of the version before have open stays
    case.normalize(job(case.folder, 4, [41]))
    lake("compact", SOURCE, env=case.owner)
    lake("expire", SOURCE, "--older-than", "0s", env=case.owner)
    reader = Reader(case, place, SOME[:2])
    reader.start()
    done = case.relocate(place, *WORDS, "--delete").stdout
    check("by the next run" in done, done)
    check(data <= case.keys(place).keys(), "files of the version before went")
    reader.stop()
    case.relocate(place, *WORDS, "--delete")
    check(not data & case.keys(place).keys(), "they stayed")
    case.same(place, "after the next run", SOME)


def check_script(case, folder):
    """jobs/sync/sync.sh: rclone and relocate, by rclone's variables."""
    env = {"VQE_LAKE": LAKE, "AWS_CA_BUNDLE": "/absent", "HOME": folder.path}
    for remote, keys in (("GARAGE", case.source_keys), ("R2", case.target_keys)):
        env[f"RCLONE_CONFIG_{remote}_ENDPOINT"] = keys["AWS_ENDPOINT_URL"]
        env[f"RCLONE_CONFIG_{remote}_REGION"] = "garage"
        env[f"RCLONE_CONFIG_{remote}_PROVIDER"] = "Other"
        env[f"RCLONE_CONFIG_{remote}_FORCE_PATH_STYLE"] = "true"
        for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
            env[f"RCLONE_CONFIG_{remote}_{name}"] = keys[f"AWS_{name}"]
    kept = {k: v for k, v in os.environ.items() if k[:4] not in ("AWS_", "VQE_")}

    def sync(*words, status=0, **more):
        # no store here has a certificate, and vqe_lake reads the variable
        full = {**kept, "no_proxy": "127.0.0.1", **env, **more}
        if words[0] != "health":
            full.pop("AWS_CA_BUNDLE")
        done = subprocess.run(
            [SYNC, *words],
            env=full,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = done.stdout + done.stderr
        check(status in (None, done.returncode), f"{words}: {done.returncode} {said}")
        for name, value in full.items():
            if name.endswith(("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")) and value:
                check(value not in said, f"{words}: {name} was printed")
        done.stdout, done.stderr = map(unfolded, (done.stdout, done.stderr))
        return done

    out = sync("health").stdout
    check("garage: responds" in out and "r2: responds" in out, out)
    wrong = {"RCLONE_CONFIG_R2_SECRET_ACCESS_KEY": "1" * 64}
    done = sync("health", status=1, **wrong)
    check("r2: does not respond" in done.stderr, done.stderr)
    done = sync("health", status=2, RCLONE_CONFIG_R2_SECRET_ACCESS_KEY="")
    check("RCLONE_CONFIG_R2_SECRET_ACCESS_KEY is not set" in done.stderr, done.stderr)

    words = ("files", "garage:features/warehouse", "r2:mirror/plain")
    out = sync(*words, "--dry-run").stdout
    check("to be copied" in out, out)
    check(not case.keys("s3://mirror/plain"), "a dry run wrote")
    out = sync(*words).stdout
    check(out.count("checked") == 2, out)
    check_plain(case, "mirror/plain")
    out = sync("files", SOURCE, "s3://mirror/plain").stdout
    check(out.count("0 files, 0 bytes copied") == 2, out)

    # the source moves on: what is merged away goes by the flag alone
    before = case.keys("s3://mirror/plain").keys()
    case.normalize(job(folder, 5, [51]))
    lake("compact", SOURCE, env=case.owner)
    sync(*words)
    check(before <= case.keys("s3://mirror/plain").keys(), "deleted without the flag")
    out = sync(*words, "--delete", "--dry-run").stdout
    check("to be deleted" in out, out)
    check(before <= case.keys("s3://mirror/plain").keys(), "a dry run deleted")
    sync(*words, "--delete", "--table", "ml_run_summary", "--table",
         "ml_iteration_features")
    check_plain(case, "mirror/plain")
    done = sync(*words, status=1, **wrong)
    check("run this again" in done.stderr, done.stderr)
    check_refused(case, folder, sync)

    place = "s3://mirror/script"
    words = ("tables", "garage:features/warehouse", "r2:mirror/script")
    sync(*words, *WORDS, "--dry-run")
    check(not case.keys(place), "a dry run wrote")
    sync(*words, "--table", "molecules")
    check({k.split("/")[1] for k in case.keys(place)} == {"molecules"}, "a choice")
    sync("tables", SOURCE, place, *WORDS)
    case.same(place, "by the script", SOME)
    # keys from the environment, as rclone's env_auth has them
    auth = {
        "RCLONE_CONFIG_GARAGE_ENV_AUTH": "true",
        "RCLONE_CONFIG_GARAGE_ACCESS_KEY_ID": "",
        "RCLONE_CONFIG_GARAGE_SECRET_ACCESS_KEY": "",
        "AWS_ACCESS_KEY_ID": case.source_keys["AWS_ACCESS_KEY_ID"],
        "AWS_SECRET_ACCESS_KEY": case.source_keys["AWS_SECRET_ACCESS_KEY"],
    }
    out = sync(*words, "--table", "molecules", **auth).stdout
    check("nothing new" in out, out)
    done = sync(*words, status=None, **wrong)
    check(done.returncode in (1, 2), done.stderr)
    check("RCLONE_CONFIG_R2_SECRET_ACCESS_KEY" in done.stderr, done.stderr)
    check("VQE_TARGET" not in done.stderr, done.stderr)
    done = sync("tables", SOURCE, "garage:features/warehouse/x", status=2)
    check("lies in the source" in done.stderr, done.stderr)
    # the copy of tables is no place for plain files
    before = case.keys(place)
    for target in ("script", "script/quantum_features",
                   "script/quantum_features/molecules/data"):
        done = sync("files", SOURCE, f"r2:mirror/{target}", "--delete", status=2)
        check(f"'r2:mirror/{target}' is, or lies in" in done.stderr, done.stderr)
    check(case.keys(place) == before, "files of tables were deleted")
    sync("files", status=2)
    sync("tables", SOURCE, place, "--deleet", status=2)


def check_swapped(here, home, link):
    """relocate leaves the original alone: as target, around it, and in it."""
    copy = os.path.join(here, "copy")
    lake("relocate", home, copy)
    for source, target, said in (
        (home, home, "are the same"),
        (home, link, "are the same"),
        (link, home, "are the same"),
        (home, f"{home}/quantum_features/molecules/data", "lies in the source"),
        (home, f"{link}/absent/copy", "lies in the source"),
        (home, here, "lies in the target"),
    ):
        for more in ((), ("--dry-run",)):
            done = lake("relocate", source, target, *more, status=2)
            check(said in unfolded(done.stderr), f"{target}: {done.stderr}")
    done = lake("relocate", copy, home, "--delete", status=1)
    said = unfolded(done.stderr)
    check("source and target swapped" in said and "remove" not in said, done.stderr)


def check_refused(case, folder, sync):
    """Plain files do not go into tables, whose own --delete would take; a
    place that is not there is named."""
    here = folder.file("sync")
    os.makedirs(here)
    home, link = os.path.join(here, "home"), os.path.join(here, "link")
    lake("normalize", folder.file("1.h5"), "-w", home)
    lake("featurize", home)
    os.symlink(home, link)
    tree = sorted(os.walk(home))
    inner = f"{home}/quantum_features"
    for target, said in (
        (home, "are the same"),
        (link, "are the same"),
        (inner, "lies in the source"),
        (f"{inner}/molecules/data", "lies in the source"),
        (f"{link}/plain", "lies in the source"),
        (here, "lies in the target"),
    ):
        done = sync("files", home, target, "--delete", status=2)
        check(said in done.stderr, f"{target}: {done.stderr}")
    # a remote that is the source's store by another name, and tables of others
    for source, target, said in (
        ("garage:features/warehouse", "r2:features/warehouse/x", "lies in the source"),
        ("garage:features/warehouse", "garage:features", "lies in the target"),
        ("garage:features/warehouse", inner, "lies in, Iceberg"),
        ("garage:features/warehouse", home, "lies in, Iceberg"),
        ("garage:features/warehouse", f"{inner}/ml_run_summary", "lies in, Iceberg"),
        ("garage:features/warehouse", f"{inner}/ml_run_summary/data", "lies in, Iceberg"),
    ):
        done = sync("files", source, target, "--delete", status=2)
        check(said in done.stderr, f"{target}: {done.stderr}")
    check_swapped(here, home, link)
    check(sorted(os.walk(home)) == tree, "the warehouse changed")

    # what `files` did not bring stays
    plain = os.path.join(here, "plain")
    sync("files", home, plain)
    mine = f"{plain}/ml_run_summary/mine.parquet"
    old = f"{plain}/ml_run_summary/00000-0-b1ccd161-16a9-4d10-81c3-61d076f05fb8.parquet"
    for path in (mine, old):
        with open(path, "w", encoding="ascii") as stream:
            stream.write("bytes")
    out = sync("files", home, plain, "--delete").stdout
    check("1 deleted, 1 not of a table left" in out, out)
    check(os.path.exists(mine) and not os.path.exists(old), "another's file went")

    for way in ("files", "tables"):
        for places in ((home, "typo:features/x"), ("typo:features/x", f"{here}/y")):
            done = sync(way, *places, status=2)
            check("there is no remote 'typo'" in done.stderr, done.stderr)
    done = sync("tables", home, "disk:x", status=2, RCLONE_CONFIG_DISK_TYPE="local")
    check("of type 'local'" in done.stderr, done.stderr)
    for words, said in (
        ((f"{here}/absent", plain), "no table of ours"),
        ((home, plain, "--table", "nix"), "there is no table 'nix'"),
    ):
        done = sync("files", *words, status=2)
        check(said in done.stderr and "again" not in done.stderr, done.stderr)


def check_plain(case, place):
    """The plain files are the rows of the tables, once each."""
    files = case.target(f"s3://{place}").files
    for name in FEATURES:
        there = pyarrow.parquet.read_table(
            f"{place}/{name}", filesystem=files, partitioning=None
        ).to_pylist()
        wanted = case.source_rows(name)
        found = {readers.key_of(name, row): row for row in there}
        check(len(there) == len(found), f"{name}: rows twice")
        readers.compare(f"plain {name}", found, wanted)


if shutil.which(os.environ.get("RCLONE", "rclone")) is None:
    print("skipped: no rclone (jobs/setup/packages.sh tests)")
    sys.exit(harness.SKIPPED)

with harness.Folder() as scratch:
    store = readers.Garage(scratch.file("garage"))
    one = Case(scratch, store)
    one.normalize(job(scratch, 1, [1, 2]))
    counter = Proxy(store.endpoint, "mirror")

    check_denied(one, "s3://mirror/denied")
    check_first(one, "s3://mirror/copy")
    check_choice(one, "s3://mirror/choice")
    check_order(one, counter, "s3://mirror/order")
    check_stop(one, counter, "s3://mirror/stop")
    tables_whole = check_full(one, "s3://mirror/full")
    cuts_first = check_cuts(one, counter, "s3://mirror/cut", "first copy")

    beside = Reader(one, "s3://mirror/copy", SOME[1:])
    beside.start()
    one.normalize(job(scratch, 2, [21]))
    one.relocate("s3://mirror/copy")
    one.same("s3://mirror/copy", "followed")
    one.normalize(job(scratch, 3, [31]))
    check_missing(one, "s3://mirror/copy")
    beside.stop()
    cuts_next = check_cuts(one, counter, "s3://mirror/cut", "next copy")
    check_delete(one, "s3://mirror/copy")
    check_script(one, scratch)
    store.close()
print(
    f"copies: {cuts_first} and {cuts_next} cuts, {beside.reads} readings beside, "
    f"{tables_whole} tables in a full bucket; by rclone as well"
)

#!/usr/bin/env python3
"""What programs say beside their results: each line of --log-json is an object
with time, level, run and rank, the run the same on all ranks; --log-prefix puts
run and rank before each message; levels leave out what matters less. Nothing
that programs print or write holds a secret, while servers send back all that
they were sent.

VQE_BATCH and VQE_LAKE name the programs.
"""

import base64
import http.server
import json
import os
import re
import subprocess
import threading
import urllib.parse

import harness
from harness import check, unfolded

LAKE = os.path.abspath(
    os.environ.get("VQE_LAKE") or os.path.join(os.path.dirname(harness.BATCH), "vqe_lake")
)
JOB = {
    "molecules": [harness.H2, harness.LIH],
    "ansatz": {"name": "EfficientSU2", "reps": 1},
    "optimizer": {"name": "COBYLA", "max_evaluations": 15},
    "seed": [1, 2],
}
SECRETS = {
    name: f"p1anted/{number}+s3cr=t{number}"
    for number, name in enumerate(
        (
            "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "VQE_REGISTRY_PASSWORD",
            "VQE_KAFKA_SASL_PASSWORD", "VQE_KAFKA_SSL_KEY_PASSWORD",
        )
    )
}  # fmt: skip
RUN = "job-4711.a_b"


def run(folder, words, ranks=0, status=0, **more):
    """Standard output and error; nothing of a secret is in them."""
    launcher = harness.command(ranks, [])[:-1]
    env = harness.environment()
    env.update(more)
    done = subprocess.run(
        [*launcher, *words], cwd=folder.path, env=env, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    wanted = status if isinstance(status, tuple) else (status,)
    check(done.returncode in wanted, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
    holds_none(" ".join(map(str, words)), done.stdout + done.stderr)
    return done


def forms(secret):
    """As servers and programs may write it."""
    plain = secret.encode()
    for text in (plain, b"user:" + plain):
        yield base64.b64encode(text).decode().rstrip("=")[:-2]
    yield from (secret, urllib.parse.quote(secret, safe=""), json.dumps(secret)[1:-1])


def holds_none(what, said):
    for text in (said, unfolded(said), re.sub(r"\s", "", said)):
        for name, secret in SECRETS.items():
            for form in forms(secret):
                check(form not in text, f"{what}: {name} is in\n{said}")


def files_hold_none(folder):
    count = 0
    for place, _, names in os.walk(folder.path):
        for name in names:
            with open(os.path.join(place, name), "rb") as stream:
                said = stream.read()
            for secret in SECRETS.values():
                for form in forms(secret):
                    check(form.encode() not in said, f"{place}/{name} holds {form}")
            count += 1
    return count


class Echo(http.server.BaseHTTPRequestHandler):
    """Refuses everything, and sends back all that it got."""

    def reply(self):
        size = int(self.headers.get("Content-Length") or 0)
        got = f"{self.path}\n{self.headers}\n".encode() + self.rfile.read(size)
        body = b"<Error><Code>AccessDenied</Code><Message>" + got + b"</Message></Error>"
        if "/subjects" in self.path or "/schemas" in self.path:
            body = json.dumps({"error_code": 40301, "message": got.decode("latin-1")}).encode()
        self.send_response(403, got.replace(b"\n", b" ").decode("latin-1")[:200])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = reply

    def log_message(self, *_):
        pass


def lines_of(text):
    found = [json.loads(line) for line in text.splitlines()]
    for line in found:
        check({"time", "level", "run", "rank", "event"} <= line.keys(), line)
    return found


def lines_of_ranks(folder, output):
    """Of a job on two ranks. mpirun hands on the standard error in pieces that
    may end within a line of one rank, before those of another; each rank has a
    file of its own by the option that doc/running.md names."""
    place = os.path.join(folder.path, f"{output}.logs")
    words = ["--output-filename", place, harness.BATCH, "job.json", "--log-json",
             "--threads", "1", "--lanes", "1", "-o", output]  # fmt: skip
    run(folder, words, ranks=2)
    found = []
    for rank in range(2):
        with open(os.path.join(place, "1", f"rank.{rank}", "stderr"), encoding="utf-8") as stream:
            lines = lines_of(stream.read())
        check({line["rank"] for line in lines if line["event"] == "iteration"} <= {rank},
              f"another's evaluations on rank {rank}")
        found += lines
    return found


def check_json(folder):
    folder.write("job.json", JOB)
    lines = lines_of_ranks(folder, "json.h5")
    check(len({line["run"] for line in lines}) == 1, "several runs")
    check(re.fullmatch("[0-9a-f]{16}", lines[0]["run"]), lines[0])
    events = [line["event"] for line in lines]
    check(events.count("finished") == 4 and events[0] == "start", events)
    check("phase" not in events, events)
    again = lines_of_ranks(folder, "json.h5")
    check(again[0]["run"] != lines[0]["run"], "runs of one name")

    # a rank that starts late may find nothing left to do
    ranks = set()
    for number in range(10):
        found = lines_of_ranks(folder, f"ranks{number}.h5")
        ranks |= {line["rank"] for line in found if line["event"] == "iteration"}
        if ranks == {0, 1}:
            break
    check(ranks == {0, 1}, f"evaluations on ranks {ranks}")

    words = [harness.BATCH, "job.json", "--log-json", "--threads", "1", "--lanes", "1"]
    done = run(folder, [*words, "-o", "debug.h5", "--log-level", "debug"], VQE_RUN_ID=RUN)
    phases = {line["phase"] for line in lines_of(done.stderr) if line["event"] == "phase"}
    check({"SCF", "FCI"} <= phases, phases)
    check({line["run"] for line in lines_of(done.stderr)} == {RUN}, "another run")

    folder.write("bad.json", {**JOB, "ansatz": "EfficientSU3"})
    done = run(folder, [harness.BATCH, "bad.json", "--log-json"], status=2)
    (line,) = lines_of(done.stderr)
    check(line["event"] == "message" and line["level"] == "error", line)
    check("EfficientSU3" in line["text"], line)
    done = run(folder, [LAKE, "check", "nowhere", "--log-json"], status=2, VQE_RUN_ID=RUN)
    (line,) = lines_of(done.stderr)
    check(line["level"] == "error" and line["run"] == RUN, line)


def check_text(folder):
    words = [harness.BATCH, "job.json", "--threads", "1", "--lanes", "1", "-o", "text.h5"]
    done = run(folder, [*words, "--log-prefix"], ranks=2, VQE_RUN_ID=RUN)
    heads = [line for line in done.stderr.splitlines() if not line.startswith("  ")]
    check(heads and all(h.startswith(f"vqe_batch[{RUN}:0]: ") for h in heads), done.stderr)
    for level, lines in (("error", 0), ("warning", 0), ("info", 5)):
        done = run(folder, [*words, "--force", "--log-level", level])
        check((done.stderr.count("\n") >= lines) == (lines > 0) or not done.stderr, done.stderr)
        check(bool(done.stderr) == (lines > 0), f"{level}: {done.stderr}")
    done = run(folder, [*words, "--force", "--log-level", "debug"])
    check(": FCI, rank 0" in unfolded(done.stderr), done.stderr)
    done = run(folder, [*words, "--log-level", "loud"], status=2)
    check("--log-level" in done.stderr, done.stderr)
    done = run(folder, words, status=2, VQE_RUN_ID="a b")
    check("VQE_RUN_ID" in done.stderr, done.stderr)


def check_secrets(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    place = f"http://127.0.0.1:{server.server_address[1]}"
    env = {
        **SECRETS,
        "AWS_ACCESS_KEY_ID": "GKplanted",
        "AWS_ENDPOINT_URL_S3": place,
        "VQE_REGISTRY_USERNAME": "user",
        "VQE_KAFKA_SASL_USERNAME": "user",
        "VQE_REGISTRY_URL": place,
        "VQE_KAFKA_BROKERS": "127.0.0.1:9",
        "no_proxy": "127.0.0.1",
    }
    quick = {**JOB, "molecules": [harness.H2], "seed": 1}
    folder.write("secret.json", quick)
    loud = ["--log-level", "debug", "--log-json"]
    try:
        for more in ([], loud):
            words = ["secret.json", "--force", "--kafka", "--spool", "spool", *more]
            run(folder, [harness.BATCH, *words, "--no-lake"], status=1, **env)
            run(folder, [harness.BATCH, *words[:2], *more, "-w", "s3://b/p"], status=1, **env)
            run(folder, [LAKE, "publish", "--spool", "spool", *more], status=(1, 2), **env)
            run(folder, [LAKE, "normalize", "secret.h5", "-w", "s3://b/p", *more], status=(1, 2), **env)
            run(folder, [LAKE, "check", "s3://b/p", *more], status=(1, 2), **env)
    finally:
        server.shutdown()
    return files_hold_none(folder)


def main():
    with harness.Folder() as folder:
        check_json(folder)
        check_text(folder)
        files = check_secrets(folder)
    print(f"lines with level, run and rank; no secret in any of them, nor in {files} files")


if __name__ == "__main__":
    main()

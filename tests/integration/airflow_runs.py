"""What the tests of jobs/airflow share: an Airflow of their own, raw records,
and places that take what callbacks send.
"""

import contextlib
import copy
import http.server
import json
import os
import shlex
import socket
import socketserver
import sqlite3
import subprocess
import sys
import threading

import harness
from harness import check

SCRIPT = os.path.join(harness.ROOT, "jobs", "airflow", "run_airflow.sh")
VENV = os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
    "vqe_batch",
    "airflow-3.3.2",
)
FIRST, SECOND = "quantum_feature_processing", "quantum_ml_feature_processing"
SYNC, CAMPAIGN = "r2_sync", "vqe_batch_generation"
SECRET = "s3cret/of+the=test"


def leave_without_airflow():
    if not os.path.exists(os.path.join(VENV, "bin", "airflow")):
        print("skipped: no Airflow (jobs/setup/airflow.sh)")
        sys.exit(harness.SKIPPED)


class Airflow:
    """An Airflow in `folder`; `variables` are Variables by the environment."""

    def __init__(self, folder, variables):
        self.home = folder.file("airflow")
        self.env = {
            **harness.environment(),
            "AIRFLOW_HOME": self.home,
            "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
            "PYTHONWARNINGS": "ignore",
            "NO_COLOR": "1",
            "COLUMNS": "400",
            # a proxy would not reach the loopback
            "no_proxy": "127.0.0.1,localhost",
            "NO_PROXY": "127.0.0.1,localhost",
        }
        self.env.pop("AIRFLOW__CORE__DAGS_FOLDER", None)
        for name, value in variables.items():
            self.set(name, value)

    def set(self, name, value):
        text = value if isinstance(value, str) else json.dumps(value)
        self.env["AIRFLOW_VAR_" + name.upper()] = text

    def run(self, *words, status=0, timeout=240):
        done = subprocess.run(
            [SCRIPT, *words],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        check(
            status is None or done.returncode == status,
            f"airflow {shlex.join(words)}: exit status {done.returncode}, not "
            f"{status}\n{done.stdout}",
        )
        return done.stdout

    def python(self, script, timeout=120):
        """The last line that a script of Airflow's Python prints, as JSON."""
        done = subprocess.run(
            [os.path.join(VENV, "bin", "python"), "-c", script],
            env={
                **self.env,
                "AIRFLOW__CORE__DAGS_FOLDER": os.path.join(
                    harness.ROOT, "jobs", "airflow", "dags"
                ),
                "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            },
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        check(done.returncode == 0, f"{done.stdout}{done.stderr}")
        return json.loads(done.stdout.splitlines()[-1])

    def states(self, dag_id):
        """Runs of a DAG, oldest first: state, type, date, and of each task its
        state, attempts, start and end."""
        base = sqlite3.connect(f"file:{self.home}/airflow.db?mode=ro", uri=True, timeout=30)
        with contextlib.closing(base):
            runs = base.execute(
                "SELECT run_id, state, run_type, logical_date FROM dag_run WHERE dag_id = ? "
                "ORDER BY id",
                (dag_id,),
            ).fetchall()
            tasks = base.execute(
                "SELECT run_id, task_id, state, try_number, start_date, end_date "
                "FROM task_instance WHERE dag_id = ?",
                (dag_id,),
            ).fetchall()
        return [
            {
                "state": state,
                "type": kind,
                "date": date,
                "tasks": {
                    task: {"state": its_state, "attempts": attempts, "start": start, "end": end}
                    for owner, task, its_state, attempts, start, end in tasks
                    if owner == run
                },
            }
            for run, state, kind, date in runs
        ]


def put_records(raw, count=3):
    """Raw files of another producer, each another experiment; one of them
    cannot be read."""
    topic = os.path.join(raw, "experiments", "experiment.vqe")
    os.makedirs(topic, exist_ok=True)
    source = os.path.join(harness.ROOT, "tests", "data", "other_producer.json")
    with open(source, encoding="utf-8") as stream:
        record = json.load(stream)
    for k in range(count):
        other = copy.deepcopy(record)
        other["vqe_result"]["initial_data"]["seed"] = k
        other["vqe_result"]["minimum"] -= k
        with open(os.path.join(topic, f"{k:04d}.json"), "w", encoding="utf-8") as stream:
            json.dump(other, stream)
    with open(os.path.join(topic, "bad.json"), "w", encoding="utf-8") as stream:
        stream.write('{"vqe_result": 1')


def programs(folder, lake, fail_first):
    """A folder with a vqe_lake that fails the first time that it is called with
    the command `fail_first`, and prints the secret that it was given."""
    path = folder.file("programs")
    os.makedirs(path)
    wrapper = os.path.join(path, "vqe_lake")
    with open(wrapper, "w", encoding="utf-8") as stream:
        stream.write(
            f"""#!/bin/sh
echo "$1" >>{shlex.quote(path)}/calls
if [ "$1" = {fail_first} ] && ! [ -e {shlex.quote(path)}/failed ]; then
  touch {shlex.quote(path)}/failed
  echo "fails once; the key is $AWS_SECRET_ACCESS_KEY"
  exit 1
fi
exec {shlex.quote(lake)} "$@"
"""
        )
    os.chmod(wrapper, 0o755)
    os.symlink(harness.BATCH, os.path.join(path, "vqe_batch"))
    return path


# ---- what callbacks send ----


class Pushgateway:
    """Takes metrics: (path, body)."""

    def __init__(self):
        self.pushed = pushed = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                size = int(self.headers["Content-Length"])
                pushed.append((self.path, self.rfile.read(size).decode()))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


class MailServer:
    """Takes mails by SMTP."""

    def __init__(self):
        self.mails = mails = []

        class Handler(socketserver.StreamRequestHandler):
            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

            def handle(self):
                self.say("220 test")
                for line in self.rfile:
                    word = line.split(b" ")[0].strip().upper()
                    if word == b"DATA":
                        self.say("354 go on")
                        text = b""
                        for part in self.rfile:
                            if part == b".\r\n":
                                break
                            text += part
                        mails.append(text.decode())
                    self.say("221 bye" if word == b"QUIT" else "250 ok")
                    if word == b"QUIT":
                        return

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.server_address[1]


def statsd():
    """A socket that takes datagrams, and its address."""
    taker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taker.bind(("127.0.0.1", 0))
    taker.settimeout(0.2)
    return taker, f"127.0.0.1:{taker.getsockname()[1]}"


def datagrams(taker):
    found = []
    while True:
        try:
            found += taker.recv(65536).decode().splitlines()
        except TimeoutError:
            return found

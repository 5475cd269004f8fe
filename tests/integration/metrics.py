#!/usr/bin/env python3
"""Usage: metrics.py [PROGRAM]

Metrics of real runs, read by a real Prometheus and a real Pushgateway: what
they say is what the summary says, while ranks run and at the end; two jobs
overwrite nothing of each other; no secret is printed; and nothing that is
wrong with metrics ends a run or delays it by more than seconds.
"""

import http.server
import os
import stat
import subprocess
import sys
import threading
import time

if len(sys.argv) > 1:
    os.environ["VQE_BATCH"] = os.path.abspath(sys.argv[1])

import harness
import monitor
from harness import check

SECRET = "hunter2-secret"
BAD = {"name": "bad", "symbols": ["Xx"], "coords": [[0, 0, 0]]}
# one that ends when its time is over for each rank
JOB = {
    "molecules": [harness.H2O, BAD],
    "ansatz": "EfficientSU2",
    "optimizer": {"name": "COBYLA", "max_evaluations": 1000000,
                  "ftol": 1e-14, "max_seconds": 6},
    "seed": [1, 2],
}


# what is over at once
SHORT = ["--no-lake", "--ansatz", "UCCSD", "--optimizer", "L-BFGS-B", "--seed", "1"]


def value(samples, name, **labels):
    """The one sample that has these labels."""
    found = [
        number for have, number in samples.get(name, [])
        if all(have.get(key) == wanted for key, wanted in labels.items())
    ]
    check(len(found) == 1, f"{len(found)} samples of {name}{labels}, not one")
    return found[0]


def check_page(text, what):
    done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                          capture_output=True, check=False)
    check(done.returncode == 0, f"{what}: promtool: {done.stdout}{done.stderr}")
    check(text.endswith("\n"), f"{what}: the last line has no end")


def check_summary(samples, summary):
    """Single experiments as the summary has them."""
    for one in summary:
        labels = {"experiment": one["experiment_id"]}
        failed = one["status"] == "failed"
        value(samples, "vqe_experiment_state",
              state="failed" if failed else "done", **labels)
        have = {
            name: [v for k, v in samples.get(name, [])
                   if k["experiment"] == one["experiment_id"]]
            for name in samples
            if name.startswith("vqe_experiment_")
        }
        pairs = [("energy_hartree", "energy"), ("hf_energy_hartree", "energy_hf"),
                 ("fci_energy_hartree", "energy_fci"),
                 ("error_millihartree", "error_mha"), ("qubits", "n_qubits"),
                 ("parameters", "n_parameters")]
        for name, key in pairs:
            wanted = [] if one[key] is None else [one[key]]
            got = have.get("vqe_experiment_" + name, [])
            check(len(got) == len(wanted) and
                  all(abs(a - b) < 1e-9 for a, b in zip(got, wanted)),
                  f"{one['name']}: {name} is {got}, not {wanted}")
        if not failed:
            check(have["vqe_experiment_evaluations"] == [one["n_evaluations"]],
                  f"{one['name']}: evaluations {have['vqe_experiment_evaluations']}")


def while_it_runs(prometheus, address):
    """What a scrape sees while two ranks compute."""
    prometheus.wait('vqe_experiments{state="running"} == 2', "two ranks run", 15)
    found = prometheus.wait(
        'vqe_experiment_iterations_per_second > 0 and on(experiment) '
        'vqe_experiment_state{state="running"}', "the rate of a running one", 15)
    check({one["molecule"] for one, _ in found} == {"H2O"}, f"what runs: {found}")
    samples = monitor.parse(monitor.get(address)[1])
    running = [one["experiment"] for one, _ in samples["vqe_experiment_state"]
               if one["state"] == "running"]
    for one in running:
        error = value(samples, "vqe_experiment_error_hartree", experiment=one)
        exact = value(samples, "vqe_experiment_error_millihartree", experiment=one)
        hf = value(samples, "vqe_experiment_hf_energy_hartree", experiment=one)
        check(0.0 < error < 2.0 and abs(exact - 1e3 * error) < 1e-9 and
              abs(hf + 74.963) < 0.01, f"a running one: {error} {exact} {hf}")
    for rank in ("0", "1"):
        check(value(samples, "vqe_rank_busy_seconds_total", rank=rank) > 0.5 and
              value(samples, "vqe_rank_resident_memory_bytes", rank=rank) > 1e7 and
              value(samples, "vqe_rank_memory_limit_bytes", rank=rank) >
              value(samples, "vqe_rank_memory_available_bytes", rank=rank) and
              0.0 <= value(samples, "vqe_rank_journal_lag_seconds", rank=rank) < 30.0,
              f"rank {rank}")
    check(value(samples, "vqe_run_active") == 1.0, "it is not active")
    check(not [name for name in samples if "device" in name or "stream" in name
               or "spool" in name], "values of what is not there")


def refuse_others(address):
    """GET /metrics on loopback, and nothing else."""
    base = address[: -len("/metrics")]
    check(monitor.get(base + "/")[0] == 404, "there is a page at /")
    check(monitor.get(base + "/metrics/x")[0] == 404, "below /metrics")
    for method in ("POST", "PUT", "DELETE"):
        check(monitor.get(address, method=method)[0] == 405, f"{method} is taken")
    check(monitor.get(address, method="HEAD") == (200, ""), "HEAD")
    port = f":{int(base.rpartition(':')[2]):04X}"
    with open("/proc/net/tcp", encoding="utf-8") as stream:
        places = [line.split()[1] for line in stream if line.split()[3] == "0A"]
    check([p for p in places if p.endswith(port)] == ["0100007F" + port],
          "it listens elsewhere than on the loopback")


def scraped_and_pushed(folder):
    gateway = monitor.Pushgateway(folder)
    prometheus = None
    folder.write("job.json", JOB)
    previous = os.umask(0o077)
    try:
        process = harness.start(
            folder, 2, "job.json", "--no-lake", "--output", "one.h5", "--summary",
            "summary.json", "--metrics", gateway.url, "--metrics-listen", "0")
        address = monitor.page_address(process)
        target = address.split("/")[2]
        prometheus = monitor.Prometheus(folder, {
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [
                {"job_name": "vqe_batch", "static_configs": [{"targets": [target]}]},
                {"job_name": "pushgateway", "honor_labels": True,
                 "static_configs": [{"targets": [gateway.url[7:]]}]}]})
        while_it_runs(prometheus, address)
        check_page(monitor.get(address)[1], "the page")
        refuse_others(address)
        output = process.communicate(timeout=120)[0]
        check(process.returncode == 1, f"exit status {process.returncode}: {output}")
        with open(folder.file("summary.json"), encoding="utf-8") as stream:
            summary = harness.json.load(stream)
        text = monitor.get(gateway.url + "/metrics")[1]
        samples = monitor.parse(text)
        check_summary(samples, summary)
        states = {one["state"]: n for one, n in samples["vqe_experiments"]}
        check(states == {"done": 2, "failed": 2, "running": 0, "pending": 0},
              f"states at the end: {states}")
        check(value(samples, "vqe_run_active") == 0.0, "it is active after its end")
        batch = samples["vqe_run_active"][0][0]["batch"]
        check(batch.startswith("one-"), f"the batch is {batch}")
        # Prometheus has it as well
        found = prometheus.wait(
            f'vqe_experiments{{state="done",batch="{batch}",job="vqe_batch"}} == 2',
            "the last push")
        check(len(found) == 1, f"the last push: {found}")

        # another job, with a file besides, and the same again: nothing of the
        # first one goes
        folder.run("job.json", *SHORT, "--output", "two.h5", "--metrics",
                   gateway.url, status=1)
        groups = gateway.groups()
        batches = {one["batch"] for one in groups}
        check(len(batches) == 2 and batch in batches, f"batches {batches}")
        check(all(one["job"] == "vqe_batch" for one in groups), f"{groups}")
        count = sum("experiment" in one for one in groups)
        check(count == 4 + 2, f"groups of {count} experiments")
        check_summary(
            monitor.parse("".join(
                line + "\n" for line in monitor.get(
                    gateway.url + "/metrics")[1].splitlines()
                if f'batch="{batch}"' in line)), summary)
        folder.run("job.json", *SHORT, "--output", "two.h5", "--metrics",
                   gateway.url, status=1)
        check(len(gateway.groups()) == len(groups), "a second run adds groups")
    finally:
        os.umask(previous)
        gateway.end()
        if prometheus is not None:
            prometheus.end()
    print(f"pushed and scraped: {len(samples)} names, {len(summary)} experiments")


def files(folder):
    """Whole at each look, readable by others, and as the summary says."""
    folder.write("job.json", {**JOB, "molecules": [harness.H2, harness.H2O, BAD],
                              "metrics": "node.prom"})
    previous = os.umask(0o077)
    try:
        summary = folder.summary("job.json", *SHORT, "--output", "f.h5", status=1)
    finally:
        os.umask(previous)
    mode = os.stat(folder.file("node.prom")).st_mode
    check(stat.S_IMODE(mode) == 0o644, f"mode {stat.S_IMODE(mode):o}")
    with open(folder.file("node.prom"), encoding="utf-8") as stream:
        text = stream.read()
    check_page(text, "the file")
    check_summary(monitor.parse(text), summary)
    left = [name for name in os.listdir(folder.path) if name.endswith(".tmp")]
    check(not left, f"left: {left}")
    # a restart shows what it found
    folder.run("job.json", *SHORT, "--output", "f.h5", status=1)
    with open(folder.file("node.prom"), encoding="utf-8") as stream:
        samples = monitor.parse(stream.read())
    check(value(samples, "vqe_restored_experiments") == 2 and
          value(samples, "vqe_finished_experiments_total", result="done") == 0 and
          value(samples, "vqe_experiments", state="done") == 2 and
          "vqe_last_completion_time_seconds" not in samples, "a restart")


class Echo(http.server.BaseHTTPRequestHandler):
    """Refuses everything, and says whatever it was sent."""

    def do_PUT(self):
        body = str(self.headers).encode()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        del arguments


def run_quick(folder, *more, status=0):
    """Output and seconds of a short job."""
    folder.write("quick.json", {"molecules": [harness.H2], "seed": 1})
    start = time.monotonic()
    done = folder.run("quick.json", "--no-lake", "--force", "--output", "q.h5", *more,
                      status=status, timeout=60)
    return (harness.unfolded(done.stdout + done.stderr), time.monotonic() - start)


def failures(folder):
    """None is fatal, each is said once, and none takes long."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    silent = monitor.socket.socket()  # takes connections, and says nothing
    silent.bind(("127.0.0.1", 0))
    silent.listen(8)
    _, usual = run_quick(folder)
    cases = {
        f"http://127.0.0.1:{monitor.free_port()}": "is it running",
        f"http://me:{SECRET}@127.0.0.1:{port}": "VQE_METRICS_USERNAME",
        f"http://127.0.0.1:{silent.getsockname()[1]}": "not pushed",
        "no/such/folder/x.prom": "metrics are not written",
    }
    for place, wanted in cases.items():
        text, seconds = run_quick(folder, "--metrics", place)
        check(wanted in text, f"{place}: {text}")
        check(text.count("metrics are not") == 1, f"{place}: said again: {text}")
        check(seconds < usual + 6.0, f"{place}: {seconds:.1f} s more than {usual:.1f}")
        for form in (SECRET, monitor.urllib.parse.quote(SECRET), "bWU6aHVudGVyMi1"):
            check(form not in text, f"{place}: a secret in {text}")
    server.shutdown()
    server.server_close()
    silent.close()
    # what is no place is bad usage, and quotes nothing
    bad = {("--metrics", "x.txt"): ".prom", ("--metrics-listen", "x"): "[ADDRESS:]PORT",
           ("--metrics", f"ftp://me:{SECRET}@h"): "http://",
           ("--metrics-listen", "192.0.2.1:0"): "address of this machine",
           ("--metrics", "q.prom", "--summary", "q.prom"): "--metrics"}
    for words, wanted in bad.items():
        text, _ = run_quick(folder, *words, status=2)
        check(wanted in text and SECRET not in text, f"{words}: {text}")
    with monitor.socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        text, _ = run_quick(folder, "--metrics-listen",
                            str(taken.getsockname()[1]), status=2)
        check("name another port" in text, text)


def main():
    monitor.require()
    for part in (files, failures, scraped_and_pushed):
        with harness.Folder() as folder:
            start = time.monotonic()
            part(folder)
            print(f"{part.__name__}: {time.monotonic() - start:.1f} s")


if __name__ == "__main__":
    main()

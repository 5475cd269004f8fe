"""Prometheus and Pushgateway for tests, on free ports of the loopback."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import harness


def require():
    """The packages, installed where that can be; else the test is skipped."""
    wanted = ["prometheus", "promtool", "prometheus-pushgateway",
              "prometheus-node-exporter"]
    if all(shutil.which(name) for name in wanted):
        return
    script = os.path.join(harness.ROOT, "jobs", "setup", "packages.sh")
    # a machine with systemd would start them at boot
    if not os.path.isdir("/run/systemd/system"):
        subprocess.run([script, "prometheus"], check=False, timeout=600)
    missing = [name for name in wanted if not shutil.which(name)]
    if missing:
        print(f"skipped: there is no {missing[0]}; jobs/setup/packages.sh prometheus")
        sys.exit(harness.SKIPPED)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def get(url, timeout=10, method="GET"):
    """Status and text of a response; without proxies."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, method=method)
    try:
        with opener.open(request, timeout=timeout) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class Server:
    """A process that serves on a port, ended by its id."""

    def __init__(self, folder, name, words, port, ready):
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder.file(f"{name}.log")
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                words, cwd=folder.path, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT,
            )
        for _ in range(600):
            if self.process.poll() is not None:
                break
            try:
                if get(self.url + ready, 1)[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        self.end()
        with open(self.log, encoding="utf-8") as log:
            harness.fail(f"{name} does not start: {log.read()[-2000:]}")

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Pushgateway(Server):
    def __init__(self, folder):
        port = free_port()
        super().__init__(
            folder, "pushgateway",
            # Debian's keeps what it got in a file of its own otherwise
            ["prometheus-pushgateway", f"--web.listen-address=127.0.0.1:{port}",
             f"--persistence.file={folder.file('pushed')}"],
            port, "/-/ready",
        )

    def groups(self):
        """Labels of each group."""
        _, text = get(self.url + "/api/v1/metrics")
        return [group["labels"] for group in json.loads(text)["data"]]


class Prometheus(Server):
    """One that scrapes by the configuration, text or object, JSON being YAML too."""

    def __init__(self, folder, config):
        port = free_port()
        name = folder.write("prometheus.yml", config)
        super().__init__(
            folder, "prometheus",
            ["prometheus", f"--config.file={folder.file(name)}",
             f"--storage.tsdb.path={folder.file('tsdb')}",
             f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"],
            port, "/-/ready",
        )

    def query(self, expression, when=None):
        """Samples of an instant query: (labels, value)."""
        words = {"query": expression}
        if when is not None:
            words["time"] = when
        status, text = get(
            self.url + "/api/v1/query?" + urllib.parse.urlencode(words)
        )
        harness.check(status == 200, f"query '{expression}': {text}")
        data = json.loads(text)["data"]
        if data["resultType"] == "scalar":
            return [({}, float(data["result"][1]))]
        return [(one["metric"], float(one["value"][1])) for one in data["result"]]

    def range(self, expression, start, end, step):
        """Series of a range query: (labels, [(time, value)])."""
        words = {"query": expression, "start": start, "end": end, "step": step}
        status, text = get(
            self.url + "/api/v1/query_range?" + urllib.parse.urlencode(words)
        )
        harness.check(status == 200, f"query '{expression}': {text}")
        return [
            (one["metric"], [(float(t), float(v)) for t, v in one["values"]])
            for one in json.loads(text)["data"]["result"]
        ]

    def wait(self, expression, what, seconds=20):
        """The samples, once there are any."""
        for _ in range(int(seconds * 5)):
            found = self.query(expression)
            if found:
                return found
            time.sleep(0.2)
        harness.fail(f"Prometheus has no '{expression}': {what}")


def page_address(process):
    """Where a started run serves its page, from what it prints; reads up to
    that line."""
    text = ""
    for line in process.stdout:
        text += line
        found = re.search(r"metrics at (http://\S+)", harness.unfolded(text))
        if found and found.group(1).endswith("/metrics"):
            return found.group(1)
    harness.fail(f"no page is served: {text}")


def parse(text):
    """Samples of a page: {name: [(labels, value)]}."""
    samples = {}
    for line in text.splitlines():
        if line.startswith("#") or not line:
            continue
        found = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
        harness.check(found is not None, f"no sample: {line}")
        labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found.group(2) or ""))
        samples.setdefault(found.group(1), []).append((labels, float(found.group(3))))
    return samples

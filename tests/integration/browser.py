"""A headless Chromium for tests, over chromedriver's HTTP interface."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

import harness
from monitor import free_port

# nothing of a browser's own goes over a network
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
    "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]


def require():
    """Chromium and its driver, installed in CI; elsewhere the test is skipped."""
    wanted = ["chromium", "chromedriver"]
    script = os.path.join(harness.ROOT, "jobs", "setup", "packages.sh")
    if not all(shutil.which(name) for name in wanted) and os.environ.get("CI") == "true":
        subprocess.run([script, "browser"], check=False, timeout=600)
    missing = [name for name in wanted if not shutil.which(name)]
    if missing:
        harness.check(os.environ.get("CI") != "true", f"CI has no {missing[0]}")
        print(f"skipped: there is no {missing[0]}; jobs/setup/packages.sh browser")
        sys.exit(harness.SKIPPED)


class Browser:
    """One session; leave it by `with`."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="vqe-browser-")
        port = free_port()
        self.process = subprocess.Popen(
            ["chromedriver", f"--port={port}"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.url = f"http://127.0.0.1:{port}"
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for attempt in range(300):
            try:
                if self.send("GET", "/status")["ready"]:
                    break
            except OSError:
                harness.check(attempt < 299, "chromedriver does not respond")
            time.sleep(0.1)
        options = {"args": ARGUMENTS + [f"--user-data-dir={self.folder}"],
                   "binary": shutil.which("chromium")}
        session = self.send("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.url += "/session/" + session["sessionId"]
        return self

    def __exit__(self, kind, value, trace):
        try:
            self.send("DELETE", "")
        except OSError:
            pass
        self.process.terminate()
        self.process.wait(timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def send(self, method, path, content=None):
        data = None if method != "POST" else json.dumps(content or {}).encode()
        request = urllib.request.Request(
            self.url + path, data=data, method=method,
            headers={"Content-Type": "application/json"})
        with self.opener.open(request, timeout=120) as response:
            return json.loads(response.read())["value"]

    def open(self, path):
        self.send("POST", "/url", {"url": "file://" + path})

    def run(self, script, *arguments):
        """The value that the body of a function returns, or its promise."""
        return self.send("POST", "/execute/sync",
                         {"script": script, "args": list(arguments)})

    def command(self, name, **parameters):
        """A command of the DevTools protocol."""
        return self.send("POST", "/goog/cdp/execute",
                         {"cmd": name, "params": parameters})

    def window(self, width, height=900):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height,
                     deviceScaleFactor=1, mobile=False)

    def media(self, kind="", scheme="light"):
        self.command("Emulation.setEmulatedMedia", media=kind, features=[
            {"name": "prefers-color-scheme", "value": scheme}])

    def errors(self):
        """What the console shows of errors since the last call."""
        entries = self.send("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

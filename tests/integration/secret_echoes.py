#!/usr/bin/env python3
"""What a broker sends back of what it was sent is shown without secrets, and
without control characters: in the messages of the program and in librdkafka's
own log, wherever the secrets came from.

A broker of this test, on loopback, refuses each login with the bytes of the
request in its words.
"""

import os
import socket
import struct
import subprocess
import threading

import harness
from harness import check

PASSWORD = "hunter2hunter2"


def text(data):
    return struct.pack(">h", len(data)) + data


def versions(version):
    """The response to ApiVersions: what is needed for a login."""
    keys = [(0, 0, 8), (1, 0, 11), (3, 0, 9), (17, 0, 1), (18, 0, 3), (36, 0, 1)]
    packed = [struct.pack(">hhh", *key) for key in keys]
    if version >= 3:
        return (struct.pack(">hB", 0, len(keys) + 1) +
                b"".join(key + b"\0" for key in packed) + struct.pack(">iB", 0, 0))
    return (struct.pack(">hi", 0, len(keys)) + b"".join(packed) +
            (struct.pack(">i", 0) if version >= 1 else b""))


def response(data):
    kind, version, number = struct.unpack(">hhi", data[:8])
    if kind == 18:
        body = versions(version)
    elif kind == 17:
        body = struct.pack(">hi", 0, 1) + text(b"PLAIN")
    else:
        words = b"denied \x1b]0;x\x07\xc2\x9b31m " + data[-40:].replace(b"\0", b"|")
        body = (struct.pack(">h", 58) + text(words + b"\nvqe_batch: all well") +
                struct.pack(">i", 0) + (struct.pack(">q", 0) if version >= 1 else b""))
    return struct.pack(">i", number) + body


def serve(connection, seen):
    with connection, connection.makefile("rb") as stream:
        head = stream.read(4)
        while len(head) == 4:
            data = stream.read(struct.unpack(">i", head)[0])
            seen.append(PASSWORD.encode() in data)
            try:
                sent = response(data)
                connection.sendall(struct.pack(">i", len(sent)) + sent)
                head = stream.read(4)
            except OSError:
                return


def accept(server, seen):
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=serve, args=(connection, seen), daemon=True).start()


def logins(folder, port, seen):
    login = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN",
             "sasl.username": "ann"}
    folder.write("properties.json", {**login, "sasl.password": PASSWORD})
    by_file = {"VQE_KAFKA_PROPERTIES_FILE": folder.file("properties.json")}
    by_name = {"VQE_KAFKA_SASL_PASSWORD": PASSWORD}
    short = {"message.timeout.ms": "1500", "client.id": "\x1b]0;y\x07\x9b31m"}
    for what, env, more in (("file", by_file, {}), ("name", by_name, login),
                            ("file, log", by_file, {"debug": "security,broker"}),
                            ("name, log", by_name, {**login, "debug": "all"})):
        del seen[:]
        folder.write("job.json", {
            "molecules": [harness.H2], "registry": "http://127.0.0.1:1",
            "kafka": {"brokers": f"127.0.0.1:{port}",
                      "properties": {**short, **more}}})
        done = subprocess.run(
            [os.path.abspath(harness.BATCH), "job.json", "-q", "--no-lake", "-o",
             "r.h5", "--force"], cwd=folder.path, env={**harness.environment(), **env},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
            check=False)
        shown = done.stdout + done.stderr
        check(any(seen), f"{what}: the broker got no password: {shown}")
        check("denied" in shown, f"{what}: its words are not shown: {shown}")
        check(PASSWORD not in shown, f"{what}: the password is shown: {shown}")
        controls = [c for c in shown if c != "\n" and (c < " " or "\x7f" <= c < "\xa0")]
        check(not controls, f"{what}: control characters {controls[:5]}: {shown!r}")
        check(not any(line.startswith("vqe_batch: all well")
                      for line in shown.splitlines()), f"{what}: {shown}")


with harness.Folder() as folder, socket.socket() as server:
    seen = []
    server.bind(("127.0.0.1", 0))
    server.listen(20)
    threading.Thread(target=accept, args=(server, seen), daemon=True).start()
    logins(folder, server.getsockname()[1], seen)
print("what a broker sends back is shown without secrets")

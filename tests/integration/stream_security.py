#!/usr/bin/env python3
"""The ways to prove who one is, on a real Kafka and registry: SCRAM and PLAIN,
client certificates, OAUTHBEARER by a token and by an OIDC endpoint, and a
registry behind TLS with basic, bearer and certificate authentication. Secrets
come by the environment and by files, and are in no message.

Services: kafka.

The programs: stream_services.py. Exit status 77: no Java or package.
"""

import base64
import http.server
import json
import os
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request

import harness
from harness import check

try:
    from stream_services import (
        TOPIC,
        Services,
        lake,
        publish,
        read_all,
        spooled,
    )
except ImportError as lacking:
    print(f"skipped: this Python has no {lacking.name}")
    sys.exit(harness.SKIPPED)

COUNT = 2


# ---- user and password ----


def sasl_cases(services, folder):
    result = folder.file("job.h5")
    secure = [
        "security.protocol=SASL_SSL",
        f"ssl.ca.location={services.env['KAFKA_CA_FILE']}",
    ]
    password = services.env["KAFKA_PASSWORD"]
    with open(folder.file("password"), "w", encoding="utf-8") as file:
        file.write(password + "\n")
    writer = {
        "VQE_KAFKA_SASL_USERNAME": services.env["KAFKA_USER"],
        "VQE_KAFKA_SASL_PASSWORD_FILE": folder.file("password"),
    }
    for mechanism in ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"):
        words = [*secure, f"sasl.mechanism={mechanism}", result]
        counts, printed, status = publish(services, folder, *words, env=writer)
        check(status == 0 and counts["delivered"] == COUNT, f"{counts} {printed}")
    messages = read_all(
        services,
        settings={
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": services.env["KAFKA_CA_FILE"],
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": services.env["KAFKA_USER"],
            "sasl.password": password,
        },
    )
    check(len(messages) == 3 * COUNT, f"{len(messages)} messages")
    words = [*secure, "sasl.mechanism=SCRAM-SHA-512", "close=20", result]
    nobody = {**writer, "VQE_KAFKA_SASL_USERNAME": services.env["KAFKA_READER"]}
    counts, printed, status = publish(services, folder, *words, spool="spool5", env=nobody)
    check(status == 1 and counts["spooled"] == COUNT, f"{counts} {printed}")
    check("right to write" in printed, printed)
    print("not authorised:", printed.splitlines()[0][:300])
    wrong = {**writer, "VQE_KAFKA_SASL_PASSWORD": "wrong-one"}
    counts, printed, status = publish(services, folder, *words, spool="spool6", env=wrong)
    check(status == 1 and counts["spooled"] == COUNT, f"{counts} {printed}")
    check("VQE_KAFKA_SASL_PASSWORD" in printed, printed)
    check("wrong-one" not in printed and password not in printed, "a secret was printed")
    print("wrong password:", printed.splitlines()[0][:300])


def write_secret(folder, name, text):
    path = folder.file(name)
    with open(path, "w", encoding="utf-8") as file:
        os.chmod(path, 0o600)
        file.write(text + "\n")
    return path


def properties(folder, **settings):
    """The environment's name of a file of librdkafka's properties."""
    name = folder.write("kafka.json", {k.replace("_", "."): v for k, v in settings.items()})
    return {"VQE_KAFKA_PROPERTIES_FILE": folder.file(name)}


def there_and_back(services, folder, what, env):
    """Publish the result and read it back by the same credentials."""
    topic = what.replace(" ", "-")
    services.topics("--create --topic", topic)
    out = lake(services, folder, "publish", "job.h5", "--topic", topic, env=env)
    check(f"{COUNT} records delivered" in out, out)
    words = ("ingest", "--topic", topic, "-w", f"{topic}.tables")
    out = lake(services, folder, *words, env=env)
    check(f"{COUNT} messages: {COUNT} records" in out, out)
    print(f"{what}: there and back")


def refused(services, folder, what, env, word, secrets):
    """All stays in the spool, the reason is printed, no secret is."""
    words = ("publish", "job.h5", "--topic", TOPIC, "--spool", f"{what}.spool")
    done = lake(services, folder, *words, status=1, env=env, whole=True)
    check(word in harness.unfolded(done.stderr), f"{what}: no '{word}' in {done.stderr}")
    check(spooled(folder, f"{what}.spool") == COUNT, f"{what}: {done.stderr}")
    for secret in secrets:
        check(secret not in done.stderr + done.stdout, f"{what}: a secret is printed")
    print(f"{what}:", done.stderr.splitlines()[0][:200])


# ---- client certificates ----


def certificate_cases(services, folder):
    ca = services.env["KAFKA_CA_FILE"]
    password = services.env["KAFKA_PASSWORD"]
    brokers = {"VQE_KAFKA_BROKERS": services.env["KAFKA_MTLS"]}
    with_key = properties(
        folder,
        security_protocol="SSL",
        ssl_ca_location=ca,
        ssl_certificate_location=folder.file("kafka/client.pem"),
        ssl_key_location=folder.file("kafka/client.key"),
    )
    by_file = write_secret(folder, "key-password", password)
    key = {"VQE_KAFKA_SSL_KEY_PASSWORD_FILE": by_file}
    there_and_back(services, folder, "client certificate", brokers | with_key | key)
    wrong = {"VQE_KAFKA_SSL_KEY_PASSWORD": "not-the-password"}
    done = lake(
        services,
        folder,
        *("publish", "job.h5", "--topic", TOPIC, "--spool", "wrong-key.spool"),
        status=2,
        env=brokers | with_key | wrong,
        whole=True,
    )
    check("not-the-password" not in harness.unfolded(done.stderr), "a secret is printed")
    print("wrong key password:", done.stderr.splitlines()[0][:200])
    without = properties(folder, security_protocol="SSL", ssl_ca_location=ca)
    refused(services, folder, "no-certificate", brokers | without, "ssl", [])


# ---- OAUTHBEARER ----


def token_of(subject, seconds):
    """A JSON web token without signature, which the test broker takes."""
    now = time.time()
    claims = {"sub": subject, "iat": now, "exp": now + seconds}
    parts = [{"alg": "none"}, claims]
    coded = [base64.urlsafe_b64encode(json.dumps(p).encode()) for p in parts]
    return b".".join(c.rstrip(b"=") for c in coded).decode() + "."


class TokenEndpoint(http.server.BaseHTTPRequestHandler):
    """OIDC's client credentials grant."""

    def do_POST(self):
        given = self.headers.get("Authorization", "")
        wanted = base64.b64encode(f"client:{self.server.secret}".encode()).decode()
        self.server.asked.append(given == f"Basic {wanted}")
        response = {"error": "invalid_client"}
        if self.server.asked[-1]:
            token = token_of(self.server.subject, 600)
            response = {"access_token": token, "token_type": "Bearer", "expires_in": 600}
        body = json.dumps(response).encode()
        self.send_response(200 if self.server.asked[-1] else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def oauth_cases(services, folder):
    brokers = {"VQE_KAFKA_BROKERS": services.env["KAFKA_OAUTH"]}
    common = {
        "security_protocol": "SASL_SSL",
        "ssl_ca_location": services.env["KAFKA_CA_FILE"],
        "sasl_mechanism": "OAUTHBEARER",
    }
    user = services.env["KAFKA_USER"]
    settings = brokers | properties(folder, **common)
    token = token_of(user, 600)
    there_and_back(
        services, folder, "token", settings | {"VQE_KAFKA_OAUTH_TOKEN": token}
    )
    by_file = {"VQE_KAFKA_OAUTH_TOKEN_FILE": write_secret(folder, "token", token)}
    there_and_back(services, folder, "token file", settings | by_file)
    late = token_of(user, -60)
    expired = settings | {"VQE_KAFKA_OAUTH_TOKEN": late}
    refused(services, folder, "expired-token", expired, "uthentication", [late])
    other = token_of("nobody", 600)
    nobody = settings | {"VQE_KAFKA_OAUTH_TOKEN": other}
    refused(services, folder, "token-of-nobody", nobody, "right to write", [other])

    endpoint = serve(TokenEndpoint)
    endpoint.secret, endpoint.subject, endpoint.asked = "s3cret-of-client", user, []
    settings = brokers | properties(
        folder,
        **common,
        sasl_oauthbearer_method="oidc",
        sasl_oauthbearer_client_id="client",
        sasl_oauthbearer_token_endpoint_url=(
            f"http://127.0.0.1:{endpoint.server_port}/token"
        ),
    )
    name = "VQE_KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET"
    right = {f"{name}_FILE": write_secret(folder, "client-secret", endpoint.secret)}
    words = ("publish", "job.h5", "--topic", TOPIC, "--spool", "oidc.spool")
    done = lake(services, folder, *words, status=None, env=settings | right, whole=True)
    if "not supported in this build" in harness.unfolded(done.stderr):
        print("OIDC: this librdkafka is built without it")
        return
    there_and_back(services, folder, "oidc", settings | right)
    check(endpoint.asked and all(endpoint.asked), f"asked: {endpoint.asked}")
    wrong = settings | {name: "wr0ng-one"}
    refused(services, folder, "oidc-refused", wrong, "OIDC", ["wr0ng-one"])
    endpoint.shutdown()


# ---- the registry ----


class Guard(http.server.BaseHTTPRequestHandler):
    """What stands before a registry: asks for credentials, passes on."""

    protocol_version = "HTTP/1.1"

    def pass_on(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size) if size else None
        status, response = 401, b'{"error_code": 401, "message": "who are you?"}'
        if self.server.wanted in (None, self.headers.get("Authorization")):
            request = urllib.request.Request(
                self.server.registry + self.path,
                data=body,
                method=self.command,
                headers={"Content-Type": self.headers.get("Content-Type", "")},
            )
            try:
                with urllib.request.urlopen(request) as done:
                    status, response = done.status, done.read()
            except urllib.error.HTTPError as error:
                status, response = error.code, error.read()
        self.send_response(status)
        self.send_header("Content-Length", str(len(response)))
        self.end_headers()
        self.wfile.write(response)

    do_GET = do_POST = pass_on

    def log_message(self, *_):
        pass


def guard(services, wanted, client_ca=None):
    """Its URL: TLS with the broker's certificate."""
    server = serve(Guard)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    folder = os.path.dirname(services.env["KAFKA_CA_FILE"])
    context.load_cert_chain(f"{folder}/broker.pem", f"{folder}/broker.key")
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.wanted = wanted
    server.registry = services.env["REGISTRY_URL"]
    return f"https://127.0.0.1:{server.server_port}"


def registry_cases(services, folder):
    plain = {"VQE_KAFKA_BROKERS": services.env["KAFKA_INSIDE"]}
    ca = {"VQE_REGISTRY_CA_FILE": services.env["KAFKA_CA_FILE"]}
    password = write_secret(folder, "registry-password", "p4ssword-of-registry")
    basic = base64.b64encode(b"someone:p4ssword-of-registry").decode()
    url = {"VQE_REGISTRY_URL": guard(services, f"Basic {basic}")}
    who = {
        "VQE_REGISTRY_USERNAME": "someone",
        "VQE_REGISTRY_PASSWORD_FILE": password,
    }
    there_and_back(services, folder, "registry basic", plain | ca | url | who)
    wrong = who | {"VQE_REGISTRY_PASSWORD": "wr0ng-password"}
    refused(
        services,
        folder,
        "registry-wrong-password",
        plain | ca | url | wrong,
        "VQE_REGISTRY_PASSWORD",
        ["wr0ng-password"],
    )
    refused(
        services,
        folder,
        "registry-unknown-ca",
        plain | url | who,
        "VQE_REGISTRY_CA_FILE",
        ["p4ssword-of-registry"],
    )
    url = {"VQE_REGISTRY_URL": guard(services, "Bearer t0ken-of-registry")}
    token = {"VQE_REGISTRY_TOKEN": "t0ken-of-registry"}
    there_and_back(services, folder, "registry bearer", plain | ca | url | token)
    wrong = {"VQE_REGISTRY_TOKEN": "an0ther-token"}
    refused(
        services,
        folder,
        "registry-wrong-token",
        plain | ca | url | wrong,
        "VQE_REGISTRY_TOKEN",
        ["an0ther-token"],
    )
    url = {"VQE_REGISTRY_URL": guard(services, None, services.env["KAFKA_CA_FILE"])}
    pair = {
        "VQE_REGISTRY_CERT_FILE": folder.file("kafka/broker.pem"),
        "VQE_REGISTRY_KEY_FILE": folder.file("kafka/broker.key"),
    }
    there_and_back(services, folder, "registry certificate", plain | ca | url | pair)


def main():
    services = Services()
    try:
        with harness.Folder() as folder:
            job = {"molecules": [harness.H2], "seed": [1, 2], "output": "job.h5"}
            folder.write("job.json", job)
            folder.run("job.json", "--no-lake")
            services(f"kafka_start {folder.file('kafka')} sasl")
            services(f"registry_start {folder.file('registry')}")
            services.topics("--create --topic", TOPIC)
            sasl_cases(services, folder)
            certificate_cases(services, folder)
            oauth_cases(services, folder)
            registry_cases(services, folder)
            services.stop()
    finally:
        services.stop()
    print("passed")


main()

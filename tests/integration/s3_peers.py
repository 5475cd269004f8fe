#!/usr/bin/env python3
"""Warehouses on S3 stores of others: moto, and versitygw by VERSITYGW or where Go
is there to build it (build_versitygw.sh). The tables are those of a
local folder, keys of any alphabet are found again, keys come from profile
files, a program and a web identity, and unfinished uploads of others stay.

Exit status 77: this Python has no moto.
"""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request

import harness
from harness import check

try:
    import boto3
    import botocore.config
    import moto  # noqa: F401
except ImportError as lacking:
    print(f"skipped: this Python has no {lacking.name}")
    sys.exit(harness.SKIPPED)

LAKE = os.environ.get("VQE_LAKE") or os.path.join(
    os.path.dirname(harness.BATCH), "vqe_lake"
)
KEY, SECRET, REGION = "vqepeerkey", "vqe/peer+secret", "us-east-1"
# what other programs put into keys; the last would be decoded wrongly by a
# reader that takes every key for encoded
PREFIXES = ("ware house", "a+b", "étage", "50%25 done")


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextlib.contextmanager
def running(words, url, env=None):
    process = subprocess.Popen(
        words,
        env={**os.environ, **(env or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            check(process.poll() is None, f"{words[0]} ended")
            check(time.monotonic() < deadline, f"{words[0]} does not respond")
            try:
                urllib.request.urlopen(url, timeout=2).close()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def lake(folder, *words, env, status=0):
    kept = {k: v for k, v in harness.environment().items() if k[:4] != "AWS_"}
    done = subprocess.run(
        [LAKE, *words],
        cwd=folder.path,
        env={**kept, "no_proxy": "127.0.0.1", "HOME": folder.path, **env},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    check(
        status in (None, done.returncode),
        f"vqe_lake {words}: {done.returncode} {done.stdout}{done.stderr}",
    )
    return done


def rows(folder, place, env):
    held = []
    for table in ("molecules", "vqe_results", "iteration_parameters"):
        query = (
            "SELECT * EXCLUDE (processing_timestamp, processing_date, "
            f"processing_batch_id) FROM {table} ORDER BY ALL"
        )
        words = ("query", query, "-w", place, "--format", "json")
        held.append(lake(folder, *words, env=env).stdout)
        check(len(held[-1]) > 100, f"{table} is empty")
    return held


def uploads_case(folder, client, prefix, env):
    """Unfinished uploads of this place that are old end, no others."""
    keys = {f"{prefix}/a b+%41", f"{prefix}-other/x"}
    for key in keys:
        client.create_multipart_upload(Bucket="peers", Key=key)
    begun = client.list_multipart_uploads(Bucket="peers")["Uploads"]
    day_ago = time.time() - 86400
    # moto says of every upload that it began years ago
    wanted = {
        u["Key"]
        for u in begun
        if u["Key"].startswith(f"{prefix}/") and u["Initiated"].timestamp() < day_ago
    }
    words = ("expire", f"s3://peers/{prefix}", "--older-than", "0s", "--orphans")
    out = lake(folder, *words, env=env).stdout
    left = client.list_multipart_uploads(Bucket="peers").get("Uploads", [])
    ended = {u["Key"] for u in begun} - {u["Key"] for u in left}
    check(ended == wanted, f"{ended} ended, not {wanted}")
    check((", 1 unfinished" in out) == bool(wanted), out)
    for u in left:
        client.abort_multipart_upload(
            Bucket="peers", Key=u["Key"], UploadId=u["UploadId"]
        )


def store_cases(folder, url, name):
    env = {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL_S3": url,
    }
    client = boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        region_name=REGION,
        config=botocore.config.Config(s3={"addressing_style": "path"}),
    )
    client.create_bucket(Bucket="peers")
    local = rows(folder, "local", env)
    for prefix in PREFIXES:
        place = f"s3://peers/{prefix}"
        lake(folder, "normalize", "job.h5", "-w", place, env=env)
        check(rows(folder, place, env) == local, f"{name}, '{prefix}': rows")
        done = lake(folder, "normalize", "job.h5", "-w", place, env=env)
        check("0 new" in done.stdout, done.stdout)
        out = lake(folder, "check", place, env=env).stdout
        check(" 0 problems, 0 orphans" in out, out)
        found = client.list_objects_v2(Bucket="peers", Prefix=prefix + "/")
        check(found["KeyCount"] > 40, f"{name}, '{prefix}': {found['KeyCount']}")
        uploads_case(folder, client, prefix, env)
        check(rows(folder, place, env) == local, f"{name}, '{prefix}': rows after")
    done = lake(
        folder, "check", "s3://peers/none", env={**env, "AWS_REGION": ""}, status=None
    )
    check(done.returncode != 0, done.stdout)
    print(f"{name}: {len(PREFIXES)} warehouses as in a local folder")
    return env


def credential_cases(folder, url, name, env):
    """The keys in other places; moto takes any, versitygw those alone."""
    place = f"s3://peers/{PREFIXES[0]}"
    os.makedirs(folder.file(".aws"), exist_ok=True)
    config = (
        f"[profile lab]\nservices = here\nREGION = '{REGION}'\n"
        f"[services here]\ns3 =\n  endpoint_url = {url}\n"
    )
    keys = f"[lab]\nAWS_Access_Key_ID = {KEY}\naws_secret_access_key = \"{SECRET}\"\n"
    folder.write(".aws/credentials", keys)
    folder.write(".aws/config", config)
    lake(folder, "log", place, env={"AWS_DEFAULT_PROFILE": "lab"})
    folder.write(".aws/credentials", "")
    folder.write(
        "keys.json",
        {"Version": 1, "AccessKeyId": KEY, "SecretAccessKey": SECRET},
    )
    process = f"credential_process = cat {folder.file('keys.json')}\n"
    config = config.replace("[services", process + "[services")
    folder.write(".aws/config", config)
    lake(folder, "log", place, env={"AWS_PROFILE": "lab"})
    print(f"{name}: keys by profile, services and program")


def identity_case(folder, url):
    """moto's own token service."""
    folder.write("token", "eyJ.some.token")
    env = {
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL_S3": url,
        "AWS_ENDPOINT_URL_STS": url,
        "AWS_WEB_IDENTITY_TOKEN_FILE": folder.file("token"),
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/vqe-lake-of-tests",
    }
    lake(folder, "log", f"s3://peers/{PREFIXES[0]}", env=env)
    print("moto: keys by web identity")


def versitygw():
    path = os.environ.get("VERSITYGW")
    if path is None:
        here = os.path.dirname(os.path.abspath(__file__))
        done = subprocess.run(
            ["bash", os.path.join(here, "build_versitygw.sh")],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == harness.SKIPPED:
            print("versitygw is left out:", done.stderr.strip().splitlines()[-1])
            return None
        check(done.returncode == 0, f"versitygw: {done.stderr[-2000:]}")
        path = done.stdout.strip()
    return path


def main():
    with harness.Folder() as folder:
        job = {
            "molecules": [harness.H2],
            "ansatz": [{"name": "RealAmplitudes", "reps": 1}],
            "optimizer": [{"name": "COBYLA", "max_evaluations": 20}],
            "seed": [1, 2, 3],
            "output": "job.h5",
        }
        folder.write("job.json", job)
        folder.run("job.json", "--no-lake")
        lake(folder, "normalize", "job.h5", "-w", "local", env={})
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port]
        with running([str(w) for w in words], url):
            env = store_cases(folder, url, "moto")
            credential_cases(folder, url, "moto", env)
            identity_case(folder, url)
        program = versitygw()
        if program is not None:
            port = free_port()
            url = f"http://127.0.0.1:{port}"
            os.mkdir(folder.file("store"))
            words = [program, "--port", f"127.0.0.1:{port}", "posix"]
            env = {"ROOT_ACCESS_KEY": KEY, "ROOT_SECRET_KEY": SECRET}
            with running([*words, folder.file("store")], url, env):
                env = store_cases(folder, url, "versitygw")
                credential_cases(folder, url, "versitygw", env)
    print("passed")


main()

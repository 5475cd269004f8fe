"""The command lines of the programs that tasks run.

Each function takes the context of a task and gives a Command: words for no
shell, and what is added to the environment. Secrets are in the environment
alone. `None` as a value takes a name out of the environment.
"""

import dataclasses
import os
import shlex
import shutil
import subprocess

from airflow.sdk.exceptions import AirflowSkipException

from . import settings


@dataclasses.dataclass
class Command:
    """`counts`: the program takes --summary FILE, and ends with 1 also where
    all is done but for records that it set aside and counted there.
    `some_may_fail`: it ends with 1 where some experiments failed."""

    words: list[str]
    environment: dict[str, str | None] = dataclasses.field(default_factory=dict)
    counts: bool = False
    some_may_fail: bool = False


def _store():
    return settings.store_environment("vqe_s3")


def _is_remote(place):
    return place.startswith(("s3://", "s3a://"))


def _by_spark(name, *arguments):
    """A program of jobs/spark, under the writer lock where the store is none
    that keeps two writers apart."""
    warehouse = settings.setting("vqe_warehouse")
    submit = os.path.join(settings.ROOT, "jobs", "spark", "submit.sh")
    words = [submit, name, *arguments, "--warehouse", warehouse]
    if _is_remote(warehouse):
        words = [settings.program("vqe_lake"), "with-lock", warehouse, "--", *words]
    # the modules of Airflow are not those of Spark
    environment = {"PYTHONPATH": None, **_store()}
    for key in ("home", "master", "conf"):
        value = settings.setting("vqe_spark_" + key)
        if value:
            environment["VQE_SPARK_" + key.upper()] = value
    return Command(words, environment)


def _by_lake(*words):
    return Command([settings.program("vqe_lake"), *words], _store(), counts=True)


# ---- the tables ----


def ingest(_context):
    """Kafka to raw files, where no connector of the site does it."""
    environment = {**_store(), **settings.kafka_environment()}
    if not environment.get("VQE_KAFKA_BROKERS") and not os.environ.get("VQE_KAFKA_BROKERS"):
        raise AirflowSkipException("no Connection vqe_kafka: the raw files come by a connector")
    raw = settings.setting("vqe_raw")
    return Command([settings.program("vqe_lake"), "ingest", "--land", raw], environment)


def normalize(_context):
    raw = settings.setting("vqe_raw")
    if settings.engine() == "spark":
        return _by_spark("normalize.py", "--raw", raw)
    return _by_lake("normalize", raw, "--warehouse", settings.setting("vqe_warehouse"))


def featurize(_context):
    if settings.engine() == "spark":
        return _by_spark("featurize.py")
    return _by_lake("featurize", "--warehouse", settings.setting("vqe_warehouse"))


def check(_context):
    words = [settings.program("vqe_lake"), "check", settings.setting("vqe_warehouse")]
    return Command(words, _store())


# ---- the copy ----


def _remote(name, values, extra):
    """An rclone remote from the environment of a store."""
    keys = {
        "ACCESS_KEY_ID": values.get("AWS_ACCESS_KEY_ID"),
        "SECRET_ACCESS_KEY": values.get("AWS_SECRET_ACCESS_KEY"),
        "SESSION_TOKEN": values.get("AWS_SESSION_TOKEN"),
        "ENDPOINT": values.get("AWS_ENDPOINT_URL"),
        "REGION": values.get("AWS_REGION"),
        "PROVIDER": extra.get("provider"),
    }
    return {f"RCLONE_CONFIG_{name}_{key}": value for key, value in keys.items() if value}


def _two_stores():
    """What jobs/sync/sync.sh needs: the remotes garage and r2, where they are
    not set for the worker, and vqe_lake."""
    environment = {"VQE_LAKE": settings.program("vqe_lake")}
    for name, place, connection in (
        ("GARAGE", settings.setting("vqe_warehouse"), "vqe_s3"),
        ("R2", settings.setting("vqe_target_warehouse"), "vqe_s3_target"),
    ):
        if not _is_remote(place):
            continue
        values = settings.store_environment(connection)
        if not values and name == "GARAGE" and "RCLONE_CONFIG_GARAGE_TYPE" not in os.environ:
            values = os.environ
        environment.update(_remote(name, values, settings.extra(connection)))
        if values.get("AWS_CA_BUNDLE"):
            environment["RCLONE_CA_CERT"] = values["AWS_CA_BUNDLE"]
    return environment


def _sync(*arguments):
    script = os.path.join(settings.ROOT, "jobs", "sync", "sync.sh")
    return Command([script, *arguments], _two_stores())


def health(_context):
    """Both stores, within 30 seconds each."""
    source = settings.setting("vqe_warehouse")
    target = settings.setting("vqe_target_warehouse")
    command = _sync("health")
    if not _is_remote(source):
        command.environment["VQE_SYNC_SOURCE"] = source
    if not _is_remote(target):
        os.makedirs(target, exist_ok=True)
        command.environment["VQE_SYNC_TARGET"] = target
    return command


def sync(table):
    """One feature table."""

    def command(_context):
        way = settings.choice("vqe_sync", settings.SYNC_WAYS)
        places = settings.setting("vqe_warehouse"), settings.setting("vqe_target_warehouse")
        return _sync(way, *places, "--table", table)

    return command


def check_target(_context):
    """The copied tables as a reader finds them; of plain files every byte."""
    target = settings.setting("vqe_target_warehouse")
    if settings.choice("vqe_sync", settings.SYNC_WAYS) == "files":
        command = _sync("files", settings.setting("vqe_warehouse"), target)
        command.environment["VQE_SYNC_CHECK"] = "download"
        return command
    return Command(
        [settings.program("vqe_lake"), "check", target],
        settings.store_environment("vqe_s3_target"),
    )


# ---- campaigns ----


def _tier(context):
    return str(context["params"]["tier"])


def _folder(context):
    """The same for each run of a tier: a further run goes on."""
    tier = os.path.splitext(os.path.basename(_tier(context)))[0]
    return os.path.join(settings.campaigns(), f"tier-{tier}")


def _builder():
    """The first program that builds images here; the reason where none does."""
    reasons = []
    for name in ("buildah", "podman", "docker"):
        path = shutil.which(name)
        if path is None:
            reasons.append(f"no {name}")
            continue
        try:
            found = subprocess.run([path, "info"], capture_output=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            reasons.append(f"{name} info: {error}")
            continue
        if found.returncode == 0:
            return name, path
        lines = found.stderr.decode(errors="replace").strip().splitlines() or ["no reason"]
        reasons.append(f"{name} info: {lines[-1]}")
    raise AirflowSkipException("no program builds images here: " + "; ".join(reasons))


def build_images(_context):
    """The image of vqe_batch, where a builder is."""
    recipe = os.path.join(settings.ROOT, settings.setting("vqe_containerfile"))
    if not os.path.exists(recipe):
        raise AirflowSkipException(f"no {recipe} (Variable vqe_containerfile)")
    name, path = _builder()
    words = [path, "bud" if name == "buildah" else "build"]
    words += shlex.split(settings.setting("vqe_build_options"))
    return Command([*words, "-f", recipe, "-t", settings.setting("vqe_image"), settings.ROOT])


def generate(context):
    options = shlex.split(settings.setting("vqe_generate_options"))
    folder = _folder(context)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    return Command(
        [settings.program("vqe_batch"), "generate", _tier(context), "-o", folder, *options]
    )


def submit(context):
    """Runs that failed are no failure of the batch; `status` says which."""
    words = [
        os.path.join(settings.ROOT, "jobs", "airflow", "run_campaign.sh"),
        _folder(context),
        settings.choice("vqe_submit", settings.SUBMIT_WAYS),
        settings.setting("vqe_ranks"),
        *shlex.split(settings.setting("vqe_sbatch_options")),
    ]
    environment = {name.upper(): settings.program(name) for name in ("vqe_batch", "vqe_lake")}
    return Command(words, environment, some_may_fail=True)


def status(context):
    return Command([settings.program("vqe_batch"), "status", _folder(context)])

"""The command lines of the programs that tasks run.

Each function takes the context of a task and gives a Command: words for no
shell, and what is added to the environment. Secrets are in the environment
alone. `None` as a value takes a name out of the environment.
"""

import dataclasses
import os
import shlex

from airflow.sdk.exceptions import AirflowSkipException

from . import settings


@dataclasses.dataclass
class Command:
    """`counts`: the program takes --summary FILE, and ends with 1 also where
    all is done but for records that it set aside and counted there."""

    words: list[str]
    environment: dict[str, str | None] = dataclasses.field(default_factory=dict)
    counts: bool = False


def _store():
    return settings.store_environment("vqe_s3")


def _is_remote(place):
    return place.startswith(("s3://", "s3a://"))


def _by_spark(name, *arguments):
    """spark-submit, under the writer lock where the store is none that keeps
    two writers apart."""
    home = settings.spark_home()
    warehouse = settings.setting("vqe_warehouse")
    words = [
        os.path.join(home, "bin", "spark-submit"),
        "--master", settings.setting("vqe_spark_master"),
        "--properties-file", os.path.join(home, "spark.properties"),
        *shlex.split(settings.setting("vqe_spark_options")),
        os.path.join(settings.ROOT, "jobs", "spark", name),
        *arguments,
        "--warehouse", warehouse,
    ]  # fmt: skip
    if _is_remote(warehouse):
        words = [settings.program("vqe_lake"), "with-lock", warehouse, "--", *words]
    path = os.path.join(home, "bin") + os.pathsep + os.environ.get("PATH", os.defpath)
    environment = {
        "PATH": path,
        "PYSPARK_PYTHON": os.path.join(home, "bin", "python"),
        # the modules of Airflow are not those of Spark
        "PYTHONPATH": None,
        **_store(),
    }
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

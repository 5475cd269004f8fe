"""Where data and programs are, and which engine makes the tables.

Everything that differs between sites is a Variable of Airflow (README.md lists
them), everything secret a Connection. The defaults are those of the project.
"""

import os
import shutil

from airflow.sdk import Asset, Connection, Variable
from airflow.sdk.exceptions import AirflowNotFoundException

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))

# names that Spark and every reader of the tables use
CATALOG = "quantum_catalog"
NAMESPACE = "quantum_features"
FEATURE_TABLES = ("ml_iteration_features", "ml_run_summary")

ENGINES = ("vqe_lake", "spark")
SYNC_WAYS = ("tables", "files")
SUBMIT_WAYS = ("auto", "slurm", "mpirun")
DEFAULTS = {
    "vqe_engine": "vqe_lake",
    "vqe_raw": "s3://raw-results",
    "vqe_warehouse": "s3://features/warehouse",
    "vqe_target_warehouse": "s3://features-copy/warehouse",
    "vqe_sync": "tables",
    "vqe_programs": "",
    "vqe_campaigns": "",
    "vqe_submit": "auto",
    "vqe_ranks": "1",
    "vqe_generate_options": "",
    "vqe_sbatch_options": "",
    "vqe_containerfile": "jobs/containers/Containerfile.cpu",
    "vqe_build_options": "",
    "vqe_image": "vqe_batch:cpu",
    "vqe_spark_home": "",
    "vqe_spark_master": "",
    "vqe_spark_conf": "",
    "vqe_email": "",
    "vqe_email_from": "airflow@localhost",
    "vqe_pushgateway": "",
    "vqe_statsd": "",
}


def table(name):
    """A table as an Asset, by which DAGs of a site may be scheduled."""
    return Asset(name=f"{CATALOG}.{NAMESPACE}.{name}", uri=f"vqe://{CATALOG}/{NAMESPACE}/{name}")


class SettingsError(ValueError):
    """A Variable or Connection that cannot be used, with the remedy."""


def setting(name):
    """The value of a Variable, or its default."""
    return Variable.get(name, default=None) or DEFAULTS[name]


def timing():
    """Schedules and delays other than those of the DAG files: the Variable
    `vqe_timing`, read when the DAGs are."""
    known = {"schedules", "retry_seconds", "poke_seconds"}
    found = Variable.get("vqe_timing", default={}, deserialize_json=True)
    if not isinstance(found, dict) or set(found) - known:
        raise SettingsError(
            f"Variable vqe_timing is {found!r}; it is a JSON object with the keys "
            f"{', '.join(sorted(known))}"
        )
    return found


def choice(name, allowed):
    value = setting(name)
    if value not in allowed:
        raise SettingsError(f"Variable {name} is '{value}'; it is one of {', '.join(allowed)}")
    return value


def engine():
    """The one switch: vqe_lake or spark."""
    return choice("vqe_engine", ENGINES)


def program(name):
    """The path of one of our programs."""
    folder = setting("vqe_programs")
    if folder:
        found = os.path.join(folder, name)
        if not os.access(found, os.X_OK):
            raise SettingsError(f"no program {found}; set the Variable vqe_programs")
        return found
    built = os.path.join(ROOT, "build", "release", name)
    found = built if os.access(built, os.X_OK) else shutil.which(name)
    if found is None:
        raise SettingsError(
            f"no {name} in build/release or PATH; build it (jobs/setup/build.sh release), or "
            "set the Variable vqe_programs to its folder"
        )
    return found


def campaigns():
    home = os.environ.get("AIRFLOW_HOME") or os.path.expanduser("~/airflow")
    return setting("vqe_campaigns") or os.path.join(home, "campaigns")


# ---- connections ----


def connection(name):
    """A Connection, or None where there is none."""
    try:
        return Connection.get(name)
    except AirflowNotFoundException:
        return None


def extra(name):
    """The further settings of a Connection."""
    found = connection(name)
    return {} if found is None else found.extra_dejson


def store_environment(name):
    """The environment by which programs reach an S3 store: from a Connection
    (login, password, extra `endpoint_url`, `region_name`, `session_token`,
    `ca_file`), else nothing, and that of the worker counts."""
    found = connection(name)
    if found is None:
        return {}
    extra = found.extra_dejson
    values = {
        "AWS_ACCESS_KEY_ID": found.login,
        "AWS_SECRET_ACCESS_KEY": found.password,
        "AWS_SESSION_TOKEN": extra.get("session_token"),
        "AWS_ENDPOINT_URL": extra.get("endpoint_url"),
        "AWS_REGION": extra.get("region_name"),
        "AWS_CA_BUNDLE": extra.get("ca_file"),
    }
    return {key: str(value) for key, value in values.items() if value}


def kafka_environment():
    """The same for Kafka and the schema registry: Connection `vqe_kafka` (host
    `HOST:PORT,...`, login, password, extra `registry`, `properties_file`) and
    `vqe_registry` (login, password)."""
    values = {}
    broker = connection("vqe_kafka")
    if broker is not None:
        hosts = broker.host or ""
        if broker.port and ":" not in hosts:
            hosts = f"{hosts}:{broker.port}"
        values = {
            "VQE_KAFKA_BROKERS": hosts,
            "VQE_KAFKA_SASL_USERNAME": broker.login,
            "VQE_KAFKA_SASL_PASSWORD": broker.password,
            "VQE_KAFKA_PROPERTIES_FILE": broker.extra_dejson.get("properties_file"),
            "VQE_REGISTRY_URL": broker.extra_dejson.get("registry"),
        }
    registry = connection("vqe_registry")
    if registry is not None:
        values["VQE_REGISTRY_USERNAME"] = registry.login
        values["VQE_REGISTRY_PASSWORD"] = registry.password
    return {key: value for key, value in values.items() if value}

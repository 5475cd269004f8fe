#!/usr/bin/env python3
"""A campaign from its tier to the share of runs that reached chemical accuracy:
generated, run by ranks, killed, resumed, stopped, divided anew, done; each step
as `vqe_batch status` shows it from files alone, which it leaves as they are.

VQE_LAKE names vqe_lake (beside vqe_batch).
"""

import collections
import json
import os
import pathlib
import shlex
import signal
import subprocess

import harness
from harness import check, children_of, start, wait_for

LAKE = os.path.abspath(os.environ.get("VQE_LAKE") or os.path.join(
    os.path.dirname(harness.BATCH), "vqe_lake"))
PAGE = pathlib.Path(harness.ROOT) / "jobs" / "tiers" / "README.md"
# the table of the four tiers
RUNS = {1: 3200, 2: 1200, 3: 1440, 4: 180}

TIER = {
    "name": "small",
    "molecules": [harness.H2, harness.LIH],
    # COBYLA takes seconds for LiH, also on a fast machine: its evaluations are
    # in the journal after two
    "ansatz": {"name": "EfficientSU2", "reps": 3},
    "optimizer": ["L-BFGS-B", "COBYLA"],
    "init": ["random", "hf"],
    "seed": "1-3",
    "priority": [{"molecules": "H2"}],
    "lanes": [{"name": "small", "molecules": "H2"}, {"name": "rest"}],
}
ALL = 24


def generate(folder, tier, place, *words):
    done = folder.run("generate", tier, "-o", place, "--json", *words)
    return json.loads(done.stdout)


def state(folder, place, status=0):
    return json.loads(folder.run("status", place, "--json", status=status).stdout)


def check_tiers(folder):
    """The numbers of runs, CO2 set aside with its need, parts of equal cost."""
    for number, runs in RUNS.items():
        made = generate(folder, number, f"tier{number}", "--memory", "24",
                        "--parts", "7")
        check(made["total"] == runs, f"tier {number}: {made['total']} runs")
        aside = sum(group["runs"] for group in made["set_aside"])
        check(made["runs"] + aside == runs, f"tier {number}: some are lost")
        costs = collections.defaultdict(list)
        for item in state(folder, f"tier{number}")["experiments"]:
            costs[item["output"]].append(item["cost"])
        sums = [sum(part) for part in costs.values()]
        largest = max(max(part) for part in costs.values())
        check(len(sums) == 7 and
              max(sums) - min(sums) <= max(0.1 * max(sums), largest * 1.000001),
              f"tier {number}: parts of {sums}")
    with open(folder.file("tier1/set_aside.json"), encoding="utf-8") as stream:
        (group,) = json.load(stream)["set_aside"]
    check(group["molecule"] == "CO2" and group["runs"] == 400 and
          group["qubits"] == 30 and 51.5 < group["memory_gb"] < 53.7 and
          "needs 51.7 GB, there are 24.0 GB" == group["reason"], f"{group}")
    screen = harness.unfolded(folder.run(
        "generate", 1, "-o", "tier1", "--memory", "24").stdout)
    check("400 set aside: CO2 sto3g EfficientSU2 needs 51.7 GB" in screen, screen)
    made = generate(folder, 1, "tier1", "--memory", "60")
    check(made["runs"] == 3200 and made["set_aside"] == [], "60 GB for CO2")
    made = generate(folder, 1, "lanes", "--memory", "24", "--lanes")
    lanes = {lane["lane"]: lane["runs"] for lane in made["lanes"]}
    check(lanes == {"cpu": 2400, "gpu": 800}, f"{lanes}: a GPU takes CO2")


def files_of(folder, place):
    """Names, sizes and times of all that is there."""
    found = {}
    for path in sorted(pathlib.Path(folder.file(place)).rglob("*")):
        info = path.stat()
        found[str(path)] = (info.st_size, info.st_mtime_ns)
    return found


def check_screen(folder, place, *words):
    """The screen has 80 columns, and says the word."""
    text = folder.run("status", place, status=None).stdout
    check(all(len(line) <= 80 for line in text.splitlines()[1:]), text)
    for word in words:
        check(word in harness.unfolded(text), f"no '{word}' in\n{text}")


def run_and_kill(folder):
    """Ranks that are killed while the state shows one that runs."""
    process = start(folder, 2, "c/part-0001.json")
    seen = {}

    def under_way():
        seen.update(state(folder, "c"))
        running = [item for item in seen["experiments"] if item["state"] == "running"]
        # one of LiH goes on for longer than what comes before the kill
        return (seen["done"] >= 4 and all(item["iteration"] for item in running) and
                any(item["name"] == "LiH" for item in running))

    wait_for(process, under_way, "something that runs")
    check(seen["total"] == ALL and seen["runs"][0]["ranks"] == 2, f"{seen}")
    running = [item for item in seen["experiments"] if item["state"] == "running"]
    for item in running:
        check(item["phase"] == "vqe" and item["iteration"] > 0 and
              (item["evaluations_per_second"] or 0) >= 0 and
              -9 < item["energy"] < 0,
              f"{item}")
    refused = folder.run("generate", "small.json", "-o", "c", status=2)
    check("is in use by a run on host" in harness.unfolded(refused.stderr),
          f"generate beside a run: {refused.stderr}")
    for pid in children_of(process.pid):
        os.kill(pid, signal.SIGKILL)
    process.communicate()
    before = files_of(folder, "c")
    killed = state(folder, "c")
    check_screen(folder, "c", "Nothing runs.", f"{ALL} experiments")
    check(files_of(folder, "c") == before, "status changed files")
    check(killed["running"] == 0 and killed["runs"] == [], "a crashed run lives")
    check(killed["stopped"] > 0 and killed["done"] >= seen["done"], f"{killed}")
    check(killed["done"] + killed["left"] == ALL, f"{killed}")
    check(killed["core_seconds_left"] > 0, "no time is left")
    return killed


def run_and_stop(folder, before):
    """The same command goes on, and is asked to stop."""
    process = start(folder, 2, "c/part-0001.json")
    wait_for(process,
             lambda: state(folder, "c")["done"] > before["done"], "one more")
    for pid in children_of(process.pid):
        os.kill(pid, signal.SIGTERM)
    text = process.communicate()[0]
    check(process.returncode == 3, f"exit status {process.returncode}: {text}")
    check(f"{before['done']} found finished" in text, f"none restored: {text}")
    stopped = state(folder, "c")
    check(before["done"] < stopped["done"] < ALL, f"{stopped}")
    return stopped


def finish(folder, before):
    """Divided anew: what is done is left out, and all becomes done."""
    made = generate(folder, "small.json", "c", "--parts", "2")
    check(made["done"] == before["done"] and
          made["runs"] == ALL - before["done"], f"{made}")
    again = state(folder, "c")
    check(abs(again["model_ratio"] / before["model_ratio"] - 1) < 1e-9,
          "what ran is forgotten")
    check(again["total"] == ALL and again["done"] == before["done"], f"{again}")
    with subprocess.Popen(
            harness.command(0, ["status", "c", "--watch", "--interval", "1",
                                "--limit", "300"]),
            cwd=folder.path, stdout=subprocess.PIPE, text=True) as watch:
        for part in sorted(pathlib.Path(folder.file("c")).glob("part-*.json")):
            folder.run(part, ranks=2)
        screens = watch.communicate(timeout=60)[0]
    check(watch.returncode == 0, f"watch ended with {watch.returncode}")
    check(f"{ALL} experiments: {ALL} done, 0 failed" in screens, screens)
    check(screens.count(f"{ALL} experiments") > 1, "one look alone")
    done = state(folder, "c")
    check(done["done"] == ALL and done["left"] == 0, f"{done}")
    ids = {item["experiment_id"] for item in done["experiments"]}
    check(len(ids) == ALL, "an experiment stands twice")
    made = generate(folder, "small.json", "c")
    check(made["done"] == ALL and made["runs"] == 0, f"{made}")
    check(not list(pathlib.Path(folder.file("c")).glob("part-*.json")),
          "job files without work")
    return done


def lake(folder, *words):
    done = subprocess.run([LAKE, *words], cwd=folder.path, capture_output=True,
                          text=True, check=False)
    check(done.returncode == 0, f"{words}: {done.stderr}")
    return done.stdout


def share_query():
    """The query of the page, as people would copy it."""
    text = PAGE.read_text(encoding="utf-8").split('vqe_lake query "', 1)[1]
    return text.split('"', 1)[0]


def check_share(folder, done):
    """One query gives the share that reached 1.6 mHa, as the state has it."""
    for path in sorted(pathlib.Path(folder.file("c")).glob("*.h5")):
        lake(folder, "normalize", str(path), "--warehouse", "c/warehouse")
    rows = json.loads(lake(folder, "query", share_query(), "--warehouse",
                           "c/warehouse", "--format", "json"))
    wanted = collections.defaultdict(lambda: [0, 0])
    for item in done["experiments"]:
        counts = wanted[item["optimizer"], item["init"]]
        counts[0] += 1
        counts[1] += abs(item["error_mha"]) <= 1.6
    found = {(row["optimizer"], row["init"]): [row["runs"], row["reached"]]
             for row in rows}
    check(found == dict(wanted), f"{found} is not {dict(wanted)}")
    check(sum(reached for _, reached in found.values()) > 0, "none reached it")
    made = generate(folder, "small.json", "other", "--done", "c/warehouse")
    check(made["done"] == ALL and made["runs"] == 0, f"by the tables: {made}")


def check_failures(folder):
    """Failed ones have reasons, in a job without tier and with drawn seeds."""
    folder.write("bad.json", {"molecules": [harness.H2, {
        "name": "bad", "symbols": ["H"], "coords": [[0, 0, "x"]]}]})
    waiting = state(folder, "bad.json")
    check(waiting["waiting"] == 2 and waiting["done"] == 0, f"{waiting}")
    folder.run("bad.json", "--no-lake", status=1)
    for place in ("bad.json", "bad.h5"):
        seen = state(folder, place, status=1)
        check(seen["done"] == 1 and seen["failed"] == 1 and seen["left"] == 0,
              f"{seen}")
        (reason,) = [item["reason"] for item in seen["experiments"]
                     if item["state"] == "failed"]
        check("bad.json" in reason and "coords" in reason, reason)
    check_screen(folder, "bad.json", "1 failed: file 'bad.json'")
    # a job that ran with options asks for others by itself
    folder.write("h2.json", {"molecules": [harness.H2], "seed": 1})
    folder.run("h2.json", "--no-lake", "--seed", "2")
    seen = state(folder, "h2.json")
    check(seen["waiting"] == 1 and seen["other_results"] == 1, f"{seen}")
    check_screen(folder, "h2.json", "1 more results there are of other")
    check(state(folder, "h2.h5")["done"] == 1, "the result by its name")


def check_screen_of_generate(folder):
    """Lines fit, the hint can be pasted, and nothing to run is said."""
    place = "sp ace 'ü'"
    done = folder.run("generate", 4, "-o", place, "--memory", "0.0000001", status=1)
    check(all(len(line) <= 80 for line in done.stdout.splitlines()), done.stdout)
    check("there are 100 bytes" in harness.unfolded(done.stdout) and
          "Nothing to run: all is set aside." in done.stdout, done.stdout)
    (hint,) = [line for line in done.stdout.splitlines() if "Its state:" in line]
    words = shlex.split(hint)[2:]
    check(words == ["vqe_batch", "status", place], hint)
    check(state(folder, words[2])["set_aside"] == RUNS[4], "the hint is of no use")
    done = folder.run("generate", "small.json", "-o", "c")
    check("Nothing to run: all is done." in done.stdout, done.stdout)
    # no shell script asks SLURM for what is not there
    submit = os.path.join(harness.ROOT, "jobs", "slurm", "submit_campaign.sh")
    for where, message in (("nowhere", "there is no folder 'nowhere'"),
                           (".", "folder '.' has no parts.tsv")):
        done = subprocess.run([submit, where], cwd=folder.path, capture_output=True,
                              text=True, check=False)
        check(done.returncode == 2 and message in done.stderr, done.stderr)


def check_refusals(folder):
    folder.write("tpu.json", {**TIER, "lanes": [{"name": "a", "device": "tpu"}]})
    folder.write("none.json", {**TIER, "lanes": [
        {"name": "a", "min_qubits": 5, "max_qubits": 4}]})
    for words, message in (
            (("status", "nowhere"), "nowhere"),
            (("status",), "usage: vqe_batch status PLACE"),
            (("generate", "small.json"), "generate needs -o FOLDER"),
            (("generate", "9", "-o", "x"), "there is no tier '9'"),
            (("generate", "4", "-o", "c"), "is that of tier 'small'"),
            (("generate", "tpu.json", "-o", "x", "--lanes"), "'device': \"tpu\""),
            (("generate", "none.json", "-o", "x"), "min_qubits 5 is greater"),
            (("generate", "1", "-o", "x", "--memory", "much"), "--memory: 'much'"),
            (("status", "c", "--wach"), "did you mean '--watch'"),
    ):
        done = folder.run(*words, status=2)
        check(message in harness.unfolded(done.stderr), f"{words}: {done.stderr}")


def main():
    with harness.Folder() as folder:
        check_tiers(folder)
        folder.write("small.json", TIER)
        made = generate(folder, "small.json", "c")
        check(made["total"] == ALL and made["runs"] == ALL, f"{made}")
        killed = run_and_kill(folder)
        stopped = run_and_stop(folder, killed)
        done = finish(folder, stopped)
        check_share(folder, done)
        check_failures(folder)
        check_screen_of_generate(folder)
        check_refusals(folder)
    print(f"4 tiers; {ALL} runs: {killed['done']} before kill -9, "
          f"{stopped['done']} before SIGTERM, all at the end")


if __name__ == "__main__":
    main()

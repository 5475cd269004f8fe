#!/usr/bin/env python3
"""The JSON Schemas agree with the job files that are shipped and with what
the program refuses. Needs the package jsonschema.

Usage: job_schema.py [VQE_BATCH], VQE_BATCH being the program: then each case
is also given to `vqe_batch --dry-run`, which must agree.
"""
import copy
import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema
import referencing

ROOT = pathlib.Path(__file__).resolve().parents[2]
H2 = {"symbols": ["H", "H"], "coords": [[0, 0, 0], [0, 0, 0.74]]}


def validator(top="job.schema.json"):
    schemas = {name: json.loads((ROOT / "schemas" / name).read_text())
               for name in ("job.schema.json", "molecule.schema.json",
                            "tier.schema.json")}
    resources = [(schema["$id"], referencing.Resource.from_contents(schema))
                 for schema in schemas.values()]
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(
        schemas[top],
        registry=referencing.Registry().with_resources(resources))


GOOD = [
    {},
    {"seed": 0},
    {"seed": [1, 2147483647]},
    {"basis": ["sto-3g", "6-31G"]},
    {"frozen_core": True},
    {"frozen_core": 0},
    {"active_space": {"electrons": 2, "orbitals": 2}},
    {"active_space": None},
    {"active_space": "valence"},
    {"active_space": {"indices": [1, "2"]}},
    {"active_space": {"indices": "1-2", "electrons": 2, "orbitals": 2}},
    {"active_space": {"avas": ["H 1s"]}},
    {"active_space": {"avas": {"shells": ["0 H 1s", "1 H 1s"], "threshold": 0.5}}},
    {"active_space": {"natural": 0.001}},
    {"active_space": {"natural": {"min": 0.001, "max": 1.999}}},
    {"active_space": {"auto": 2}},
    {"active_space": {"auto": {"electrons": 2, "orbitals": 2}}},
    {"symmetry": False},
    {"ansatz": {"name": "EfficientSU2", "reps": 0, "entanglement": "sca"}},
    {"ansatz": ["UCCSD", {"name": "UCCSD", "reps": 2}]},
    {"ansatz": ["k-UpCCGSD", {"name": "k-UpCCGSD", "reps": 3}]},
    {"ansatz": ["LUCJ", {"name": "LUCJ", "entanglement": "heavy-hex"}]},
    {"ansatz": {"name": "UCCSD", "orbital_optimization": True}},
    {"ansatz": [{"name": "UCCSD", "circuits": "gadgets"},
                {"name": "LUCJ", "circuits": "plain"},
                {"name": "ADAPT-VQE", "circuits": "compact"},
                {"name": "EfficientSU2", "circuits": "plain"}]},
    {"ansatz": ["ADAPT-VQE", {"name": "ADAPT-VQE", "pool": "QEB", "reps": 1,
                              "entanglement": None, "gradient_norm": 1e-2,
                              "energy_change": 1e-6, "max_operators": 10,
                              "operators_at_a_time": 2},
                {"name": "ADAPT-VQE", "pool": "SAGSD", "tetris": True},
                {"name": "ADAPT-VQE", "pool": "OVP-CEO"},
                {"name": "ADAPT-VQE", "pool": "MVP-CEO"},
                {"name": "ADAPT-VQE", "pool": "DVG-CEO", "tetris": False}]},
    {"optimizer": {"name": "Adam", "learning_rate": 0.1, "beta1": 0}},
    {"optimizer": {"name": "SPSA", "c": 0.1}, "shots": 10},
    {"optimizer": [{"name": "COBYLA", "initial_step": 0.2}, "CG"]},
    {"optimizer": {"name": "CG", "max_seconds": None, "threshold": -1}},
    {"init": {"strategy": "hf", "noise": 0.1}},
    {"init": ["random", "mp2", {"noise": 0}]},
    {"shots": None},
    {"references": ["hf", "fci"]},
    {"references": []},
    {"device": "cpu", "precision": "double", "output": "x.h5"},
    {"ranks_per_molecule": 2},
    {"warehouse": "tables", "s3": {"endpoint": "http://localhost:3900",
                                   "region": "garage", "scheme": "s3"}},
    {"warehouse": None, "s3": {"virtual_host": True, "etag": "opaque"}},
    {"s3": {"etag": "auto"}},
    {"warehouse": False, "s3": None},
    {"kafka": {"brokers": "localhost:9092", "topic": "t", "spool": "s",
               "properties": {"acks": "all", "linger.ms": 5,
                              "enable.idempotence": True}},
     "registry": {"url": "http://localhost:8081", "ca_file": None}},
    {"kafka": None, "registry": None},
    {"kafka": False, "registry": "http://localhost:8081"},
    {"molecules": [{"schema_name": "qcschema_molecule", "symbols": ["He"],
                    "geometry": [0, 0, 0]}]},
    {"molecules": [{"schema_name": "qcschema_molecule", "schema_version": 3,
                    "symbols": ["He"], "geometry": [[0, 0, 0]],
                    "molecular_multiplicity": 1.0, "real": [True]}]},
    {"molecules": [{"schema_name": "qcschema_input", "schema_version": 1,
                    "model": {"method": "vqe", "basis": "6-31g"},
                    "molecule": {"symbols": ["D", "h"],
                                 "geometry": [0, 0, 0, 0, 0, 1.4]}}]},
    {"restarts": 3, "escape_saddles": True},
    {"restarts": 1, "escape_saddles": None, "penalty": None},
    {"penalty": {"number": 1, "spin": 0.5}, "escape_saddles": False},
    {"penalty": {}},
    {"select": "0", "seed": [1, 2]},
    {"select": ["1,3", "0"], "seed": [1, 2, 3, 4]},
    {"select": ["0-1"], "seed": [1, 2]},
    {"select": None},
    {"scan": None},
    {"follow": True},
    {"follow": False},
    {"scan": {"bond": [0, 1], "values": [0.7, 0.8]}},
    {"scan": [{"bond": [0, 1], "from": 0.7, "to": 0.9, "step": 0.1},
              {"displace": 0.01, "count": 2, "seed": 1}]},
    {"scan": {"bond": [1, 0], "values": [0.7], "moves": [0]}},
]

BAD = [
    {"molecules": []},
    {"molecules": 1},
    {"bassi": "sto-3g"},
    {"kafka": 3},
    {"kafka": {"broker": "localhost:9092"}},
    {"kafka": {"properties": {"acks": []}}},
    {"registry": 3},
    {"seed": -1},
    {"seed": 2147483648},
    {"seed": []},
    {"seed": "1"},
    {"select": 1},
    {"scan": []},
    {"follow": 1},
    {"follow": None},
    {"scan": {"bond": [0, 1]}},
    {"scan": {"bond": [0], "values": [0.7]}},
    {"scan": {"values": [0.7]}},
    {"scan": {"bond": [0, 1], "values": [0.7], "from": 1}},
    {"scan": {"bond": [0, 1], "values": [0.7], "seed": 1}},
    {"scan": {"bond": [0, 1], "from": 0.7, "to": 0.9}},
    {"scan": {"bond": [0, 1], "values": [1e7]}},
    {"scan": {"displace": 0.1}},
    {"scan": {"displace": 0, "count": 1}},
    {"scan": {"displace": 0.1, "count": 1, "moves": [0]}},
    {"select": []},
    {"select": "1-"},
    {"select": "a"},
    {"select": [0]},
    {"basis": 6},
    {"frozen_core": -1},
    {"frozen_core": "true"},
    {"active_space": {"electrons": 2}},
    {"active_space": {"electrons": 2, "orbitals": 0}},
    {"active_space": "sigma"},
    {"active_space": {"indices": []}},
    {"active_space": {"indices": [0]}},
    {"active_space": {"indices": "2-"}},
    {"active_space": {"avas": "H 1s"}},
    {"active_space": {"avas": ["H 1sx"]}},
    {"active_space": {"avas": ["H 1s"], "threshold": 0.5}},
    {"active_space": {"natural": 1.5}},
    {"active_space": {"natural": {}}},
    {"active_space": {"auto": 0}},
    {"active_space": {"auto": {"electrons": 2}}},
    {"symmetry": 1},
    {"ansatz": {"reps": 2}},
    {"ansatz": {"name": "UCCSD", "reps": 0}},
    {"ansatz": {"name": "LUCJ", "entanglement": "full"}},
    {"ansatz": {"name": "LUCJ", "orbital_optimization": 1}},
    {"ansatz": {"name": "UCCSD", "circuits": "short"}},
    {"ansatz": {"name": "UCCSD", "circuits": True}},
    {"ansatz": {"name": "EfficientSU2", "orbital_optimization": True}},
    {"ansatz": {"name": "UCCSD", "entanglement": "full"}},
    {"ansatz": {"name": "UCCSD", "pool": "GSD"}},
    {"ansatz": {"name": "ADAPT-VQE", "reps": 2}},
    {"ansatz": {"name": "ADAPT-VQE", "pool": "SD"}},
    {"ansatz": {"name": "ADAPT-VQE", "gradient_norm": -1}},
    {"ansatz": {"name": "ADAPT-VQE", "max_operators": 0}},
    {"ansatz": {"name": "ADAPT-VQE", "operators": 4}},
    {"ansatz": {"name": "EfficientSU2", "rep": 2}},
    {"ansatz": "UCSD"},
    {"optimizer": "COBLYA"},
    {"optimizer": {"name": "CG", "initial_step": 1}},
    {"optimizer": {"name": "CG", "max_evaluations": 0}},
    {"optimizer": {"name": "CG", "max_seconds": 0}},
    {"optimizer": {"name": "Adam", "beta1": 1}},
    {"optimizer": {"name": "CG", "gtol": -1}},
    {"init": "uniform"},
    {"init": {"strategy": "hf", "noise": -1}},
    {"init": {"file": "a", "strategy": "hf"}},
    {"shots": 0},
    {"references": "fci"},
    {"references": ["ccsd"]},
    {"device": "gpu"},
    {"precision": "half"},
    {"output": ""},
    {"ranks_per_molecule": 0},
    {"ranks_per_molecule": 1.5},
    {"warehouse": 1},
    {"warehouse": ""},
    {"warehouse": True},
    {"s3": "http://localhost:3900"},
    {"s3": {"endpiont": "x"}},
    {"s3": {"scheme": "http"}},
    {"s3": {"virtual_host": "yes"}},
    {"s3": {"etag": "md5"}},
    {"s3": {"etag": False}},
    {"restarts": 0},
    {"restarts": 1.5},
    {"escape_saddles": 1},
    {"penalty": 1},
    {"penalty": {"number": -1}},
    {"penalty": {"s2": 1}},
    {"molecules": [{**H2, "mult": 3}]},
    {"molecules": [{"schema_name": "qcschema_molecule", "symbols": ["He"],
                    "geometry": [[0, 0]]}]},
    {"molecules": [{"schema_name": "qcschema_molecule", "symbols": ["He"],
                    "geometry": [0, 0, 0], "real": [False]}]},
    {"molecules": [{"schema_name": "qcschema_molecule", "schema_version": 4,
                    "symbols": ["He"], "geometry": [0, 0, 0]}]},
    {"molecules": [{"schema_name": "qcschema_input"}]},
]


LANE = {"name": "a"}
GOOD_TIERS = [
    {},
    {"seed": [1, 2]},
    {"name": "mine-1", "description": "of mine", "cost_limit": 10},
    {"cost_limit": None, "priority": [], "lanes": [], "restrict": []},
    {"priority": [{"max_qubits": 4}, {"init": "mp2", "optimizer": ["l-bfgs-b"]}]},
    {"lanes": [{**LANE, "device": "cuda", "partition": "gpu", "memory_gb": 80,
                "min_qubits": 20}, {"name": "b"}]},
    {"restrict": [{"basis": "sto-3g", "only": {"seed": "1"}}]},
]
BAD_TIERS = [
    {"seed": "a"},
    {"output": "x.h5"},
    {"select": "1"},
    {"name": "a b"},
    {"cost_limit": 0},
    {"priority": {"max_qubits": 4}},
    {"priority": [{"qubits": 4}]},
    {"priority": [{"max_qubits": -1}]},
    {"priority": [{"molecules": []}]},
    {"lanes": [{}]},
    {"lanes": [{"name": "a-b"}]},
    {"lanes": [{**LANE, "memory_gb": 0}]},
    {"lanes": [{**LANE, "partition": ""}]},
    {"lanes": [{**LANE, "node": "x"}]},
    {"restrict": [{"basis": "sto-3g"}]},
    {"restrict": [{"only": {"basis": 3}}]},
]


def program_generates(program, tier):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "tier.json"
        path.write_text(json.dumps(tier))
        done = subprocess.run(
            [program, "generate", str(path), "-o", folder + "/out"],
            capture_output=True, check=False, timeout=60)
        parts = [json.loads(part.read_text())
                 for part in sorted(path.parent.glob("out/part-*.json"))]
    return done.returncode == 0, parts


def check_tiers(program):
    """Number of cases in which schema, program and expectation differ; the
    jobs that are made are valid by the schema of jobs."""
    check, jobs = validator("tier.schema.json"), validator()
    wrong = 0
    for path in sorted((ROOT / "jobs" / "tiers").glob("*.json")):
        for error in check.iter_errors(json.loads(path.read_text())):
            print(f"{path}: {error.message}")
            wrong += 1
        if program:
            made, parts = program_generates(program, json.loads(path.read_text()))
            bad = [part for part in parts if not jobs.is_valid(part)]
            if not made or not parts or bad:
                print(f"{path}: {len(parts)} jobs, {len(bad)} of them not valid")
                wrong += 1
    for expected, cases in ((True, GOOD_TIERS), (False, BAD_TIERS)):
        for case in cases:
            tier = {"molecules": [copy.deepcopy(H2)], "seed": "1-2", **case}
            if check.is_valid(tier) != expected:
                print(f"schema: {tier}: not {expected}")
                wrong += 1
            if program and program_generates(program, tier)[0] != expected:
                print(f"program: {tier}: not {expected}")
                wrong += 1
    return wrong


def program_accepts(program, job):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as stream:
        json.dump(job, stream)
        stream.flush()
        done = subprocess.run([program, stream.name, "--dry-run"],
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, check=False, timeout=60)
    return done.returncode == 0


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else None
    check = validator()
    wrong = 0
    shipped = [path for folder in ("jobs", "jobs/examples")
               for path in sorted((ROOT / folder).glob("*.json"))
               if "molecules" in json.loads(path.read_text())]
    for path in shipped:
        for error in check.iter_errors(json.loads(path.read_text())):
            print(f"{path}: {error.message}")
            wrong += 1
    for expected, cases in ((True, GOOD), (False, BAD)):
        for case in cases:
            job = {"molecules": [copy.deepcopy(H2)], **case}
            if check.is_valid(job) != expected:
                print(f"schema: {job}: not {expected}")
                wrong += 1
            if program and program_accepts(program, job) != expected:
                print(f"program: {job}: not {expected}")
                wrong += 1
    if check.is_valid({"basis": "sto-3g"}):
        print("schema: a job without molecules passes")
        wrong += 1
    wrong += check_tiers(program)
    print(f"{len(shipped)} files, {len(GOOD)} good and {len(BAD)} bad cases, "
          f"{wrong} wrong")
    return 1 if wrong or not shipped else 0


if __name__ == "__main__":
    sys.exit(main())

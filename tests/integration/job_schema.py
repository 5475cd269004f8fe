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


def validator():
    schemas = {name: json.loads((ROOT / "schemas" / name).read_text())
               for name in ("job.schema.json", "molecule.schema.json")}
    resources = [(schema["$id"], referencing.Resource.from_contents(schema))
                 for schema in schemas.values()]
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(
        schemas["job.schema.json"],
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
    {"symmetry": False},
    {"ansatz": {"name": "EfficientSU2", "reps": 0, "entanglement": "sca"}},
    {"ansatz": ["UCCSD", {"name": "UCCSD", "reps": 2}]},
    {"ansatz": ["k-UpCCGSD", {"name": "k-UpCCGSD", "reps": 3}]},
    {"ansatz": ["LUCJ", {"name": "LUCJ", "entanglement": "heavy-hex"}]},
    {"ansatz": {"name": "UCCSD", "orbital_optimization": True}},
    {"ansatz": ["ADAPT-VQE", {"name": "ADAPT-VQE", "pool": "QEB", "reps": 1,
                              "entanglement": None, "gradient_norm": 1e-2,
                              "energy_change": 1e-6, "max_operators": 10,
                              "operators_at_a_time": 2}]},
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
    {"basis": 6},
    {"frozen_core": -1},
    {"frozen_core": "true"},
    {"active_space": {"electrons": 2}},
    {"active_space": {"electrons": 2, "orbitals": 0}},
    {"symmetry": 1},
    {"ansatz": {"reps": 2}},
    {"ansatz": {"name": "UCCSD", "reps": 0}},
    {"ansatz": {"name": "LUCJ", "entanglement": "full"}},
    {"ansatz": {"name": "LUCJ", "orbital_optimization": 1}},
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
    shipped = [path for path in sorted((ROOT / "jobs").glob("*.json"))
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
    print(f"{len(shipped)} files, {len(GOOD)} good and {len(BAD)} bad cases, "
          f"{wrong} wrong")
    return 1 if wrong or not shipped else 0


if __name__ == "__main__":
    sys.exit(main())

"""Write other_producer.avro and other_producer.json: records as another
producer makes them, with the contract's schema but without our additions.

Needs fastavro. The files are committed; run again only to change them."""

import json
import pathlib

import fastavro

here = pathlib.Path(__file__).parent
schema = json.loads(
    (here / "../../schemas/avro/experiment.vqe.avsc").read_text())
additions = {"experiment_id", "references", "provenance"}
schema["fields"] = [f for f in schema["fields"] if f["name"] not in additions]


def iteration(n, energy):
    return {
        "iteration": n, "parameters": [0.1 * n, -3.0], "result": energy,
        "std": 0.0,
        "energy_delta": None if n == 1 else -0.25,
        "parameter_delta_norm": None if n == 1 else 0.1,
        "cumulative_min_energy": energy,
    }


record = {
    "vqe_result": {
        "initial_data": {
            "backend": "aer_simulator_statevector", "num_qubits": 4,
            "hamiltonian": [
                {"label": "IIII",
                 "coefficients": {"real": -0.81, "imaginary": 0.0}},
                {"label": "IIXY",
                 "coefficients": {"real": 3.0, "imaginary": 0.0}}],
            "num_parameters": 2, "initial_parameters": [0.0, 3.0],
            "optimizer": "COBYLA",
            "ansatz": "OPENQASM 3.0;\ninput float θ;\n",
            "noise_backend": "undef", "default_shots": 1024,
            "ansatz_reps": 2, "init_strategy": "random", "seed": None,
            "ansatz_name": None, "exact_estimator": False},
        "iteration_list": [iteration(1, -1.0), iteration(2, -1.25)],
        "minimum": -1.25, "optimal_parameters": [0.2, -3.0], "maxcv": 0.0,
        "minimization_time": 2.0, "nuclear_repulsion_energy": 0.72,
        "success": True, "nfev": 2, "nit": None},
    "molecule": {"molecule_data": {
        "symbols": ["H", "H"], "coords": [[0.0, 0.0, 0.0], [0.0, 0.0, 0.735]],
        "multiplicity": 1, "charge": 0, "units": "angstrom", "masses": None}},
    "basis_set": "sto3g", "hamiltonian_time": 1.0, "mapping_time": 0.5,
    "vqe_time": 2.0, "total_time": 3.5, "molecule_id": 7,
    "performance_start": None, "performance_end": "{\"cpu\": 1}",
}

with open(here / "other_producer.avro", "wb") as out:
    fastavro.writer(out, fastavro.parse_schema(schema), [record, record],
                    codec="deflate")


def whole(value):
    """Doubles as Redpanda Connect writes them: no point where none is due."""
    if isinstance(value, float) and value == int(value):
        return int(value)
    if isinstance(value, dict):
        return {k: whole(v) for k, v in value.items()}
    if isinstance(value, list):
        return [whole(v) for v in value]
    return value


(here / "other_producer.json").write_text(
    json.dumps(whole(record), ensure_ascii=False) + "\n", encoding="utf-8")

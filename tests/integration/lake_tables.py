#!/usr/bin/env python3
"""The thirteen tables as PyIceberg reads them, every column of every row against
values worked out in plain Python from the HDF5 result; then incremental runs.

VQE_BATCH and VQE_LAKE name the programs.
"""

import datetime
import fcntl
import json
import math
import os
import re
import statistics
import sys
import time

import harness
from harness import check

h5py = harness.h5py_or_skip()
try:
    import lake_readers as readers
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(harness.SKIPPED)

from lake_readers import BAD, KEYS, NORMALISED, TABLES, Local, lake

STAMPS = "processing_timestamp processing_date processing_batch_id processing_name"
CONTEXT = (
    "molecule_name:string num_atoms:int num_qubits:int charge:int "
    "multiplicity:int basis_set:string optimizer:string ansatz_type:string "
    "ansatz_reps:int init_strategy:string seed:int default_shots:int"
)
RUN = (
    "processing_timestamp:timestamptz processing_date:date "
    "processing_batch_id:string processing_name:string"
)
WORTH = (
    "molecule_label",
    "num_parameters",
    "n_expectation",
    "s2",
    "state_ok",
    "within_chemical_accuracy",
    "energy_std",
)
# what the circuit costs on a machine
CIRCUIT = (
    "one_qubit_gates",
    "two_qubit_gates",
    "depth",
    "two_qubit_depth",
    "t_count",
    "measurement_groups",
    "chemical_accuracy_shots",
)
# the contract's columns, order and types
COLUMNS = {
    "molecules": "experiment_id:string molecule_id:int atom_symbols:list<string> "
    "molecule_name:string coordinates:list<list<double>> multiplicity:int "
    f"charge:int coordinate_units:string atomic_masses:list<double> {RUN} "
    "molecule_label:string",
    "ansatz_info": "experiment_id:string molecule_id:int basis_set:string "
    "ansatz:string ansatz_reps:int ansatz_name:string init_strategy:string "
    f"{RUN} num_parameters:long one_qubit_gates:long two_qubit_gates:long "
    "depth:long two_qubit_depth:long t_count:long measurement_groups:long "
    "chemical_accuracy_shots:long",
    "performance_metrics": "experiment_id:string molecule_id:int "
    "basis_set:string hamiltonian_time:double mapping_time:double "
    "vqe_time:double total_time:double minimization_time:double "
    f"computed_total_time:double {RUN}",
    "vqe_results": "experiment_id:string molecule_id:int basis_set:string "
    "backend:string num_qubits:int optimizer:string noise_backend:string "
    "default_shots:int ansatz_reps:int ansatz_name:string init_strategy:string "
    "seed:int minimum_energy:double maxcv:double "
    "nuclear_repulsion_energy:double success:boolean nfev:int nit:int "
    f"total_iterations:int {RUN} hf_energy:double mp2_energy:double "
    "fci_energy:double reference_method:string code_version:string "
    "device:string molecule_label:string num_parameters:int "
    "n_expectation:double s2:double state_ok:boolean energy_std:double "
    "energy_exact:double within_chemical_accuracy:boolean notes:list<string> "
    "scan:list<double>",
    "initial_parameters": "experiment_id:string molecule_id:int "
    "basis_set:string backend:string num_qubits:int "
    f"initial_parameter_value:double {RUN} parameter_index:int "
    "parameter_id:string",
    "optimal_parameters": "experiment_id:string molecule_id:int "
    "basis_set:string backend:string num_qubits:int "
    f"optimal_parameter_value:double {RUN} parameter_index:int "
    "parameter_id:string",
    "vqe_iterations": "experiment_id:string molecule_id:int basis_set:string "
    "backend:string num_qubits:int iteration_step:int iteration_energy:double "
    "energy_std_dev:double energy_delta:double parameter_delta_norm:double "
    f"cumulative_min_energy:double {RUN} iteration_id:string gradient_norm:double",
    "iteration_parameters": "experiment_id:string molecule_id:int "
    "basis_set:string backend:string num_qubits:int iteration_step:int "
    f"parameter_index:int parameter_value:double {RUN} iteration_id:string "
    "parameter_id:string",
    "hamiltonian_terms": "experiment_id:string molecule_id:int basis_set:string "
    f"backend:string term_label:string coeff_real:double coeff_imag:double {RUN} "
    "term_index:int term_id:string",
    "molecular_properties": "experiment_id:string molecule_id:int basis_set:string "
    "backend:string property:string index_1:int index_2:int value:double "
    f"{RUN} property_id:string",
    "processing_metadata": "processing_batch_id:string processing_name:string "
    "processing_timestamp:timestamptz processing_date:date "
    "table_names:list<string> table_versions:list<string> "
    "record_counts:list<long> source_data_info:string",
    "ml_iteration_features": "experiment_id:string iteration_step:int "
    f"{CONTEXT} energy:double energy_std:double energy_delta:double "
    "parameter_delta_norm:double cumulative_min_energy:double "
    "relative_iteration:double energy_improvement_rate:double "
    "normalized_energy:double is_new_minimum:boolean "
    "steps_since_improvement:int energy_moving_avg_5:double "
    "energy_moving_std_5:double mean_param_change:double total_iterations:int "
    "final_energy:double converged:boolean convergence_iteration:int "
    "vqe_time:double total_time:double processing_date:date",
    "ml_run_summary": f"experiment_id:string {CONTEXT} total_iterations:int "
    "final_energy:double converged:boolean convergence_iteration:int "
    "vqe_time:double total_time:double mean_energy_delta:double "
    "std_energy_delta:double min_energy:double max_energy:double "
    "energy_range:double mean_param_delta_norm:double "
    "std_param_delta_norm:double total_param_distance:double "
    "num_new_minima:long longest_plateau:int improvement_ratio:double "
    "processing_date:date first_10_mean_energy:double "
    "first_10_energy_slope:double last_10_mean_energy:double "
    "time_per_iteration:double total_energy:double hf_energy:double "
    "fci_energy:double error_to_fci:double correlation_recovered:double "
    "molecule_label:string num_parameters:int n_expectation:double s2:double "
    "state_ok:boolean within_chemical_accuracy:boolean energy_std:double "
    "two_qubit_gates:long",
}
PARTITIONS = {
    "molecules": ["processing_date"],
    "ansatz_info": ["processing_date", "basis_set"],
    "performance_metrics": ["processing_date", "basis_set"],
    "vqe_results": ["processing_date", "basis_set", "backend"],
    "initial_parameters": ["processing_date", "basis_set"],
    "optimal_parameters": ["processing_date", "basis_set"],
    "vqe_iterations": ["processing_date", "basis_set", "backend"],
    "iteration_parameters": ["processing_date", "basis_set"],
    "hamiltonian_terms": ["processing_date", "basis_set", "backend"],
    "molecular_properties": ["processing_date", "basis_set", "backend"],
    "processing_metadata": [],
    "ml_iteration_features": ["processing_date"],
    "ml_run_summary": ["processing_date", "basis_set"],
}


# of the properties that the result file holds, those that records do not
UNRECORDED = {"rdm1_ao_alpha", "rdm1_ao_beta", "natural_orbitals", "rdm2"}


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def number(value):
    """A double as tables hold it: null where it is not finite."""
    value = float(value)
    return value if math.isfinite(value) else None


# ---- what the tables should hold ----


def records_of(path):
    """The finished experiments of a result file."""
    found = []
    with h5py.File(path) as file:
        for k, result in enumerate(file["results"][:]):
            if int(result["status"]) == 1:
                continue
            found.append(
                (
                    {n: result[n] for n in result.dtype.names},
                    {n: v for n, v in zip(file["settings"].dtype.names, file["settings"][k])},
                    {n: v for n, v in zip(file["molecules"].dtype.names, file["molecules"][k])},
                    {
                        name: data[:]
                        if isinstance(data, h5py.Dataset)
                        else {inner: values[:] for inner, values in data.items()}
                        for name, data in file["experiments"][f"{k:06d}"].items()
                    },
                )
            )
    return found



def worth(result):
    """state_ok and within_chemical_accuracy by the contract's rules."""
    spin = (int(result["num_alpha"]) - int(result["num_beta"])) / 2
    electrons = int(result["num_alpha"]) + int(result["num_beta"])
    ok = (
        abs(float(result["n_expectation"]) - electrons) <= 1e-3
        and abs(float(result["s2_expectation"]) - spin * (spin + 1)) <= 1e-3
    )
    total = float(result["minimum"]) + float(result["nuclear_repulsion_energy"])
    fci = number(result["fci_energy"])
    return ok, None if fci is None else ok and abs(total - fci) <= 1.6e-3


def normalised_rows(record):
    """The rows of one experiment in each of the ten tables, without the four
    processing columns."""
    result, settings, molecule, arrays = record
    eid = text(settings["experiment_id"])
    base = {
        "experiment_id": eid,
        "molecule_id": int(settings["molecule_id"]),
        "basis_set": text(settings["basis_set"]),
    }
    run = {
        **base,
        "backend": text(result["backend"]),
        "num_qubits": int(result["num_qubits"]),
    }
    geometry = arrays["geometry"]
    symbols = [text(a["symbol"]) for a in geometry]
    shots = int(settings["default_shots"])
    steps = arrays["evaluations"]
    parameters = arrays.get("parameters")
    hamiltonian_time = float(
        result["integrals_time"] + result["scf_time"] + result["transform_time"]
    )
    mapping_time = float(result["mapping_time"])
    vqe_time = float(result["vqe_time"])
    nit = int(result["nit"])
    label = text(settings["name"])
    state_ok, accurate = worth(result)
    rows = {
        "molecules": [
            {
                "experiment_id": eid,
                "molecule_id": base["molecule_id"],
                "atom_symbols": symbols,
                "molecule_name": "".join(symbols),
                "coordinates": [[float(a[c]) for c in "xyz"] for a in geometry],
                "multiplicity": int(molecule["multiplicity"]),
                "charge": int(molecule["charge"]),
                "coordinate_units": text(molecule["units"]),
                "atomic_masses": [float(a["mass"]) for a in geometry]
                if molecule["has_masses"]
                else None,
                "molecule_label": label,
            }
        ],
        "ansatz_info": [
            {
                **base,
                "ansatz": text(arrays["ansatz"][0]),
                "ansatz_reps": int(settings["ansatz_reps"]),
                "ansatz_name": text(settings["ansatz_name"]),
                "init_strategy": text(settings["init_strategy"]),
                "num_parameters": int(result["num_parameters"]),
                **{key: int(result[key]) for key in CIRCUIT},
            }
        ],
        "performance_metrics": [
            {
                **base,
                "hamiltonian_time": hamiltonian_time,
                "mapping_time": mapping_time,
                "vqe_time": vqe_time,
                "total_time": float(result["total_time"]),
                "minimization_time": vqe_time,
                "computed_total_time": hamiltonian_time + mapping_time + vqe_time,
            }
        ],
        "vqe_results": [
            {
                **run,
                "optimizer": text(settings["optimizer"]),
                "noise_backend": "undef",
                "default_shots": shots if shots > 0 else None,
                "ansatz_reps": int(settings["ansatz_reps"]),
                "ansatz_name": text(settings["ansatz_name"]),
                "init_strategy": text(settings["init_strategy"]),
                "seed": int(settings["seed"]),
                "minimum_energy": number(result["minimum"]),
                "maxcv": number(result["maxcv"]),
                "nuclear_repulsion_energy": number(result["nuclear_repulsion_energy"]),
                "success": bool(result["success"]),
                "nfev": int(result["nfev"]),
                "nit": nit if nit >= 0 else None,
                "total_iterations": len(steps),
                "hf_energy": number(result["hf_energy"]),
                "mp2_energy": number(result["mp2_energy"]),
                "fci_energy": number(result["fci_energy"]),
                "reference_method": text(result["reference_method"]),
                "code_version": text(result["code_version"]),
                "device": text(result["device_name"]),
                "molecule_label": label,
                "num_parameters": int(result["num_parameters"]),
                "n_expectation": number(result["n_expectation"]),
                "s2": number(result["s2_expectation"]),
                "state_ok": state_ok,
                "energy_std": number(result["energy_std"]),
                "energy_exact": number(result["energy_exact"]),
                "within_chemical_accuracy": accurate,
                "notes": [
                    line.split(": ", 1)[0]
                    for line in text(result["notes"]).split("\n")
                    if line
                ],
                "scan": [],
            }
        ],
        "initial_parameters": [],
        "optimal_parameters": [],
        "vqe_iterations": [],
        "iteration_parameters": [],
        "hamiltonian_terms": [],
        "molecular_properties": [],
    }
    for kind, short in (("initial", "init"), ("optimal", "opt")):
        for k, value in enumerate(arrays[f"{kind}_parameters"]):
            rows[f"{kind}_parameters"].append(
                {
                    **run,
                    f"{kind}_parameter_value": number(value),
                    "parameter_index": k,
                    "parameter_id": f"{eid}_{short}_{k}",
                }
            )
    for k, step in enumerate(steps):
        n = int(step["iteration"])
        rows["vqe_iterations"].append(
            {
                **run,
                "iteration_step": n,
                "iteration_energy": number(step["energy"]),
                "energy_std_dev": number(step["std"]),
                "energy_delta": number(step["energy_delta"]),
                "parameter_delta_norm": number(step["parameter_delta_norm"]),
                "cumulative_min_energy": number(step["cumulative_min_energy"]),
                "iteration_id": f"{eid}_iter_{n}",
                "gradient_norm": number(step["gradient_norm"]),
            }
        )
        for index, value in enumerate(parameters[k]):
            rows["iteration_parameters"].append(
                {
                    **run,
                    "iteration_step": n,
                    "parameter_index": index,
                    "parameter_value": number(value),
                    "iteration_id": f"{eid}_iter_{n}",
                    "parameter_id": f"{eid}_iter_{n}_param_{index}",
                }
            )
    for k, term in enumerate(arrays["hamiltonian"]):
        row = {
            **run,
            "term_label": text(term["label"]),
            "coeff_real": number(term["coefficient"]),
            "coeff_imag": 0.0,
            "term_index": k,
            "term_id": f"{eid}_term_{k}",
        }
        del row["num_qubits"]
        rows["hamiltonian_terms"].append(row)
    for name, values in arrays.get("properties", {}).items():
        if name in UNRECORDED:
            continue
        for k, value in enumerate(values.ravel()):
            matrix = values.ndim == 2
            row = {
                **run,
                "property": name,
                "index_1": k // values.shape[1] if matrix else k,
                "index_2": k % values.shape[1] if matrix else None,
                "value": float(value),
                "property_id": f"{eid}_{name}_{k}",
            }
            del row["num_qubits"]
            rows["molecular_properties"].append(row)
    return rows


def mean(values):
    return math.fsum(values) / len(values) if values else None


def deviation(values):
    return statistics.stdev(values) if len(values) > 1 else None


def slope(points):
    x = mean([p[0] for p in points])
    y = mean([p[1] for p in points])
    above = math.fsum((p[0] - x) * (p[1] - y) for p in points)
    below = math.fsum((p[0] - x) ** 2 for p in points)
    return above / below if below > 0 else None


def feature_rows(rows):
    """Section 5 of the contract for one experiment."""
    molecule = rows["molecules"][0]
    ansatz = rows["ansatz_info"][0]
    result = rows["vqe_results"][0]
    times = rows["performance_metrics"][0]
    steps = rows["vqe_iterations"]
    total = result["total_iterations"]
    context = {
        "molecule_name": molecule["molecule_name"],
        "num_atoms": len(molecule["atom_symbols"]),
        "num_qubits": result["num_qubits"],
        "charge": molecule["charge"],
        "multiplicity": molecule["multiplicity"],
        "basis_set": result["basis_set"],
        "optimizer": result["optimizer"],
        "ansatz_type": ansatz["ansatz_name"],
        "ansatz_reps": ansatz["ansatz_reps"],
        "init_strategy": ansatz["init_strategy"],
        "seed": result["seed"],
        "default_shots": result["default_shots"],
    }
    ending = {
        "total_iterations": total,
        "final_energy": result["minimum_energy"],
        "converged": result["success"],
        "convergence_iteration": None,
        "vqe_time": times["vqe_time"],
        "total_time": times["total_time"],
    }
    energies = [s["iteration_energy"] for s in steps]
    features = []
    least = math.inf
    previous = None
    plateau = 0
    distance = []
    for k, step in enumerate(steps):
        n = step["iteration_step"]
        least = min(least, energies[k])
        c = step["cumulative_min_energy"]
        c = least if c is None else c
        new = k == 0 or c < previous
        plateau = 0 if new else plateau + 1
        if new:
            ending["convergence_iteration"] = n
        if k > 0 and step["parameter_delta_norm"] is not None:
            distance.append(step["parameter_delta_norm"])
        window = energies[max(0, k - 4) : k + 1]
        features.append(
            {
                "experiment_id": result["experiment_id"],
                "iteration_step": n,
                **context,
                "energy": energies[k],
                "energy_std": step["energy_std_dev"],
                "energy_delta": step["energy_delta"] if k > 0 else None,
                "parameter_delta_norm": step["parameter_delta_norm"]
                if k > 0
                else None,
                "cumulative_min_energy": step["cumulative_min_energy"],
                "relative_iteration": n / total,
                "energy_improvement_rate": (energies[0] - c) / n,
                "normalized_energy": 0.0 if c == 0 else (energies[k] - c) / abs(c),
                "is_new_minimum": new,
                "steps_since_improvement": plateau,
                "energy_moving_avg_5": mean(window),
                "energy_moving_std_5": deviation(window),
                "mean_param_change": mean(distance),
            }
        )
        previous = c
    for feature in features:
        feature.update(ending)
    deltas = [f["energy_delta"] for f in features if f["energy_delta"] is not None]
    minima = sum(f["is_new_minimum"] for f in features)
    total_energy = result["minimum_energy"] + result["nuclear_repulsion_energy"]
    hf, fci = result["hf_energy"], result["fci_energy"]
    summary = {
        "experiment_id": result["experiment_id"],
        **context,
        **ending,
        "mean_energy_delta": mean(deltas),
        "std_energy_delta": deviation(deltas),
        "min_energy": min(energies),
        "max_energy": max(energies),
        "energy_range": max(energies) - min(energies),
        "mean_param_delta_norm": mean(distance),
        "std_param_delta_norm": deviation(distance),
        "total_param_distance": math.fsum(distance) if distance else None,
        "num_new_minima": minima,
        "longest_plateau": max(f["steps_since_improvement"] for f in features),
        "improvement_ratio": minima / total,
        "first_10_mean_energy": mean(energies[:10]),
        "first_10_energy_slope": slope(
            [(s["iteration_step"], s["iteration_energy"]) for s in steps[:10]]
        ),
        "last_10_mean_energy": mean(energies[-10:]),
        "time_per_iteration": times["vqe_time"] / total,
        "total_energy": total_energy,
        "hf_energy": hf,
        "fci_energy": fci,
        "error_to_fci": total_energy - fci if fci is not None else None,
        "correlation_recovered": (hf - total_energy) / (hf - fci)
        if fci is not None and hf != fci
        else None,
        "two_qubit_gates": ansatz["two_qubit_gates"],
        **{key: result[key] for key in WORTH},
    }
    return features, summary


# ---- what they do hold ----


def open_table(warehouse, name):
    local = Local(warehouse)
    later = os.path.join(
        warehouse,
        "quantum_features",
        name,
        "metadata",
        f"v{local.version(name) + 1}.metadata.json",
    )
    check(not os.path.exists(later), f"{name}: the hint is old")
    return local.table(name)


def read_table(warehouse, name):
    return open_table(warehouse, name).scan().to_arrow().to_pylist()


def check_schema(warehouse, name):
    table = open_table(warehouse, name)
    wanted = COLUMNS[name].split()
    fields = table.schema().fields
    found = [f"{f.name}:{f.field_type}".replace(" ", "") for f in fields]
    check(found == wanted, f"{name}: columns {found}, not {wanted}")
    ids = [f.field_id for f in fields]
    check(ids == list(range(1, len(fields) + 1)), f"{name}: field ids {ids}")
    check(not any(f.required for f in fields), f"{name}: a required column")
    spec = [table.schema().find_field(f.source_id).name for f in table.spec().fields]
    check(spec == PARTITIONS[name], f"{name}: partitioned by {spec}")
    check(
        all(str(f.transform) == "identity" for f in table.spec().fields),
        f"{name}: transforms",
    )
    properties = table.metadata.properties
    check(
        properties.get("write.parquet.compression-codec") == "zstd"
        and properties.get("comment"),
        f"{name}: properties {properties}",
    )


def same(found, wanted):
    if isinstance(wanted, float) and isinstance(found, float):
        # sums are taken in another order
        return found == wanted or math.isclose(
            found, wanted, rel_tol=1e-11, abs_tol=1e-14
        )
    return type(found) is type(wanted) and found == wanted


def compare(name, found, wanted):
    keys = KEYS[name]
    check(
        len(found) == len(wanted), f"{name}: {len(found)} rows, not {len(wanted)}"
    )
    index = {tuple(row[k] for k in keys): row for row in found}
    check(len(index) == len(found), f"{name}: a key twice")
    for row in wanted:
        key = tuple(row[k] for k in keys)
        check(key in index, f"{name}: no row {key}")
        there = index[key]
        check(set(there) == set(row), f"{name}: columns {set(there) ^ set(row)}")
        for column, value in row.items():
            check(
                same(there[column], value),
                f"{name} {key}: {column} is {there[column]!r}, not {value!r}",
            )


def check_predicates(warehouse, name, rows):
    """A predicate on every column finds what it should: bounds and counts of
    the manifests are right."""
    table = open_table(warehouse, name)
    for field in table.schema().fields:
        if str(field.field_type).startswith("list"):
            continue
        values = [r[field.name] for r in rows]
        given = sorted({v for v in values if v is not None})
        nulls = sum(v is None for v in values)
        found = table.scan(f"{field.name} is null").to_arrow().num_rows
        check(found == nulls, f"{name}: {field.name} is null: {found}, not {nulls}")
        for value in (given[0], given[-1]) if given else ():
            if isinstance(value, str):
                literal = "'" + value.replace("'", "''") + "'"
                if len(value) > 1000 or "\n" in value:
                    continue
            elif isinstance(value, (datetime.datetime, datetime.date)):
                literal = f"'{value.isoformat()}'"
            elif isinstance(value, float):
                literal = f"{value:.17f}" if abs(value) > 1e-5 else None
            else:
                literal = str(value)
            if literal is None or (
                isinstance(value, float) and float(literal) != value
            ):
                continue
            wanted = sum(v == value for v in values)
            found = table.scan(f"{field.name} = {literal}").to_arrow().num_rows
            check(
                found == wanted,
                f"{name}: {field.name} = {literal}: {found}, not {wanted}",
            )


def check_warehouse(warehouse, files, metadata_rows):
    """Every row of every table: the experiments of the result files, each once,
    the first of each id; in the runs that processing_metadata tells of."""
    seen = {}
    for path in files:
        for record in records_of(path):
            seen.setdefault(text(record[1]["experiment_id"]), record)
    stamps = {}
    metadata = read_table(warehouse, "processing_metadata")
    check(
        len(metadata) == metadata_rows,
        f"processing_metadata: {len(metadata)} rows, not {metadata_rows}",
    )
    for row in metadata:
        stamps[row["processing_batch_id"]] = {k: row[k] for k in STAMPS.split()}
        check(row["processing_name"] == "quantum_base_processing", "name")
        check(row["table_names"] == NORMALISED, f"names: {row['table_names']}")
        check(
            re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
                         row["processing_batch_id"]) is not None,
            f"batch id {row['processing_batch_id']}",
        )
        check(
            row["processing_timestamp"].astimezone(datetime.timezone.utc).date()
            == row["processing_date"],
            "processing_date is not the timestamp's",
        )
        json.loads(row["source_data_info"])
    wanted = {name: [] for name in TABLES}
    batch_of = {
        row["experiment_id"]: row["processing_batch_id"]
        for row in read_table(warehouse, "vqe_results")
    }
    counts = {}
    for eid, record in seen.items():
        check(eid in batch_of, f"experiment {eid} is in no table")
        stamp = stamps[batch_of[eid]]
        rows = normalised_rows(record)
        features, summary = feature_rows(rows)
        for name in NORMALISED:
            for row in rows[name]:
                wanted[name].append({**row, **stamp})
            key = (batch_of[eid], name)
            counts[key] = counts.get(key, 0) + len(rows[name])
        day = {"processing_date": stamp["processing_date"]}
        wanted["ml_iteration_features"] += [{**f, **day} for f in features]
        wanted["ml_run_summary"].append({**summary, **day})
    for name in TABLES:
        check_schema(warehouse, name)
        found = read_table(warehouse, name)
        if name != "processing_metadata":
            compare(name, found, wanted[name])
        check_predicates(warehouse, name, found)
    for row in metadata:
        for name, version, count in zip(
            row["table_names"], row["table_versions"], row["record_counts"]
        ):
            batch = row["processing_batch_id"]
            check(
                count == counts.get((batch, name), 0),
                f"{name}: {count} rows recorded for {batch}, not "
                f"{counts.get((batch, name), 0)}",
            )
            refs = open_table(warehouse, name).metadata.refs
            tags = [
                tag
                for tag in (
                    f"v_{batch.replace('-', '')}",
                    f"v_incr_{batch.replace('-', '')}",
                )
                if tag in refs
            ]
            check(
                [version] == (tags or ["no_changes"]),
                f"{name}: version {version}, tags {tags}",
            )
    return seen


def snapshots(warehouse):
    return readers.snapshots(Local(warehouse))


LI_H = {**harness.LIH, "masses": [7.016, 1.008]}

with harness.Folder() as folder:
    folder.write(
        "job.json",
        {
            "molecules": [harness.H2, LI_H, BAD],
            "properties": True,
            "ansatz": ["UCCSD", {"name": "EfficientSU2", "reps": 1}],
            "optimizer": [
                {"name": "L-BFGS-B", "max_evaluations": 30},
                {"name": "COBYLA", "max_evaluations": 25},
            ],
            "references": ["hf", "fci"],
            "seed": 3,
        },
    )
    folder.run("job.json", ranks=2, status=1)
    warehouse = folder.file("job.warehouse")
    seen = check_warehouse(warehouse, [folder.file("job.h5")], 1)
    check(len(seen) == 8, f"{len(seen)} experiments, not 8")
    before = snapshots(warehouse)
    lake("normalize", folder.file("job.h5"))
    lake("featurize", warehouse)
    folder.run("job.json", status=1)
    check(snapshots(warehouse) == before, "a run that adds nothing made a snapshot")

    response = json.loads(
        lake(
            "query",
            "SELECT s.experiment_id, s.total_energy, r.minimum_energy FROM "
            "ml_run_summary s JOIN vqe_results r USING (experiment_id)",
            "--warehouse",
            warehouse,
            "--format",
            "json",
        ).stdout
    )
    check({a["experiment_id"] for a in response} == set(seen), "query")

    # the queries of the documentation
    documented = []
    for name in ("README.md", "doc/tables.md"):
        with open(os.path.join(harness.ROOT, name), encoding="utf-8") as page:
            documented += re.findall(r'vqe_lake query "([^"]*)"', page.read())
    check(len(documented) >= 6, f"{len(documented)} queries in README.md, doc/tables.md")
    for query in documented:
        words = ["query", query, "--warehouse", warehouse, "--format", "json"]
        rows = json.loads(lake(*words).stdout)
        check(rows, f"no rows: {query}")
        if "molecule_label" in query:
            labels = {row["molecule_label"] for row in rows}
            check(labels <= {"H2", "LiH"} and "H2" in labels, f"{query}: {labels}")

    # ten runs of overlapping jobs into one warehouse
    shared = folder.file("shared")
    files = []
    for k in range(10):
        folder.write(
            f"run{k}.json",
            {
                "molecules": [harness.H2],
                "seed": [k, k + 1, k + 2],
                "ansatz": "EfficientSU2",
                "optimizer": {"name": "COBYLA", "max_evaluations": 4 + k % 2},
                "references": ["hf"],
            },
        )
        folder.run(f"run{k}.json", "--warehouse", shared)
        files.append(folder.file(f"run{k}.h5"))
    seen = check_warehouse(shared, files, 10)
    check(len(seen) == 22, f"{len(seen)} experiments in the shared warehouse")
    for name in TABLES:
        refs = open_table(shared, name).metadata.refs
        tags = [tag for tag in refs if tag != "main"]
        limit = 10 if name in NORMALISED else 0
        check(len(tags) <= limit, f"{name}: {len(tags)} tags")
    done = lake("check", shared)
    check("0 problems, 0 orphans" in done.stdout, f"check: {done.stdout}")
    before = snapshots(shared)
    for path in files:
        lake("normalize", path, "--warehouse", shared)
    lake("featurize", shared)
    check(snapshots(shared) == before, "repeating the runs made a snapshot")

    # what a crashed writer left goes when it is old and nobody is at work
    part = os.path.join(shared, "quantum_features", "vqe_results", "data")
    old, young = (os.path.join(part, name) for name in ("old", "young"))
    for path in (old, young):
        with open(path, "w", encoding="utf-8") as stream:
            stream.write("left behind")
    hours_ago = time.time() - 7200
    os.utime(old, (hours_ago, hours_ago))
    expire = ["expire", shared, "--older-than", "1h", "--orphans"]
    with open(os.path.join(shared, ".vqe-writers"), encoding="utf-8") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        lake(*expire)
    check(os.path.exists(old), "an orphan went while another writer was at work")
    lake(*expire)
    check(not os.path.exists(old), "an old orphan stays")
    check(os.path.exists(young), "a young orphan went")
    os.remove(young)
    check_warehouse(shared, files, 10)

    # a place without tables is an error, and stays as it is
    nowhere = folder.file("nowhere")
    for words in (
        ["query", "SELECT 1"],
        ["log"],
        ["check"],
        ["featurize"],
        ["compact"],
        ["expire", "--older-than", "1d"],
    ):
        done = lake(*words, "-w", nowhere, status=2)
        check(done.stdout == "" and "no tables" in harness.unfolded(done.stderr), f"{words}: {done}")
    check(not os.path.exists(nowhere), "a place without tables was made")

    # without tables
    folder.run("job.json", "--no-lake", "--output", "bare.h5", status=1)
    check(not os.path.exists(folder.file("bare.warehouse")), "--no-lake")

print("all thirteen tables are right")

#!/usr/bin/env python3
"""The result file as users of h5py see it: names, shapes, units, values."""

import json

import harness
from harness import check

h5py = harness.h5py_or_skip()

import numpy as np  # noqa: E402

TABLES = {
    "summary": "experiment_id name status reason basis n_qubits ansatz "
    "n_parameters optimizer init seed n_evaluations converged energy energy_hf "
    "energy_mp2 energy_fci error_mha n_expectation s2 seconds",
    "settings": "experiment_id index molecule_id name source input_error fcidump "
    "fcidump_sha256 basis_set basis_sha256 frozen_core active_electrons "
    "active_orbitals symmetry ansatz_name ansatz_reps entanglement optimizer "
    "max_evaluations gtol ftol max_seconds init_strategy init_noise init_file "
    "init_file_sha256 seed seed_drawn default_shots references "
    "references_given device precision restarts escape_saddles "
    "penalty_number penalty_spin fci_max_seconds input_notes "
    "init_default scan active_space curve properties "
    "noise noise_backend measurement",
    "molecules": "present name num_atoms multiplicity charge units has_masses",
    "results": "status reason backend num_qubits num_orbitals num_alpha num_beta "
    "num_frozen num_pauli_terms num_parameters num_evaluations minimum "
    "nuclear_repulsion_energy maxcv success nfev nit integrals_time scf_time "
    "transform_time mapping_time fci_time vqe_time total_time "
    "hamiltonian_cpu_time mapping_cpu_time fci_cpu_time vqe_cpu_time hf_energy "
    "mp2_energy fci_energy fci_s2 reference_method notes "
    "n_expectation sz_expectation s2_expectation dipole_x dipole_y dipole_z "
    "pauli_one_norm determinants optimizer_native code_version hostname "
    "device_name job_id mpi_rank mpi_ranks threads started_at finished_at "
    "peak_memory performance_start performance_end energy_std energy_exact "
    "total_shots reference_weight num_occupations starts orbitals started_from "
    "circuit_parameters one_qubit_gates two_qubit_gates depth two_qubit_depth "
    "t_count measurement_groups chemical_accuracy_shots num_properties "
    "landscape_points landscape_energy_mean landscape_energy_variance "
    "landscape_gradient_variance",
}

# H2 at 0.7414 angstrom in STO-3G: one electron pair in two orbitals. Full CI
# by hand is a 2x2 matrix; the numbers are published ones.
H2_FCI = -1.1372701746609

PAULI = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}


def matrix(terms):
    """The Hamiltonian from its labels, by Kronecker products."""
    total = 0
    for label, coefficient in terms:
        product = np.eye(1)
        for letter in label.decode():
            product = np.kron(product, PAULI[letter])
        total = total + coefficient * product
    return total


with harness.Folder() as folder:
    job = {
        "molecules": [
            harness.H2,
            {"name": "bad", "symbols": ["Xx"], "coords": [[0, 0, 0]]},
            {**harness.LIH, "masses": [7.016, 1.008], "units": "angstrom"},
        ],
        "seed": 5,
        "optimizer": {"name": "COBYLA", "initial_step": 0.25, "max_evaluations": 40},
        "output": "r.h5",
    }
    folder.write("job.json", job)
    summary = folder.summary("job.json", status=1)
    with h5py.File(folder.file("r.h5")) as file:
        check(file.attrs["format"] == b"vqe_batch result", "format")
        check(file.attrs["layout_version"] == 1, "layout version")
        for name, columns in TABLES.items():
            table = file[name]
            check(table.shape == (3,), f"{name}: {table.shape}")
            names = (*columns.split(), "null_texts")
            check(table.dtype.names == names, f"{name}: {table.dtype.names}")
            units = json.loads(table.attrs["units"])
            check(set(units) <= set(names), f"{name}: units {units}")
        units = json.loads(file["results"].attrs["units"])
        check(units["minimum"] == "hartree", "units of minimum")
        check(units["vqe_time"] == "s", "units of vqe_time")
        results, settings = file["results"][:], file["settings"][:]
        check(list(results["status"]) == [0, 1, 0], "statuses")
        check(b"Xx" in results["reason"][1], results["reason"][1])
        check(list(settings["name"])[::2] == [b"H2", b"LiH"], "names")
        check(list(settings["seed"]) == [5, 5, 5], "seeds")
        check(np.isnan(results["minimum"][1]), "a failed one has no minimum")
        check(list(file["molecules"]["has_masses"]) == [False, False, True], "masses")

        # the same numbers as the summary, to the last bit
        for row, said in enumerate(summary):
            check(file["summary"]["experiment_id"][row].decode() == said["experiment_id"],
                  "ids")
            for key in ("energy", "energy_fci", "energy_hf"):
                value = file["summary"][key][row]
                check(value == said[key] or (said[key] is None and np.isnan(value)),
                      f"{key}: {value} and {said[key]}")

        groups = list(file["experiments"])
        check(groups == ["000000", "000001", "000002"], groups)
        check(not {"hamiltonian", "evaluations", "parameters"}
              & set(file["experiments/000001"]), "a failed one has no arrays")
        h2 = file["experiments/000000"]
        check(h2.attrs["name"] == b"H2", "name")
        check(h2.attrs["status"] == b"ok", "status")
        check(h2.attrs["experiment_id"].decode() == summary[0]["experiment_id"], "id")

        # the stored Hamiltonian has the FCI energy as its lowest eigenvalue
        lowest = np.linalg.eigvalsh(matrix(h2["hamiltonian"][:]))[0]
        total = lowest + results["nuclear_repulsion_energy"][0]
        check(abs(total - H2_FCI) < 1e-8, f"lowest eigenvalue {total}")
        check(abs(results["fci_energy"][0] - H2_FCI) < 1e-8, "FCI energy")

        for row, name in ((0, "000000"), (2, "000002")):
            group = file["experiments"][name]
            evaluations, parameters = group["evaluations"][:], group["parameters"][:]
            neval = int(results["num_evaluations"][row])
            nparam = int(results["num_parameters"][row])
            check(evaluations.shape == (neval,), f"{name}: evaluations")
            check(parameters.shape == (neval, nparam), f"{name}: parameters")
            check(group["initial_parameters"].shape == (nparam,), "initial")
            check(group["parameters"].attrs["units"] == b"rad", "units")
            check(results["nfev"][row] == neval, "nfev is the number of records")
            energy = evaluations["energy"]
            check(list(evaluations["iteration"]) == list(range(1, neval + 1)), "steps")
            check(np.isnan(evaluations["energy_delta"][0]), "no delta at first")
            check(np.array_equal(evaluations["energy_delta"][1:], np.diff(energy)),
                  "deltas")
            check(np.array_equal(evaluations["cumulative_min_energy"],
                                 np.minimum.accumulate(energy)), "minima")
            steps = np.linalg.norm(np.diff(parameters, axis=0), axis=1)
            check(np.allclose(evaluations["parameter_delta_norm"][1:], steps,
                              rtol=1e-12, atol=0), "step lengths")
            norms = evaluations["gradient_norm"]
            check(np.all(norms >= 0) or np.all(np.isnan(norms)), "norms of gradients")
            check(np.all(evaluations["std"] == 0), "exact energies have no std")
            check(np.all(np.diff(evaluations["seconds"]) >= 0), "times rise")
            best = np.argmin(energy)
            check(results["minimum"][row] == energy[best], "minimum")
            check(np.array_equal(group["optimal_parameters"][:], parameters[best]),
                  "optimal parameters")
            check(np.array_equal(group["initial_parameters"][:], parameters[0]),
                  "the first evaluation is at the initial parameters")
            text = group["ansatz"][0].decode()
            check(text.startswith("OPENQASM 3"), text[:40])
            check(text.count("input float[64]") == nparam, "inputs of the circuit")
            options = {key.decode(): json.loads(value)
                       for key, value in group["optimizer_options"][:]}
            check(options == {"initial_step": 0.25}, options)
        geometry = file["experiments/000002/geometry"][:]
        check([s.decode() for s in geometry["symbol"]] == ["Li", "H"], "symbols")
        check(list(geometry["mass"]) == [7.016, 1.008], "masses")
        check(list(geometry["z"]) == [0, 1.5949], "coordinates")
    check(folder.run("job.json", "--dry-run", status=1).stdout.count("\n") > 3, "dry run")

    # a file that cannot be read whole is left alone: what is intact in it is
    # its owner's to save
    folder.write("two.json", {"molecules": [harness.LIH], "seed": [1, 2, 3]})
    folder.run("two.json", "--no-lake", "-o", "damaged.h5")
    with h5py.File(folder.file("damaged.h5")) as file:
        header = h5py.h5o.get_info(file["experiments/000001"].id).addr
    with open(folder.file("damaged.h5"), "r+b") as stream:
        data = bytearray(stream.read())
        data[header + 8] ^= 0x55
        stream.seek(0)
        stream.write(data)
    done = folder.run("two.json", "--no-lake", "-o", "damaged.h5", status=2)
    check("damaged.h5" in harness.unfolded(done.stderr), done.stderr)
    with open(folder.file("damaged.h5"), "rb") as stream:
        check(stream.read() == data, "a damaged file was replaced")
print("result file: ok")

-- One row an experiment for vqe_lake report, in the columns that
-- src/pages/page_row.c reads. Lists are thinned as a report shows them: the
-- first evaluations and then fewer and fewer, the largest terms and the sum of
-- the rest. Before it stands WITH chosen AS (...), the experiments of a batch.
steps AS (
  SELECT experiment_id, iteration_step AS step, iteration_energy AS energy,
    cumulative_min_energy AS lowest, coalesce(energy_std_dev, 0) AS std,
    max(iteration_step) OVER (PARTITION BY experiment_id) AS last
  FROM vqe_iterations SEMI JOIN chosen USING (experiment_id)
), kept AS (
  SELECT experiment_id,
    list(step ORDER BY step) AS steps,
    list(energy ORDER BY step) AS energies,
    list(lowest ORDER BY step) AS lowest,
    list(std ORDER BY step) AS stds
  FROM steps
  WHERE last <= 160 OR step <= 24 OR step = last
    -- no order of evaluation keeps the logarithm from steps below 1
    OR floor(130 * ln(greatest(step, 1)) / ln(greatest(last, 2)))
      > floor(130 * ln(greatest(step - 1, 1)) / ln(greatest(last, 2)))
  GROUP BY experiment_id
), ranked AS (
  SELECT experiment_id, term_label AS label, coeff_real, coeff_imag,
    sqrt(coeff_real * coeff_real + coeff_imag * coeff_imag) AS size,
    replace(term_label, 'I', '') = '' AS is_identity,
    row_number() OVER (PARTITION BY experiment_id,
      replace(term_label, 'I', '') = '' ORDER BY
      coeff_real * coeff_real + coeff_imag * coeff_imag DESC, term_label) AS place
  FROM hamiltonian_terms SEMI JOIN chosen USING (experiment_id)
), terms AS (
  SELECT experiment_id,
    list(label ORDER BY place)
      FILTER (NOT is_identity AND place <= 16) AS labels,
    list(coeff_real ORDER BY place)
      FILTER (NOT is_identity AND place <= 16) AS coeff_real,
    list(coeff_imag ORDER BY place)
      FILTER (NOT is_identity AND place <= 16) AS coeff_imag,
    count(*) FILTER (NOT is_identity AND place > 16) AS rest_count,
    coalesce(sum(size) FILTER (NOT is_identity AND place > 16), 0) AS rest_sum,
    sum(coeff_real) FILTER (is_identity) AS identity
  FROM ranked GROUP BY experiment_id
)
SELECT r.experiment_id,
  coalesce(r.molecule_label, m.molecule_name) AS name,
  r.basis_set AS basis, r.ansatz_name AS ansatz,
  r.ansatz_reps::VARCHAR AS reps, r.init_strategy AS init,
  coalesce(r.default_shots::VARCHAR, '-') AS shots, r.seed::VARCHAR AS seed,
  r.optimizer, r.backend, r.device, r.code_version AS version,
  r.num_qubits AS qubits, r.num_parameters AS parameters,
  r.total_iterations AS evaluations, r.minimum_energy AS minimum,
  r.nuclear_repulsion_energy AS nuclear_repulsion, r.energy_exact AS exact,
  r.energy_std AS std, r.hf_energy AS hf, r.mp2_energy AS mp2,
  r.fci_energy AS fci, r.n_expectation, r.s2, r.state_ok,
  r.within_chemical_accuracy,
  r.success AS converged, r.notes,
  p.hamiltonian_time AS seconds_hamiltonian,
  p.mapping_time AS seconds_mapping, p.vqe_time AS seconds_vqe,
  p.total_time AS seconds_total,
  m.atom_symbols AS symbols, m.coordinates, m.coordinate_units AS units,
  m.charge, m.multiplicity,
  -- those that can be drawn
  CASE WHEN length(a.ansatz) < 24000 AND r.num_qubits <= 12
    THEN a.ansatz END AS circuit,
  k.steps, k.energies, k.lowest, k.stds,
  t.labels, t.coeff_real, t.coeff_imag, t.rest_count, t.rest_sum, t.identity
FROM vqe_results r SEMI JOIN chosen USING (experiment_id)
  LEFT JOIN molecules m USING (experiment_id)
  LEFT JOIN ansatz_info a USING (experiment_id)
  LEFT JOIN performance_metrics p USING (experiment_id)
  LEFT JOIN kept k USING (experiment_id)
  LEFT JOIN terms t USING (experiment_id)
-- an experiment that foreign tables hold more than once counts once
QUALIFY row_number() OVER (PARTITION BY r.experiment_id
  ORDER BY r.processing_timestamp) = 1
ORDER BY r.processing_timestamp, r.molecule_id, r.ansatz_name, r.optimizer,
  r.seed, r.experiment_id

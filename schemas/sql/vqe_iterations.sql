-- gradient_norms has one for each evaluation, NaN where none was computed
WITH norms AS (
  SELECT
    r.record,
    unnest(r.gradient_norms) AS norm,
    generate_subscripts(r.gradient_norms, 1) - 1 AS position
  FROM staged_records r SEMI JOIN chosen USING (record)
)
SELECT
  r.experiment_id,
  r.molecule_id,
  r.basis_set,
  r.backend,
  r.num_qubits,
  i.iteration_step,
  i.iteration_energy,
  i.energy_std_dev,
  i.energy_delta,
  i.parameter_delta_norm,
  i.cumulative_min_energy,
  run.processing_timestamp,
  run.processing_date,
  run.processing_batch_id,
  run.processing_name,
  r.experiment_id || '_iter_' || i.iteration_step AS iteration_id,
  CASE WHEN NOT isnan(n.norm) THEN n.norm END AS gradient_norm
FROM staged_iterations i
JOIN chosen USING (record)
JOIN staged_records r USING (record)
LEFT JOIN norms n ON n.record = r.record AND n.position + 1 = i.iteration_step
CROSS JOIN run

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
  -- one for each evaluation, NaN where none was computed
  CASE WHEN NOT isnan(r.gradient_norms[i.iteration_step])
    THEN r.gradient_norms[i.iteration_step] END AS gradient_norm
FROM staged_iterations i
JOIN chosen USING (record)
JOIN staged_records r USING (record)
CROSS JOIN run

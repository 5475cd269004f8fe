SELECT
  r.experiment_id,
  r.molecule_id,
  r.basis_set,
  r.ansatz,
  r.ansatz_reps,
  coalesce(r.ansatz_name, 'EfficientSU2') AS ansatz_name,
  coalesce(r.init_strategy, 'random') AS init_strategy,
  run.processing_timestamp,
  run.processing_date,
  run.processing_batch_id,
  run.processing_name,
  -- circuit: the counts in the order of these columns, where they are known
  coalesce(r.circuit[1], r.num_parameters)::BIGINT AS num_parameters,
  r.circuit[2]::BIGINT AS one_qubit_gates,
  r.circuit[3]::BIGINT AS two_qubit_gates,
  r.circuit[4]::BIGINT AS depth,
  r.circuit[5]::BIGINT AS two_qubit_depth,
  r.circuit[6]::BIGINT AS t_count,
  r.circuit[7]::BIGINT AS measurement_groups,
  r.circuit[8]::BIGINT AS chemical_accuracy_shots
FROM staged_records r SEMI JOIN chosen USING (record)
CROSS JOIN run
ORDER BY r.record

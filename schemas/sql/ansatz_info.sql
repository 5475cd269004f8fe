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
  run.processing_name
FROM staged_records r SEMI JOIN chosen USING (record)
CROSS JOIN run
ORDER BY r.record

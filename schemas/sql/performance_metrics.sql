SELECT
  r.experiment_id,
  r.molecule_id,
  r.basis_set,
  r.hamiltonian_time,
  r.mapping_time,
  r.vqe_time,
  r.total_time,
  r.minimization_time,
  CASE
    WHEN isfinite(r.hamiltonian_time + r.mapping_time + r.vqe_time)
    THEN r.hamiltonian_time + r.mapping_time + r.vqe_time
  END AS computed_total_time,
  run.processing_timestamp,
  run.processing_date,
  run.processing_batch_id,
  run.processing_name
FROM staged_records r SEMI JOIN chosen USING (record)
CROSS JOIN run
ORDER BY r.record

-- term_index is the position in the record's Hamiltonian.
SELECT
  r.experiment_id,
  r.molecule_id,
  r.basis_set,
  r.backend,
  t.term_label,
  t.coeff_real,
  t.coeff_imag,
  run.processing_timestamp,
  run.processing_date,
  run.processing_batch_id,
  run.processing_name,
  t.term_index,
  r.experiment_id || '_term_' || t.term_index AS term_id
FROM staged_terms t
JOIN chosen USING (record)
JOIN staged_records r USING (record)
CROSS JOIN run

-- chosen: the records whose rows are written now; run: this run, one row.
-- An FCIDUMP has no atoms, hence no name.
SELECT
  r.experiment_id,
  r.molecule_id,
  r.atom_symbols,
  nullif(array_to_string(r.atom_symbols, ''), '') AS molecule_name,
  r.coordinates,
  r.multiplicity,
  r.charge,
  r.coordinate_units,
  r.atomic_masses,
  run.processing_timestamp,
  run.processing_date,
  run.processing_batch_id,
  run.processing_name,
  r.molecule_label
FROM staged_records r SEMI JOIN chosen USING (record)
CROSS JOIN run
ORDER BY r.record

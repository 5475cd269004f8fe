-- parameter_index is the position in the record's array.
WITH parameters AS (
  SELECT
    r.*,
    unnest(r.initial_parameters) AS value,
    generate_subscripts(r.initial_parameters, 1) - 1 AS position
  FROM staged_records r SEMI JOIN chosen USING (record)
)
SELECT
  p.experiment_id,
  p.molecule_id,
  p.basis_set,
  p.backend,
  p.num_qubits,
  p.value AS initial_parameter_value,
  run.processing_timestamp,
  run.processing_date,
  run.processing_batch_id,
  run.processing_name,
  p.position::INTEGER AS parameter_index,
  p.experiment_id || '_init_' || p.position AS parameter_id
FROM parameters p CROSS JOIN run
ORDER BY p.record, p.position

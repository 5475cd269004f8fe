-- parameter_index is the position in the iteration's array.
WITH parameters AS (
  SELECT
    i.record,
    i.iteration,
    unnest(i.parameters) AS value,
    generate_subscripts(i.parameters, 1) - 1 AS position
  FROM staged_iterations i SEMI JOIN chosen USING (record)
)
SELECT
  r.experiment_id,
  r.molecule_id,
  r.basis_set,
  r.backend,
  r.num_qubits,
  p.iteration AS iteration_step,
  p.position::INTEGER AS parameter_index,
  p.value AS parameter_value,
  run.processing_timestamp,
  run.processing_date,
  run.processing_batch_id,
  run.processing_name,
  r.experiment_id || '_iter_' || p.iteration AS iteration_id,
  r.experiment_id || '_iter_' || p.iteration || '_param_' || p.position
    AS parameter_id
FROM parameters p
JOIN staged_records r USING (record)
CROSS JOIN run

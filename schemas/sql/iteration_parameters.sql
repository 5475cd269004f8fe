-- parameter_index is the position in the iteration's array. What the rows of
-- an iteration share is worked out before they are made.
WITH parameters AS (
  SELECT
    r.experiment_id,
    r.molecule_id,
    r.basis_set,
    r.backend,
    r.num_qubits,
    i.iteration_step,
    r.experiment_id || '_iter_' || i.iteration_step AS iteration_id,
    unnest(i.parameters) AS value,
    generate_subscripts(i.parameters, 1) - 1 AS position
  FROM staged_iterations i
  JOIN chosen USING (record)
  JOIN staged_records r USING (record)
)
SELECT
  p.experiment_id,
  p.molecule_id,
  p.basis_set,
  p.backend,
  p.num_qubits,
  p.iteration_step,
  p.position::INTEGER AS parameter_index,
  p.value AS parameter_value,
  run.processing_timestamp,
  run.processing_date,
  run.processing_batch_id,
  run.processing_name,
  p.iteration_id,
  p.iteration_id || '_param_' || p.position AS parameter_id
FROM parameters p
CROSS JOIN run

-- A row for each number; property_values holds a matrix row by row.
WITH numbers AS (
  SELECT
    p.record,
    p.property,
    p.property_columns,
    unnest(p.property_values) AS value,
    generate_subscripts(p.property_values, 1) - 1 AS position
  FROM staged_properties p
  JOIN chosen USING (record)
)
SELECT
  r.experiment_id,
  r.molecule_id,
  r.basis_set,
  r.backend,
  n.property,
  CASE WHEN n.property_columns > 0
    THEN (n.position - n.position % n.property_columns) / n.property_columns
    ELSE n.position END::INTEGER AS index_1,
  CASE WHEN n.property_columns > 0
    THEN n.position % n.property_columns END::INTEGER AS index_2,
  n.value,
  run.processing_timestamp,
  run.processing_date,
  run.processing_batch_id,
  run.processing_name,
  r.experiment_id || '_' || n.property || '_' || n.position AS property_id
FROM numbers n
JOIN staged_records r USING (record)
CROSS JOIN run

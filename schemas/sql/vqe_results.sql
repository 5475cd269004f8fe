-- Columns are taken by name: those of the table that are staged under it.
SELECT
  r.*,
  run.*
FROM staged_records r SEMI JOIN chosen USING (record)
CROSS JOIN run
ORDER BY r.record

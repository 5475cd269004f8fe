-- Columns are taken by name: those of the table that are staged under it.
SELECT
  r.*,
  -- of the molecule's state, to 1.6 millihartree
  CASE WHEN r.fci_energy IS NOT NULL THEN
    r.state_ok AND abs(r.minimum_energy + r.nuclear_repulsion_energy
                       - r.fci_energy) <= 1.6e-3
  END AS within_chemical_accuracy,
  run.*
FROM staged_records r SEMI JOIN chosen USING (record)
CROSS JOIN run
ORDER BY r.record

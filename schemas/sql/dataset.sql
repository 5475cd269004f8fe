-- What vqe_lake export makes data sets of, from views of the tables:
-- dataset_runs has a row for each experiment of ml_run_summary with its
-- molecule and both splits, dataset_steps one for each of its evaluations.

-- Ångström for every molecule, as units are the input's. An experiment that
-- foreign tables hold more than once counts once.
CREATE OR REPLACE TEMP TABLE dataset_molecules AS
SELECT
  experiment_id,
  atom_symbols,
  CASE
    WHEN lower(coordinate_units) = 'bohr'
    THEN list_transform(coordinates, lambda row:
      list_transform(row, lambda x: x * 0.529177210903))
    ELSE coordinates
  END AS coordinates_angstrom,
  md5(atom_symbols::VARCHAR || coordinates::VARCHAR
      || coalesce(lower(coordinate_units), '')) AS geometry
FROM molecules
WHERE experiment_id IS NOT NULL
QUALIFY row_number() OVER (
  PARTITION BY experiment_id ORDER BY processing_timestamp) = 1;

-- Distances of all pairs of nuclei of every geometry. Records of others may have
-- fewer coordinates than symbols: what has no distance is no pair.
CREATE OR REPLACE TEMP TABLE dataset_pairs AS
WITH atoms AS (
  SELECT geometry, unnest(range(1, len(atom_symbols) + 1)) AS atom,
    coordinates_angstrom
  FROM (
    SELECT geometry, any_value(atom_symbols) AS atom_symbols,
      any_value(coordinates_angstrom) AS coordinates_angstrom
    FROM dataset_molecules GROUP BY geometry)
)
SELECT a.geometry, a.atom AS one, b.atom AS other,
  sqrt((a.coordinates_angstrom[a.atom][1]
        - b.coordinates_angstrom[b.atom][1]) ** 2
     + (a.coordinates_angstrom[a.atom][2]
        - b.coordinates_angstrom[b.atom][2]) ** 2
     + (a.coordinates_angstrom[a.atom][3]
        - b.coordinates_angstrom[b.atom][3]) ** 2) AS distance
FROM atoms a JOIN atoms b ON a.geometry = b.geometry AND a.atom <> b.atom
WHERE distance IS NOT NULL;

-- The longest of the shortest bonds that hold all nuclei together (the longest
-- edge of a minimum spanning tree, by Prim's algorithm): it grows when an atom
-- or a fragment leaves, however many bonds the rest has.
CREATE OR REPLACE TEMP TABLE dataset_bonds AS
WITH RECURSIVE grown AS (
  SELECT DISTINCT geometry, [1::BIGINT] AS taken, 0::DOUBLE AS longest
  FROM dataset_molecules
  UNION ALL
  SELECT g.geometry, list_append(g.taken, arg_min(p.other, p.distance)),
    greatest(g.longest, min(p.distance))
  FROM grown g JOIN dataset_pairs p
    ON p.geometry = g.geometry AND list_contains(g.taken, p.one)
      AND NOT list_contains(g.taken, p.other)
  GROUP BY g.geometry, g.taken, g.longest
)
SELECT geometry, max(longest) AS longest_bond
FROM grown GROUP BY geometry;

CREATE OR REPLACE TEMP TABLE dataset_runs AS
WITH runs AS (
  SELECT * FROM ml_run_summary
  WHERE experiment_id IS NOT NULL
  QUALIFY row_number() OVER (
    PARTITION BY experiment_id ORDER BY processing_date) = 1
), results AS (
  SELECT * FROM vqe_results
  QUALIFY row_number() OVER (
    PARTITION BY experiment_id ORDER BY processing_timestamp) = 1
), named AS (
  SELECT s.*, m.atom_symbols, m.coordinates_angstrom, b.longest_bond,
    v.nuclear_repulsion_energy, v.mp2_energy, v.success, v.nfev, v.notes,
    v.energy_exact,
    -- the elements with their numbers: isomers and ions are one molecule here
    (SELECT string_agg(symbol || CASE WHEN n > 1 THEN n::VARCHAR ELSE '' END,
       '' ORDER BY symbol)
     FROM (SELECT symbol, count(*) AS n
           FROM (SELECT unnest(m.atom_symbols) AS symbol) GROUP BY symbol))
      AS formula
  FROM runs s
  JOIN dataset_molecules m USING (experiment_id)
  JOIN dataset_bonds b USING (geometry)
  JOIN results v USING (experiment_id)
), kinds AS (
  -- energies of one basis, space and method can be compared
  SELECT *,
    struct_pack(basis_set := basis_set, num_qubits := num_qubits,
      exact := fci_energy IS NOT NULL) AS kind,
    coalesce(fci_energy, hf_energy, total_energy) AS reference
  FROM named
), equilibria AS (
  -- of the kind with most geometries, the geometry of the lowest energy
  SELECT formula, first(longest_bond ORDER BY reference NULLS LAST, longest_bond)
    AS equilibrium_bond
  FROM kinds GROUP BY formula, kind
  QUALIFY row_number() OVER (PARTITION BY formula
    ORDER BY count(DISTINCT longest_bond) DESC, kind.exact DESC,
      kind.basis_set, kind.num_qubits) = 1
), stretched AS (
  -- rounded, as the last bits of a length are no reason to change sides
  SELECT n.*, round(longest_bond / nullif(equilibrium_bond, 0), 6) AS stretch
  FROM named n JOIN equilibria USING (formula)
)
SELECT
  *,
  ('0x' || left(md5('split:' || formula), 8))::UBIGINT % 100 AS bucket,
  CASE
    WHEN bucket < 70 THEN 'train'
    WHEN bucket < 85 THEN 'validation'
    ELSE 'test'
  END AS molecule_split,
  CASE
    WHEN coalesce(stretch, 1) <= 1.2 THEN 'train'
    WHEN stretch <= 1.5 THEN 'validation'
    ELSE 'test'
  END AS stretch_split
FROM stretched;

-- Nothing here is known only after the step.
CREATE OR REPLACE TEMP TABLE dataset_steps AS
WITH features AS (
  SELECT * FROM ml_iteration_features
  QUALIFY row_number() OVER (
    PARTITION BY experiment_id, iteration_step ORDER BY processing_date) = 1
)
SELECT
  f.experiment_id,
  f.iteration_step,
  f.energy,
  f.energy + r.nuclear_repulsion_energy AS total_energy,
  f.energy_std,
  f.energy_delta,
  f.parameter_delta_norm,
  f.cumulative_min_energy,
  f.is_new_minimum,
  f.steps_since_improvement,
  f.energy_improvement_rate,
  f.normalized_energy,
  f.energy_moving_avg_5,
  f.energy_moving_std_5,
  f.mean_param_change,
  r.molecule_split,
  r.stretch_split
FROM features f
JOIN dataset_runs r USING (experiment_id);

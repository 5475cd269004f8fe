-- Makes, from views of the normalised tables:
--   experiments  one row for each experiment that all five sources hold,
--                with what both feature tables say about it
--   steps        one row for each of their evaluations, with running values
-- chosen_experiments lists the experiments that are asked for. Averages and
-- deviations take values below 1e150 alone: their squares are numbers, so that
-- one absurd record is no error for all.
CREATE OR REPLACE TEMP VIEW experiments AS
SELECT
  v.experiment_id,
  m.molecule_name,
  array_length(m.atom_symbols)::INTEGER AS num_atoms,
  v.num_qubits,
  m.charge,
  m.multiplicity,
  v.basis_set,
  v.optimizer,
  a.ansatz_name AS ansatz_type,
  a.ansatz_reps,
  a.init_strategy,
  v.seed,
  v.default_shots,
  v.total_iterations,
  v.minimum_energy AS final_energy,
  v.success AS converged,
  p.vqe_time,
  p.total_time,
  v.processing_date,
  v.nuclear_repulsion_energy,
  v.hf_energy,
  v.fci_energy,
  v.molecule_label,
  v.num_parameters,
  v.n_expectation,
  v.s2,
  v.state_ok,
  v.within_chemical_accuracy,
  v.energy_std,
  a.two_qubit_gates
FROM vqe_results v
SEMI JOIN chosen_experiments USING (experiment_id)
JOIN molecules m USING (experiment_id)
JOIN ansatz_info a USING (experiment_id)
JOIN performance_metrics p USING (experiment_id);

CREATE OR REPLACE TEMP VIEW steps AS
WITH running AS (
  -- c: the minimum so far, the record's own or that of its energies
  SELECT
    i.*,
    coalesce(
      i.cumulative_min_energy,
      min(i.iteration_energy) OVER (
        PARTITION BY i.experiment_id ORDER BY i.iteration_step)) AS c,
    CASE WHEN abs(i.iteration_energy) < 1e150 THEN i.iteration_energy END
      AS bounded_energy
  FROM vqe_iterations i SEMI JOIN chosen_experiments USING (experiment_id)
),
marked AS (
  SELECT
    * REPLACE (
      -- the first evaluation has nothing to differ from
      CASE WHEN row_number() OVER w > 1 THEN energy_delta END
        AS energy_delta,
      CASE WHEN row_number() OVER w > 1 THEN parameter_delta_norm END
        AS parameter_delta_norm),
    row_number() OVER w AS row_index,
    lag(bounded_energy, 1) OVER w AS energy_1,
    lag(bounded_energy, 2) OVER w AS energy_2,
    lag(bounded_energy, 3) OVER w AS energy_3,
    lag(bounded_energy, 4) OVER w AS energy_4,
    count(bounded_energy) OVER last5 AS count_5,
    first_value(iteration_energy) OVER w AS first_energy,
    CASE
      WHEN row_number() OVER w > 1 AND abs(energy_delta) < 1e150
      THEN energy_delta
    END AS bounded_delta,
    CASE
      WHEN row_number() OVER w > 1 AND abs(parameter_delta_norm) < 1e150
      THEN parameter_delta_norm
    END AS bounded_norm,
    CASE
      WHEN row_number() OVER w = 1 THEN true
      ELSE coalesce(c < lag(c) OVER w, false)
    END AS is_new_minimum
  FROM running
  WINDOW
    w AS (PARTITION BY experiment_id ORDER BY iteration_step),
    last5 AS (PARTITION BY experiment_id ORDER BY iteration_step
              ROWS BETWEEN 4 PRECEDING AND CURRENT ROW)
),
centred AS (
  -- d0 to d4: the last five energies less one of them, d_mean their mean.
  -- Taken term by term, a deviation has the same bits in every engine, which
  -- stddev_samp has not, and that of equal energies is 0
  SELECT
    *,
    (coalesce(d4, 0) + coalesce(d3, 0) + coalesce(d2, 0) + coalesce(d1, 0)
     + coalesce(d0, 0)) / nullif(count_5, 0) AS d_mean
  FROM (
    SELECT
      *,
      bounded_energy - energy_any AS d0,
      energy_1 - energy_any AS d1,
      energy_2 - energy_any AS d2,
      energy_3 - energy_any AS d3,
      energy_4 - energy_any AS d4
    FROM (
      SELECT
        *,
        coalesce(bounded_energy, energy_1, energy_2, energy_3, energy_4)
          AS energy_any
      FROM marked))
)
SELECT
  *,
  (row_index - max(CASE WHEN is_new_minimum THEN row_index END) OVER w)
    ::INTEGER AS steps_since_improvement,
  avg(bounded_energy) OVER last5 AS energy_moving_avg_5,
  CASE
    WHEN count_5 > 1
    THEN sqrt((coalesce((d4 - d_mean) * (d4 - d_mean), 0)
               + coalesce((d3 - d_mean) * (d3 - d_mean), 0)
               + coalesce((d2 - d_mean) * (d2 - d_mean), 0)
               + coalesce((d1 - d_mean) * (d1 - d_mean), 0)
               + coalesce((d0 - d_mean) * (d0 - d_mean), 0)) / (count_5 - 1))
  END AS energy_moving_std_5,
  avg(bounded_norm) OVER w AS mean_param_change,
  max(CASE WHEN is_new_minimum THEN iteration_step END)
    OVER (PARTITION BY experiment_id) AS convergence_iteration
FROM centred
WINDOW
  w AS (PARTITION BY experiment_id ORDER BY iteration_step),
  last5 AS (PARTITION BY experiment_id ORDER BY iteration_step
            ROWS BETWEEN 4 PRECEDING AND CURRENT ROW);

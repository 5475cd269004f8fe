WITH summary AS (
  SELECT
    experiment_id,
    max(convergence_iteration) AS convergence_iteration,
    avg(bounded_delta) AS mean_energy_delta,
    stddev_samp(bounded_delta) AS std_energy_delta,
    min(iteration_energy) AS min_energy,
    max(iteration_energy) AS max_energy,
    avg(bounded_norm) AS mean_param_delta_norm,
    stddev_samp(bounded_norm) AS std_param_delta_norm,
    sum(bounded_norm) AS total_param_distance,
    count(*) FILTER (is_new_minimum) AS num_new_minima,
    max(steps_since_improvement) AS longest_plateau,
    avg(bounded_energy) FILTER (row_index <= 10) AS first_10_mean_energy,
    regr_slope(bounded_energy, iteration_step) FILTER (row_index <= 10)
      AS first_10_energy_slope,
    avg(bounded_energy) FILTER (row_index > rows_in_all - 10)
      AS last_10_mean_energy
  FROM (
    SELECT *, count(*) OVER (PARTITION BY experiment_id) AS rows_in_all
    FROM steps)
  GROUP BY experiment_id
),
totals AS (
  SELECT
    *,
    CASE
      WHEN isfinite(final_energy + nuclear_repulsion_energy)
      THEN final_energy + nuclear_repulsion_energy
    END AS total_energy
  FROM experiments
)
SELECT
  e.experiment_id,
  e.molecule_name,
  e.num_atoms,
  e.num_qubits,
  e.charge,
  e.multiplicity,
  e.basis_set,
  e.optimizer,
  e.ansatz_type,
  e.ansatz_reps,
  e.init_strategy,
  e.seed,
  e.default_shots,
  e.total_iterations,
  e.final_energy,
  e.converged,
  s.convergence_iteration,
  e.vqe_time,
  e.total_time,
  s.mean_energy_delta,
  s.std_energy_delta,
  s.min_energy,
  s.max_energy,
  CASE
    WHEN isfinite(s.max_energy - s.min_energy)
    THEN s.max_energy - s.min_energy
  END AS energy_range,
  s.mean_param_delta_norm,
  s.std_param_delta_norm,
  s.total_param_distance,
  s.num_new_minima,
  s.longest_plateau,
  s.num_new_minima / nullif(e.total_iterations, 0)::DOUBLE
    AS improvement_ratio,
  e.processing_date,
  s.first_10_mean_energy,
  -- not a number for a single step
  CASE WHEN isfinite(s.first_10_energy_slope) THEN s.first_10_energy_slope END
    AS first_10_energy_slope,
  s.last_10_mean_energy,
  e.vqe_time / nullif(e.total_iterations, 0) AS time_per_iteration,
  e.total_energy,
  e.hf_energy,
  e.fci_energy,
  CASE
    WHEN isfinite(e.total_energy - e.fci_energy)
    THEN e.total_energy - e.fci_energy
  END AS error_to_fci,
  CASE
    WHEN isfinite((e.hf_energy - e.total_energy)
                  / nullif(e.hf_energy - e.fci_energy, 0))
    THEN (e.hf_energy - e.total_energy)
         / nullif(e.hf_energy - e.fci_energy, 0)
  END AS correlation_recovered,
  e.molecule_label,
  e.num_parameters,
  e.n_expectation,
  e.s2,
  e.state_ok,
  e.within_chemical_accuracy,
  e.energy_std,
  e.two_qubit_gates
FROM totals e LEFT JOIN summary s USING (experiment_id)
ORDER BY e.experiment_id

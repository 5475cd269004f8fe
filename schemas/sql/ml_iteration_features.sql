-- n: the step; c: the minimum so far (features.sql).
SELECT
  e.experiment_id,
  s.iteration_step,
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
  s.iteration_energy AS energy,
  s.energy_std_dev AS energy_std,
  s.energy_delta,
  s.parameter_delta_norm,
  s.cumulative_min_energy,
  s.iteration_step / nullif(e.total_iterations, 0)::DOUBLE
    AS relative_iteration,
  CASE
    WHEN isfinite(s.first_energy - s.c)
    THEN (s.first_energy - s.c) / s.iteration_step
  END AS energy_improvement_rate,
  CASE
    WHEN s.c = 0 THEN 0
    WHEN isfinite((s.iteration_energy - s.c) / abs(s.c))
    THEN (s.iteration_energy - s.c) / abs(s.c)
  END AS normalized_energy,
  s.is_new_minimum,
  s.steps_since_improvement,
  s.energy_moving_avg_5,
  s.energy_moving_std_5,
  s.mean_param_change,
  e.total_iterations,
  e.final_energy,
  e.converged,
  s.convergence_iteration,
  e.vqe_time,
  e.total_time,
  e.processing_date
FROM steps s JOIN experiments e USING (experiment_id)
ORDER BY e.experiment_id, s.iteration_step

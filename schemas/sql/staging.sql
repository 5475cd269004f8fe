-- What result records are staged in, column by column as src/lake/staging.c
-- appends them.
CREATE OR REPLACE TABLE staged_records (
  record BIGINT,
  experiment_id VARCHAR,
  molecule_id INTEGER,
  basis_set VARCHAR,
  backend VARCHAR,
  num_qubits INTEGER,
  optimizer VARCHAR,
  ansatz VARCHAR,
  ansatz_reps INTEGER,
  ansatz_name VARCHAR,
  init_strategy VARCHAR,
  noise_backend VARCHAR,
  default_shots INTEGER,
  seed INTEGER,
  minimum DOUBLE,
  maxcv DOUBLE,
  nuclear_repulsion_energy DOUBLE,
  success BOOLEAN,
  nfev INTEGER,
  nit INTEGER,
  total_iterations INTEGER,
  hamiltonian_time DOUBLE,
  mapping_time DOUBLE,
  vqe_time DOUBLE,
  total_time DOUBLE,
  minimization_time DOUBLE,
  hf_energy DOUBLE,
  mp2_energy DOUBLE,
  fci_energy DOUBLE,
  reference_method VARCHAR,
  code_version VARCHAR,
  device VARCHAR,
  multiplicity INTEGER,
  charge INTEGER,
  units VARCHAR,
  atom_symbols VARCHAR[],
  coordinates DOUBLE[][],
  masses DOUBLE[],
  initial_parameters DOUBLE[],
  optimal_parameters DOUBLE[],
  -- rows that the record brings to the larger tables
  iteration_parameter_rows BIGINT,
  term_rows BIGINT
);
CREATE OR REPLACE TABLE staged_iterations (
  record BIGINT,
  iteration INTEGER,
  result DOUBLE,
  std DOUBLE,
  energy_delta DOUBLE,
  parameter_delta_norm DOUBLE,
  cumulative_min_energy DOUBLE,
  parameters DOUBLE[]
);
CREATE OR REPLACE TABLE staged_terms (
  record BIGINT,
  term_index INTEGER,
  label VARCHAR,
  coeff_real DOUBLE,
  coeff_imag DOUBLE
);

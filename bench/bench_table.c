#include "bench.h"

const struct bench_group *const bench_groups[] = {
    &bench_roofline_group, &bench_sim_group,      &bench_chem_group,
    &bench_vqe_group,      &bench_programs_group, NULL,
};

/** @file
 * JSON in, JSON out: a molecule with its settings to a result. */
#ifndef VQE_RUN_JSON_H
#define VQE_RUN_JSON_H

#include <stddef.h>

#include "vqe/api.h"
#include "vqe/experiment.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Most bytes of a text of vqe_run_json and vqe_library_experiment. */
#define VQE_MAX_JSON ((size_t)1 << 30)

/** Run the one experiment that `text` (`size` bytes of UTF-8, no NUL needed)
 * asks for. The text is one of
 *
 * - an object with the keys of a job file (jobs/README.md): "molecules" with
 *   one molecule, and settings with one value each. Keys that say where
 *   results of the program go ("output", "warehouse", "s3", "kafka",
 *   "registry", "insecure_http", "metrics"), "select" and "ranks_per_molecule"
 *   are VQE_ERR_INPUT;
 * - a molecule, {"symbols": ..., "coords": ...} in angstrom, with all
 * defaults;
 * - an AtomicInput of QCSchema, version 1 or 2, in bohr.
 *
 * *out is a text of JSON with a NUL, the caller's, to be freed by free(). For
 * an AtomicInput it is an AtomicResult, or a FailedOperation, of the same
 * version. Otherwise an object with the keys of `vqe_batch --summary` (total
 * energies in hartree; "status" is "ok" or "failed", with a "reason"), and
 * behind them "initial_parameters" and "parameters" (radian), "evaluations"
 * (an object of arrays: "energy", total, in hartree, "energy_std" and
 * "seconds", one value for each evaluation) and "warnings" (texts).
 * Numbers have all their digits, and null stands for what is not known.
 *
 * A run that fails is a result, as vqe_experiment_run has it, and 0 is
 * returned. A negative return means that there is no result and *out is NULL:
 * VQE_ERR_INPUT for a text that is wrong, with place and remedy;
 * VQE_ERR_INTERRUPTED where a callback asked for it; VQE_ERR_MEMORY.
 * `options` as vqe_experiment_run has them; NULL: the defaults, one thread.
 * `callbacks` may be NULL. File names in the text are read, relative ones from
 * the current folder: a text from elsewhere should have none. */
VQE_API int vqe_run_json(char **out, const char *text, size_t size,
                         const struct vqe_run_options *options,
                         const struct vqe_callbacks *callbacks);

/** The one experiment that such a text asks for, for vqe_experiment_run,
 * vqe_experiment_estimate or vqe_problem_create; free it by
 * vqe_experiment_free. *warnings (`warnings` may be NULL) are lines, NULL when
 * there are none; free them by free(). */
VQE_API int vqe_library_experiment(struct vqe_experiment **out,
                                   char **warnings, const char *text,
                                   size_t size);

#ifdef __cplusplus
}
#endif
#endif

/* What the commands of vqe_lake share, and those that keep a warehouse. */
#ifndef VQE_CMD_LAKE_COMMANDS_H
#define VQE_CMD_LAKE_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lake/featurize.h"
#include "lake/normalize.h"
#include "lake/warehouse.h"
#include "lake_options.h"

enum exit_status { EXIT_GOOD = 0, EXIT_SOME_FAILED = 1, EXIT_BAD_INPUT = 2 };

/* Print the last message; the exit status of the code. */
int vqe_cmd_lake_complain(int status);
/* For struct vqe_warehouse_options; ctx: struct vqe_cmd_lake_options. */
void vqe_cmd_lake_warn(void *ctx, const char *text);

bool vqe_cmd_lake_is_remote(const char *place);
struct vqe_objects_options
vqe_cmd_lake_objects(const struct vqe_cmd_lake_options *options);
/* The settings of FROM and TO of relocate. */
struct vqe_objects_options
vqe_cmd_lake_source(const struct vqe_cmd_lake_options *options);
struct vqe_objects_options
vqe_cmd_lake_target(const struct vqe_cmd_lake_options *options);
/* The warehouse named by the option, the argument or the environment; NULL
 * when none is. */
const char *vqe_cmd_lake_place(const struct vqe_cmd_lake_options *options,
                               const char *argument);
/* What a command does with a warehouse. */
enum vqe_cmd_lake_use {
  VQE_CMD_LAKE_READ,   /* there must be tables */
  VQE_CMD_LAKE_CHANGE, /* same, and it writes */
  VQE_CMD_LAKE_MAKE,   /* it writes, and makes what is missing */
  VQE_CMD_LAKE_COPY    /* same; locks of such that were cut go */
};
/* VQE_ERR_NOT_FOUND where there are no tables and there must be. */
int vqe_cmd_lake_open(struct vqe_warehouse **out, const char *place,
                      struct vqe_cmd_lake_options *options,
                      enum vqe_cmd_lake_use use);
/* The same with other settings of the store. */
int vqe_cmd_lake_open_at(struct vqe_warehouse **out, const char *place,
                         const struct vqe_objects_options *objects,
                         struct vqe_cmd_lake_options *options,
                         enum vqe_cmd_lake_use use);
/* Close, keeping the first failure and its message. */
int vqe_cmd_lake_close(struct vqe_warehouse *warehouse, int status);

/* Print what was done, and write --summary. */
int vqe_cmd_lake_print_normalized(const struct vqe_normalize_result *result,
                                  const struct vqe_warehouse *warehouse,
                                  const struct vqe_cmd_lake_options *options);
int vqe_cmd_lake_print_featurized(const struct vqe_featurize_result *result,
                                  const struct vqe_warehouse *warehouse,
                                  const struct vqe_cmd_lake_options *options);

/* Milliseconds since 1970 of an age ("30d", "12h", "90m", "10s" before now) or
 * a time in UTC ("2026-01-31", "2026-01-31T12:00:00Z") of `option`; *age:
 * which of the two. */
int vqe_cmd_lake_time(int64_t *out, bool *age, const char *option,
                      const char *text);

/* --output, or the standard output. */
int vqe_cmd_lake_open_output(FILE **out,
                             const struct vqe_cmd_lake_options *options);
int vqe_cmd_lake_close_output(FILE *stream, int status);

/* A stored circuit and the optimal parameters of its experiment. */
struct vqe_cmd_lake_program {
  char *text;
  double *parameters; /* NULL: none are known */
  size_t count;
};

/* The stored circuit that the arguments name: of a result file or a file of
 * records (the start of an id follows where it holds several), or of the
 * experiment of the warehouse whose id starts so. VQE_ERR_INPUT for a file of
 * another kind. Free what *program holds by free(), also after a failure. */
int vqe_cmd_lake_circuit(struct vqe_cmd_lake_program *program,
                         struct vqe_cmd_lake_options *options);

/* OpenQASM `version` 3 or 2 of a program of OpenQASM 3 with numbers in place
 * of its inputs. VQE_ERR_INPUT where it has others than ours, or more than
 * there are numbers. Free *out by free(). */
int vqe_cmd_lake_bind(char **out, const struct vqe_cmd_lake_program *program,
                      int version);

/* Print the page `html` into `path` as a PDF, by Chromium: that which
 * VQE_CHROMIUM names, else the first of PATH. VQE_ERR_UNSUPPORTED where there
 * is none. */
int vqe_cmd_lake_pdf(const char *path, const char *html, size_t size);

/* Each runs a command and returns the exit status. */
int vqe_cmd_lake_run_check(struct vqe_cmd_lake_options *options);
int vqe_cmd_lake_run_files(struct vqe_cmd_lake_options *options);
int vqe_cmd_lake_run_relocate(struct vqe_cmd_lake_options *options);
int vqe_cmd_lake_run_compact(struct vqe_cmd_lake_options *options);
int vqe_cmd_lake_run_expire(struct vqe_cmd_lake_options *options);
int vqe_cmd_lake_run_unlock(struct vqe_cmd_lake_options *options);
int vqe_cmd_lake_run_with_lock(struct vqe_cmd_lake_options *options);
int vqe_cmd_lake_run_qasm(struct vqe_cmd_lake_options *options);
int vqe_cmd_lake_run_molden(struct vqe_cmd_lake_options *options);
int vqe_cmd_lake_run_cube(struct vqe_cmd_lake_options *options);
int vqe_cmd_lake_run_report(struct vqe_cmd_lake_options *options);
int vqe_cmd_lake_run_export(struct vqe_cmd_lake_options *options);
int vqe_cmd_lake_run_publish(struct vqe_cmd_lake_options *options);
int vqe_cmd_lake_run_ingest(struct vqe_cmd_lake_options *options);

#endif

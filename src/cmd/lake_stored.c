/* One stored result of a result file, for the commands that print what its
 * orbitals and densities are. */
#include "lake_stored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/sha256.h"
#include "store/hdf5.h"

/* Experiments that an error names. */
#define NAMED 5
#define BASIS_LIMIT ((size_t)256 << 20) /* bytes */

/* The one result that is asked for. */
struct search {
  const struct vqe_cmd_lake_stored *wanted;
  const char *start; /* of its id; "" for the only one */
  size_t found;      /* with the property */
  size_t without;    /* without */
  size_t integrals;  /* of these from an FCIDUMP */
  char named[NAMED * 96];
  char *text;
};

/* A basis file is read again: it must be there and be that of the run. */
static int check_basis(const struct vqe_experiment *experiment)
{
  char hash[VQE_SHA256_HEX_SIZE];
  const char *path = experiment->basis_set;
  if (experiment->basis_sha256 == NULL) {
    return VQE_OK;
  }
  int status = vqe_sha256_file(hash, path, BASIS_LIMIT);
  if (status != VQE_OK) {
    return vqe_error_context(status,
                             "the basis file of the run, '%.300s' (from the "
                             "folder of the run, if it is relative)",
                             path);
  }
  return strcmp(hash, experiment->basis_sha256) == 0
             ? VQE_OK
             : vqe_error_set(VQE_ERR_INPUT,
                             "the basis file '%.300s' is not that of the run "
                             "any more, and its orbitals mean nothing in "
                             "another basis; restore it, or run it again",
                             path);
}

static int take_result(void *ctx, size_t index,
                       const struct vqe_result *result)
{
  struct search *search = ctx;
  const struct vqe_experiment *experiment = result->experiment;
  (void)index;
  if (strncmp(experiment->id, search->start, strlen(search->start)) != 0) {
    return VQE_OK;
  }
  const struct vqe_property *property =
      vqe_result_property(result, search->wanted->property);
  if (property == NULL || experiment->molecule == NULL) {
    search->without++;
    search->integrals += experiment->fcidump != NULL;
    return VQE_OK;
  }
  if (search->found < NAMED) {
    size_t used = strlen(search->named);
    snprintf(search->named + used, sizeof search->named - used, "%s%.12s (%s)",
             used > 0 ? ", " : "", experiment->id,
             experiment->name != NULL ? experiment->name : "");
  }
  search->found++;
  if (search->found > 1) {
    return VQE_OK;
  }
  int status = check_basis(experiment);
  return status == VQE_OK
             ? search->wanted->print(&search->text, result, property,
                                     search->wanted->options)
             : status;
}

static int find(struct search *search, const char *path)
{
  int status = vqe_hdf5_visit(path, take_result, search);
  if (status != VQE_OK) {
    return status;
  }
  if (search->found == 0 && search->without > 0 &&
      search->integrals == search->without) {
    return vqe_error_set(
        VQE_ERR_NOT_FOUND,
        "'%s' holds results of FCIDUMP files alone%s%s, which "
        "have integrals but no basis functions, so no "
        "orbitals to draw",
        path, search->start[0] != '\0' ? " at " : "", search->start);
  }
  if (search->found == 0 && search->without > 0) {
    return vqe_error_set(VQE_ERR_NOT_FOUND,
                         "'%s' holds no %s%s%s: run it with --properties rdm1",
                         path, search->wanted->what,
                         search->start[0] != '\0' ? " of " : "",
                         search->start);
  }
  if (search->found == 0) {
    return vqe_error_set(VQE_ERR_NOT_FOUND,
                         "'%s' holds no experiment whose id starts with '%s'",
                         path, search->start);
  }
  if (search->found > 1) {
    return vqe_error_set(
        VQE_ERR_INPUT,
        "'%s' holds %s of %zu experiments: %s%s; add the start of an id: "
        "vqe_lake %s FILE ID",
        path, search->wanted->what, search->found, search->named,
        search->found > NAMED ? ", ..." : "",
        search->wanted->options->command);
  }
  return VQE_OK;
}

int vqe_cmd_lake_print_stored(const struct vqe_cmd_lake_stored *wanted)
{
  const struct vqe_cmd_lake_options *options = wanted->options;
  struct search search = {
      .wanted = wanted,
      .start = options->narguments > 1 ? options->arguments[1] : ""};
  FILE *stream = NULL;
  int status = find(&search, options->arguments[0]);
  if (status == VQE_OK) {
    status = vqe_cmd_lake_open_output(&stream, options);
  }
  if (status == VQE_OK) {
    fputs(search.text, stream);
  }
  status = vqe_cmd_lake_close_output(stream, status);
  free(search.text);
  return status == VQE_OK ? EXIT_GOOD : vqe_cmd_lake_complain(status);
}

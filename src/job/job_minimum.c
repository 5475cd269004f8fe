#include "job/job_minimum.h"

#include <string.h>

#include "ansatz/ansatz_names.h"
#include "base/error_message.h"

#define MOST_RESTARTS 10000

/* ADAPT-VQE has one start. In a list of ansätze the others have several, alone
 * it is asked for what it cannot do. */
static int read_restarts(struct vqe_job_settings *out,
                         const struct vqe_job_reader *reader)
{
  struct vqe_job_value value;
  int64_t number = 1;
  bool have_starts = false;
  vqe_job_value_find(&value, reader, "restarts");
  int status = value.json == NULL
                   ? VQE_OK
                   : vqe_job_read_int(&number, value.json, 1, MOST_RESTARTS,
                                      value.where);
  for (size_t k = 0; k < out->nansatz; k++) {
    have_starts = have_starts || !vqe_ansatz_grows(out->ansatze[k].name);
  }
  if (status == VQE_OK && number > 1 && !have_starts) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: ADAPT-VQE has one start, the Hartree-Fock "
                         "state; leave 'restarts' out, or vary its pool",
                         value.where);
  }
  out->restarts = (int)number;
  return status;
}

static int read_escape(int *out, const struct vqe_job_reader *reader)
{
  struct vqe_job_value value;
  vqe_job_value_find(&value, reader, "escape_saddles");
  *out = VQE_ESCAPE_AUTO;
  if (value.json == NULL || json_is_null(value.json)) {
    return VQE_OK;
  }
  if (!json_is_boolean(value.json)) {
    return vqe_job_refuse(value.where, value.json,
                          "true, false or null: where they are likely");
  }
  *out = json_is_true(value.json) ? VQE_ESCAPE_ALWAYS : VQE_ESCAPE_NEVER;
  return VQE_OK;
}

static int read_weight(double *out, json_t *object, const char *member,
                       const struct vqe_job_value *value, const char *option,
                       const char *given)
{
  char where[320];
  int status = vqe_job_put_member(object, member, given);
  const json_t *weight = json_object_get(object, member);
  *out = 0.0;
  if (status != VQE_OK || weight == NULL || json_is_null(weight)) {
    return status;
  }
  vqe_job_member_where(where, sizeof where, value->where, member, option,
                       given);
  return vqe_job_read_size(out, weight, true, where);
}

/* Those are of the whole job, and so is the refusal, also where an ansatz
 * would pay nothing. */
static int check_penalty(const struct vqe_job_settings *settings,
                         const struct vqe_job_value *value)
{
  if (settings->shots > 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: a penalty needs exact energies and cannot be "
                         "had with %d shots; leave one of them out",
                         value->where, settings->shots);
  }
  if (strcmp(settings->device, "cuda") == 0 ||
      strcmp(settings->precision, "single") == 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: a penalty is computed on the CPU alone; use "
                         "--device cpu and --precision double",
                         value->where);
  }
  return VQE_OK;
}

static int read_penalty(struct vqe_job_settings *out,
                        const struct vqe_job_reader *reader)
{
  static const char *const known[] = {"number", "spin"};
  const struct vqe_job_overrides *overrides = reader->overrides;
  struct vqe_job_value value;
  vqe_job_value_find(&value, reader, "penalty");
  bool none = value.json == NULL || json_is_null(value.json);
  if (!none && !json_is_object(value.json)) {
    return vqe_job_refuse(value.where, value.json,
                          "an object with the weights 'number' and 'spin', "
                          "in hartree");
  }
  json_t *object = none ? json_object() : json_copy((json_t *)value.json);
  int status =
      vqe_job_check_keys(object, known, VQE_JOB_COUNT(known), value.where);
  if (status == VQE_OK) {
    status = read_weight(&out->penalty_number, object, "number", &value,
                         "penalty-number", overrides->penalty_number);
  }
  if (status == VQE_OK) {
    status = read_weight(&out->penalty_spin, object, "spin", &value,
                         "penalty-spin", overrides->penalty_spin);
  }
  json_decref(object);
  return status == VQE_OK &&
                 (out->penalty_number > 0.0 || out->penalty_spin > 0.0)
             ? check_penalty(out, &value)
             : status;
}

int vqe_job_minimum_read(struct vqe_job_settings *out,
                         const struct vqe_job_reader *reader)
{
  int status = read_restarts(out, reader);
  if (status == VQE_OK) {
    status = read_escape(&out->escape_saddles, reader);
  }
  if (status == VQE_OK) {
    status = read_penalty(out, reader);
  }
  return status;
}

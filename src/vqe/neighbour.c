#include "vqe/neighbour.h"

#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"

void vqe_neighbour_free(struct vqe_neighbour *neighbour)
{
  if (neighbour == NULL) {
    return;
  }
  vqe_orbitals_free(neighbour->orbitals);
  free(neighbour->parameters);
  free(neighbour->gates);
  free(neighbour->pool);
  free(neighbour->elements);
  free(neighbour->metric);
  free(neighbour);
}

const struct vqe_orbitals *vqe_neighbour_orbitals(const struct vqe_run *run)
{
  const struct vqe_neighbour *neighbour = run->options->neighbour;
  return neighbour != NULL ? neighbour->orbitals : NULL;
}

static bool alike(const struct vqe_gate *a, size_t na,
                  const struct vqe_gate *b, size_t nb)
{
  bool same = na == nb;
  for (size_t k = 0; same && k < na; k++) {
    same = a[k].kind == b[k].kind && a[k].param == b[k].param &&
           a[k].scale == b[k].scale;
    for (size_t q = 0; same && q < sizeof a[k].q / sizeof a[k].q[0]; q++) {
      same = a[k].q[q] == b[k].q[q];
    }
  }
  return same;
}

bool vqe_neighbour_serves(const struct vqe_run *run)
{
  const struct vqe_neighbour *neighbour = run->options->neighbour;
  if (neighbour == NULL || !run->integrals->followed ||
      run->rotation != NULL) {
    return false;
  }
  if (run->pool != NULL) {
    return alike(run->pool->gates, run->pool->ngate, neighbour->pool,
                 neighbour->npool);
  }
  return run->ansatz->nparam == neighbour->nparam &&
         alike(run->ansatz->gates, run->ansatz->ngate, neighbour->gates,
               neighbour->ngate);
}

static int copy_gates(struct vqe_gate **out, size_t *count,
                      const struct vqe_ansatz *ansatz)
{
  if (ansatz == NULL || ansatz->ngate == 0) {
    return VQE_OK;
  }
  int status = vqe_memory_alloc(out, ansatz->ngate, sizeof **out,
                                "circuit of a neighbour");
  if (status == VQE_OK) {
    memcpy(*out, ansatz->gates, ansatz->ngate * sizeof **out);
    *count = ansatz->ngate;
  }
  return status;
}

int vqe_neighbour_leave(struct vqe_neighbour **out, struct vqe_run *run)
{
  struct vqe_neighbour *left = NULL;
  const struct vqe_result *result = run->result;
  int status = vqe_memory_alloc(&left, 1, sizeof *left, "a neighbour");
  if (status != VQE_OK) {
    return status;
  }
  memcpy(left->id, run->experiment->id, sizeof left->id);
  left->nparam = run->ansatz->nparam;
  status = copy_gates(&left->gates, &left->ngate, run->ansatz);
  if (status == VQE_OK) {
    status = copy_gates(&left->pool, &left->npool, run->pool);
  }
  if (status == VQE_OK && left->nparam > 0) {
    status = vqe_memory_alloc(&left->parameters, (size_t)left->nparam,
                              sizeof(double), "parameters of a neighbour");
  }
  if (status != VQE_OK) {
    vqe_neighbour_free(left);
    return status;
  }
  if (left->nparam > 0) {
    memcpy(left->parameters, result->optimal_parameters,
           (size_t)left->nparam * sizeof(double));
  }
  left->orbitals = run->integrals->to_follow;
  run->integrals->to_follow = NULL;
  left->elements = run->elements;
  left->nelement = run->nelement;
  left->metric = run->metric;
  left->nmetric = run->nmetric;
  run->elements = NULL;
  run->nelement = 0;
  run->metric = NULL;
  run->nmetric = 0;
  *out = left;
  return VQE_OK;
}

int vqe_neighbour_note_elements(struct vqe_run *run, const int *elements,
                                int count)
{
  size_t before = (size_t)run->nelement;
  if (run->options->left == NULL || count == 0) {
    return VQE_OK;
  }
  int status =
      vqe_memory_grow(&run->elements, before, before + (size_t)count,
                      sizeof *run->elements, "operators of a neighbour");
  if (status == VQE_OK) {
    memcpy(run->elements + before, elements, (size_t)count * sizeof *elements);
    run->nelement += count;
  }
  return status;
}

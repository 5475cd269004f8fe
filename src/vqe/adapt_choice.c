#include "vqe/adapt_choice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "operators/qubits.h"

/* When several elements are added at a time, none has less than this share of
 * the largest slope. */
#define LEAST_SHARE 0.1

/* Slopes that differ by less than this share are equal. */
#define EQUAL 1e-6

/* An element of the pool. */
struct element {
  vqe_qubits qubits; /* that its excitations act on, without Z strings */
  int ngate;
  bool doubles; /* of one gate, a double */
  bool taken;
};

struct choice {
  const struct vqe_ansatz *pool;
  const double *slope;
  double gtol;
  /* excitations on the same four qubits enter together */
  bool together;
  /* those alone are not chosen, but stand in for sums of them */
  bool in_place;
  struct element *items;
  int *elements; /* chosen */
  int count, room;
  vqe_qubits used; /* qubits of the chosen */
};

static void describe(struct element *items, const struct vqe_ansatz *pool)
{
  for (size_t k = 0; k < pool->ngate; k++) {
    const struct vqe_gate *gate = &pool->gates[k];
    struct element *item = &items[gate->param];
    int order = vqe_gate_order(gate->kind);
    for (int j = 0; j < 2 * order; j++) {
      item->qubits |= vqe_qubits_bit(gate->q[j]);
    }
    item->ngate++;
    item->doubles = item->ngate == 1 && order == 2;
  }
}

/* Element of the largest slope that is left, the first of equal ones: those
 * that symmetry makes equal differ by rounding, and the choice must not depend
 * on how the molecule lies on the axes. */
static int largest(const struct choice *choice)
{
  const double *slope = choice->slope;
  int best = -1;
  for (int k = 0; k < choice->pool->nparam; k++) {
    const struct element *item = &choice->items[k];
    bool left = !item->taken && (item->qubits & choice->used) == 0 &&
                !(choice->in_place && item->doubles);
    if (left &&
        (best < 0 || fabs(slope[k]) > (1.0 + EQUAL) * fabs(slope[best]))) {
      best = k;
    }
  }
  return best;
}

/* The excitations on the four qubits of an element that have a slope, where
 * there are several; false: they are not, or there is no room. */
static bool take_together(struct choice *choice, int best)
{
  const struct element *items = choice->items;
  int before = choice->count;
  for (int k = 0; k < choice->pool->nparam; k++) {
    if (items[k].doubles && !items[k].taken &&
        items[k].qubits == items[best].qubits &&
        fabs(choice->slope[k]) > choice->gtol) {
      if (choice->count == choice->room) {
        choice->count = before;
        return false;
      }
      choice->elements[choice->count++] = k;
    }
  }
  if (choice->count - before < 2) {
    choice->count = before;
    return false;
  }
  for (int k = before; k < choice->count; k++) {
    choice->items[choice->elements[k]].taken = true;
  }
  return true;
}

static void take(struct choice *choice, int best, bool apart)
{
  vqe_qubits qubits = choice->items[best].qubits;
  bool four = choice->items[best].ngate > 1 || choice->items[best].doubles;
  choice->items[best].taken = true;
  if (choice->together && four) {
    choice->items[best].taken = choice->in_place;
    if (take_together(choice, best)) {
      choice->used |= apart ? qubits : 0;
      return;
    }
    choice->items[best].taken = true;
  }
  choice->elements[choice->count++] = best;
  choice->used |= apart ? qubits : 0;
}

static int choose(struct choice *choice,
                  const struct vqe_adapt_options *options)
{
  double least = 0.0;
  for (int step = 0; choice->count < choice->room &&
                     (options->tetris || step < options->operators_at_a_time);
       step++) {
    int best = largest(choice);
    if (best < 0 || fabs(choice->slope[best]) < least) {
      break;
    }
    if (step == 0) {
      least = options->tetris ? fmax(options->gradient_norm, choice->gtol)
                              : LEAST_SHARE * fabs(choice->slope[best]);
    }
    take(choice, best, options->tetris);
  }
  return choice->count > 0
             ? VQE_OK
             : vqe_error_set(VQE_ERR_NUMERIC, "the pool has no operators");
}

int vqe_adapt_choose(int **elements, int *count, const struct vqe_ansatz *pool,
                     const double *slope,
                     const struct vqe_adapt_options *options, int room,
                     double gtol)
{
  struct choice choice = {.pool = pool,
                          .slope = slope,
                          .gtol = gtol,
                          .together = strcmp(options->pool, "MVP-CEO") == 0,
                          .in_place = strcmp(options->pool, "DVG-CEO") == 0,
                          .room = room};
  size_t size = (size_t)pool->nparam;
  choice.together = choice.together || choice.in_place;
  int status = vqe_memory_alloc(&choice.items, size, sizeof *choice.items,
                                "choice of operators");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&choice.elements, size, sizeof *choice.elements,
                              "choice of operators");
  }
  if (status == VQE_OK) {
    describe(choice.items, pool);
    status = choose(&choice, options);
  }
  free(choice.items);
  if (status != VQE_OK) {
    free(choice.elements);
    choice.elements = NULL;
  }
  *elements = choice.elements;
  *count = choice.count;
  return status;
}

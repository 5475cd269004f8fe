#include "ansatz/lucj.h"

#include <stdlib.h>
#include <string.h>

#include "ansatz/ansatz_builders.h"
#include "base/error_message.h"
#include "base/memory.h"

/* A column is cleared from its lowest row upwards; the next one follows two
 * blocks behind, or one where the zeros of a determinant's lower triangle
 * give it a start one row below. */
size_t vqe_lucj_network(struct vqe_lucj_block *blocks, int norb, int columns)
{
  bool full = columns == norb;
  int virtuals = norb - columns;
  int last = full ? 2 * norb - 4 : norb - 2; /* layer undone first */
  size_t n = 0;
  for (int layer = last; layer >= 0; layer--) {
    for (int column = 0; column < columns; column++) {
      int step = full ? layer - 2 * column : layer - column;
      int steps = full ? norb - 1 - column : virtuals;
      if (step < 0 || step >= steps) {
        continue;
      }
      if (blocks != NULL) {
        int first = full ? norb - 2 : virtuals - 1 + column;
        blocks[n] =
            (struct vqe_lucj_block){first - step, column, last - layer};
      }
      n++;
    }
  }
  return n;
}

int vqe_lucj_columns(const struct vqe_ansatz *ansatz)
{
  if (ansatz->nalpha != ansatz->nbeta) {
    return ansatz->norb;
  }
  return ansatz->nalpha < ansatz->norb ? ansatz->nalpha : 0;
}

bool vqe_lucj_interacts(const char *pairs, bool same_spin, int p, int q)
{
  if (strcmp(pairs, "all-to-all") == 0) {
    return !same_spin || p != q;
  }
  if (same_spin) {
    return q == p + 1;
  }
  return p == q && (strcmp(pairs, "heavy-hex") != 0 || p % 4 == 0);
}

static int add_gate(struct vqe_ansatz_builder *builder,
                    enum vqe_gate_kind kind, int q0, int q1, int param)
{
  struct vqe_gate gate = {kind, {q0, q1, 0, 0}, param, 1.0};
  return vqe_ansatz_add(builder, &gate);
}

/* Layer after layer, so that the phases of one are neighbours in the list. */
static int add_rotation(struct vqe_ansatz_builder *builder,
                        const struct vqe_lucj_block *blocks, size_t nblock)
{
  struct vqe_ansatz *ansatz = builder->ansatz;
  int norb = ansatz->norb;
  int status = VQE_OK;
  size_t end;
  for (size_t k = 0; k < nblock; k = end) {
    end = k;
    while (end < nblock && blocks[end].layer == blocks[k].layer) {
      end++;
    }
    for (int kind = 0; kind < 2; kind++) {
      for (size_t b = k; b < end; b++) {
        int p = blocks[b].orbital;
        int param = ansatz->nparam + 2 * (int)b + kind;
        for (int spin = 0; status == VQE_OK && spin < 2; spin++) {
          int q = p + spin * norb;
          status = kind == 0
                       ? add_gate(builder, VQE_GATE_SINGLE, q, q + 1, param)
                       : add_gate(builder, VQE_GATE_PHASE, q, 0, param);
        }
      }
    }
  }
  ansatz->nparam += 2 * (int)nblock;
  return status;
}

static int add_couplings(struct vqe_ansatz_builder *builder)
{
  struct vqe_ansatz *ansatz = builder->ansatz;
  int norb = ansatz->norb;
  int status = VQE_OK;
  for (int same = 1; same >= 0; same--) {
    for (int p = 0; p < norb; p++) {
      for (int q = p; status == VQE_OK && q < norb; q++) {
        if (!vqe_lucj_interacts(ansatz->entanglement, same, p, q)) {
          continue;
        }
        int param = ansatz->nparam++;
        status =
            add_gate(builder, VQE_GATE_CPHASE, p, same ? q : q + norb, param);
        if (status == VQE_OK && (same || p != q)) {
          status = add_gate(builder, VQE_GATE_CPHASE, same ? p + norb : q,
                            same ? q + norb : p + norb, param);
        }
      }
    }
  }
  return status;
}

int vqe_ansatz_build_lucj(struct vqe_ansatz_builder *builder,
                          const struct vqe_ansatz_options *options)
{
  struct vqe_ansatz *ansatz = builder->ansatz;
  struct vqe_lucj_block *blocks = NULL;
  int norb = ansatz->norb;
  size_t most = (size_t)norb * (size_t)norb;
  int status =
      vqe_memory_alloc(&blocks, most, sizeof *blocks, "orbital rotation");
  if (status == VQE_OK) {
    status = vqe_ansatz_add_hf_state(builder);
  }
  if (status == VQE_OK) {
    size_t n = vqe_lucj_network(blocks, norb, vqe_lucj_columns(ansatz));
    status = add_rotation(builder, blocks, n);
  }
  for (int r = 0; status == VQE_OK && r < options->reps; r++) {
    status = add_couplings(builder);
    if (status == VQE_OK) {
      size_t n = vqe_lucj_network(blocks, norb, norb);
      status = add_rotation(builder, blocks, n);
    }
  }
  free(blocks);
  return status;
}

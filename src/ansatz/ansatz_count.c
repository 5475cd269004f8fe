#include "ansatz/ansatz_count.h"

#include <math.h>
#include <string.h>

static double choose2(double n)
{
  return n * (n - 1.0) / 2.0;
}

static bool has_entanglement(const struct vqe_ansatz_shape *shape,
                             const char *name)
{
  return shape->entanglement != NULL && strcmp(shape->entanglement, name) == 0;
}

/* Singles of one repetition: both spins share them in closed shells. */
static double singles(const struct vqe_ansatz_shape *shape)
{
  double alpha = shape->nalpha * (double)(shape->norb - shape->nalpha);
  double beta = shape->nbeta * (double)(shape->norb - shape->nbeta);
  return shape->nalpha == shape->nbeta ? alpha : alpha + beta;
}

double vqe_count_uccd(const struct vqe_ansatz_shape *shape)
{
  double oa = shape->nalpha;
  double va = shape->norb - shape->nalpha;
  double ob = shape->nbeta;
  double vb = shape->norb - shape->nbeta;
  if (shape->nalpha == shape->nbeta) {
    return shape->reps *
           (choose2(oa) * choose2(va) + oa * va * (oa * va + 1.0) / 2.0);
  }
  return shape->reps * (choose2(oa) * choose2(va) + choose2(ob) * choose2(vb) +
                        oa * va * ob * vb);
}

double vqe_count_uccsd(const struct vqe_ansatz_shape *shape)
{
  return vqe_count_uccd(shape) + shape->reps * singles(shape);
}

/* Doubly occupied orbitals of the reference, and empty ones. */
static double pairs_of(const struct vqe_ansatz_shape *shape, double *empty)
{
  bool more_alpha = shape->nalpha > shape->nbeta;
  *empty = shape->norb - (more_alpha ? shape->nalpha : shape->nbeta);
  return more_alpha ? shape->nbeta : shape->nalpha;
}

double vqe_count_puccd(const struct vqe_ansatz_shape *shape)
{
  double empty;
  double occupied = pairs_of(shape, &empty);
  return shape->reps * occupied * empty;
}

double vqe_count_uccd0(const struct vqe_ansatz_shape *shape)
{
  double empty;
  double occupied = pairs_of(shape, &empty);
  return shape->reps * choose2(occupied + 1.0) * choose2(empty + 1.0);
}

double vqe_count_adapt(const struct vqe_ansatz_shape *shape)
{
  return shape->max_operators;
}

double vqe_count_kupccgsd(const struct vqe_ansatz_shape *shape)
{
  return shape->reps * 2.0 * choose2(shape->norb);
}

double vqe_count_kupccgd(const struct vqe_ansatz_shape *shape)
{
  return shape->reps * choose2(shape->norb);
}

double vqe_count_lucj(const struct vqe_ansatz_shape *shape)
{
  double norb = shape->norb;
  double couplings = 2.0 * norb - 1.0;
  if (has_entanglement(shape, "all-to-all")) {
    couplings = norb * norb;
  } else if (has_entanglement(shape, "heavy-hex")) {
    couplings = norb - 1.0 + ceil(norb / 4.0);
  }
  double occupied = shape->nalpha;
  double first = shape->nalpha == shape->nbeta
                     ? 2.0 * occupied * (norb - occupied)
                     : norb * (norb - 1.0);
  return first + shape->reps * (couplings + norb * (norb - 1.0));
}

double vqe_count_real_amplitudes(const struct vqe_ansatz_shape *shape)
{
  return 2.0 * shape->norb * (shape->reps + 1.0);
}

double vqe_count_efficient_su2(const struct vqe_ansatz_shape *shape)
{
  return 2.0 * vqe_count_real_amplitudes(shape);
}

double vqe_count_excitation_preserving(const struct vqe_ansatz_shape *shape)
{
  double n = 2.0 * shape->norb;
  double pairs = n - 1.0;
  if (shape->entanglement == NULL || has_entanglement(shape, "full")) {
    pairs = choose2(n);
  } else if (n > 2.0 && (has_entanglement(shape, "circular") ||
                         has_entanglement(shape, "sca"))) {
    pairs = n;
  }
  return n * (shape->reps + 1.0) + shape->reps * pairs;
}

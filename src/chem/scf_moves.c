#include "chem/scf_moves.h"

#include <cblas.h>
#include <math.h>

/* Frontier orbitals nearer than this are filled the other way too. */
#define NEAR_LEVELS 0.6       /* hartree */
#define NEAR_LEVELS_OPEN 1.0  /* hartree, of open shells */
#define NEAR_LEVELS_LARGE 0.1 /* hartree, of larger molecules */

/* Highest orbital of an irrep in [first, last) and lowest in [from, m). */
static double highest(const struct vqe_scf_work *work, const double *energies,
                      int irrep, int first, int last)
{
  double found = -HUGE_VAL;
  for (int i = first; i < last; i++) {
    if (work->irrep[i] == irrep) {
      found = fmax(found, energies[i]);
    }
  }
  return found;
}

static double lowest(const struct vqe_scf_work *work, const double *energies,
                     int irrep, int first, int last)
{
  double found = HUGE_VAL;
  for (int i = first; i < last; i++) {
    if (work->irrep[i] == irrep) {
      found = fmin(found, energies[i]);
    }
  }
  return found;
}

static void add_move(struct vqe_scf_moves *list, double gap,
                     struct vqe_scf_move move)
{
  int at = list->count;
  move.gap = gap;
  while (at > 0 && list->items[at - 1].gap > gap) {
    if (at < VQE_SCF_MAX_MOVES) {
      list->items[at] = list->items[at - 1];
    }
    at--;
  }
  if (at < VQE_SCF_MAX_MOVES) {
    list->items[at] = move;
    list->count += list->count < VQE_SCF_MAX_MOVES;
  }
}

void vqe_scf_list_moves(struct vqe_scf_moves *list, struct vqe_scf_work *work)
{
  int nalpha = work->in->nalpha;
  int nbeta = work->in->nbeta;
  int m = work->nmo;
  double near = work->closed ? NEAR_LEVELS : NEAR_LEVELS_OPEN;
  if (work->in->nao > VQE_SCF_MAX_NAO_SEARCH) {
    near = NEAR_LEVELS_LARGE;
  }
  double *alpha = work->values;
  double *beta = work->order;
  list->count = 0;
  vqe_scf_orbital_energies(alpha, work,
                           work->closed ? work->fock : work->fock_a);
  vqe_scf_orbital_energies(beta, work,
                           work->closed ? work->fock : work->fock_b);
  for (int from = 0; from < VQE_SCF_IRREPS; from++) {
    for (int to = 0; to < VQE_SCF_IRREPS; to++) {
      double pair = 0.5 * (lowest(work, alpha, to, nalpha, m) +
                           lowest(work, beta, to, nalpha, m)) -
                    0.5 * (highest(work, alpha, from, 0, nbeta) +
                           highest(work, beta, from, 0, nbeta));
      double single = lowest(work, alpha, to, nalpha, m) -
                      highest(work, alpha, from, nbeta, nalpha);
      double down = lowest(work, beta, to, nbeta, nalpha) -
                    highest(work, beta, from, 0, nbeta);
      if (pair < near) {
        add_move(list, pair, (struct vqe_scf_move){0, from, to, 1, 0});
      }
      if (single < near) {
        add_move(list, single, (struct vqe_scf_move){0, from, to, 0, 1});
      }
      if (down < near) {
        /* the pair and the single electron change places */
        add_move(list, down, (struct vqe_scf_move){0, from, to, 1, -1});
      }
    }
  }
}

/* The last orbital of an irrep in [first, last), or -1. */
static int last_of(const struct vqe_scf_work *work, int irrep, int first,
                   int last)
{
  while (last > first && work->irrep[last - 1] != irrep) {
    last--;
  }
  return last > first ? last - 1 : -1;
}

static int first_of(const struct vqe_scf_work *work, int irrep, int first,
                    int last)
{
  while (first < last && work->irrep[first] != irrep) {
    first++;
  }
  return first < last ? first : -1;
}

void vqe_scf_exchange(struct vqe_scf_work *work,
                      const struct vqe_scf_move *move)
{
  int nalpha = work->in->nalpha;
  int nbeta = work->in->nbeta;
  int m = work->nmo;
  int from = last_of(work, move->from, move->closed > 0 ? 0 : nbeta,
                     move->closed > 0 ? nbeta : nalpha);
  int to = first_of(work, move->to, move->open < 0 ? nbeta : nalpha,
                    move->open < 0 ? nalpha : m);
  if (from >= 0 && to >= 0) {
    cblas_dswap(work->in->nao, work->mo_coeff + from, m, work->mo_coeff + to,
                m);
  }
}

#include "chem/scf_work.h"

#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/stop.h"
#include "chem/fock.h"

int vqe_scf_work_alloc(struct vqe_scf_work *work,
                       const struct vqe_scf_input *in)
{
  size_t n = (size_t)in->nao;
  size_t n2 = n * n;
  struct {
    void *at;
    size_t count;
    size_t size;
  } arrays[] = {
      {&work->x, n2, sizeof(double)},
      {&work->mo_coeff, n2, sizeof(double)},
      {&work->values, n, sizeof(double)},
      {&work->dm, n2, sizeof(double)},
      {&work->dm_a, n2, sizeof(double)},
      {&work->dm_b, n2, sizeof(double)},
      {&work->coulomb, n2, sizeof(double)},
      {&work->exchange_a, n2, sizeof(double)},
      {&work->exchange_b, n2, sizeof(double)},
      {&work->fock, n2, sizeof(double)},
      {&work->fock_a, n2, sizeof(double)},
      {&work->fock_b, n2, sizeof(double)},
      {&work->mixed, n2, sizeof(double)},
      {&work->t1, n2, sizeof(double)},
      {&work->t2, n2, sizeof(double)},
      {&work->t3, n2, sizeof(double)},
      {&work->packed, vqe_fock_scratch(in->nao), sizeof(double)},
      {&work->error, n2, sizeof(double)},
      {&work->small, n2, sizeof(double)},
      {&work->order, n, sizeof(double)},
      {&work->rank, n, sizeof(int)},
      {&work->irrep, n, sizeof(int)},
      {&work->labels, n, sizeof(int)},
  };
  memset(work, 0, sizeof *work);
  work->in = in;
  work->closed = in->nalpha == in->nbeta;
  for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++) {
    int status = vqe_memory_alloc(arrays[k].at, arrays[k].count,
                                  arrays[k].size, "SCF matrices");
    if (status != VQE_OK) {
      return status;
    }
  }
  for (size_t k = 0; in->direct != NULL && k < 6; k++) {
    int status =
        vqe_memory_alloc(&work->kept[k], n2, sizeof(double), "SCF matrices");
    if (status != VQE_OK) {
      return status;
    }
  }
  return vqe_diis_new(&work->diis, n2, n2);
}

void vqe_scf_work_free(struct vqe_scf_work *work)
{
  void *arrays[] = {
      work->x,          work->mo_coeff, work->values,  work->dm,
      work->dm_a,       work->dm_b,     work->coulomb, work->exchange_a,
      work->exchange_b, work->fock,     work->fock_a,  work->fock_b,
      work->mixed,      work->t1,       work->t2,      work->t3,
      work->packed,     work->error,    work->small,   work->order,
      work->irrep,      work->labels,   work->rank};
  for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++) {
    free(arrays[k]);
  }
  for (size_t k = 0; k < 6; k++) {
    free(work->kept[k]);
  }
  vqe_diis_free(work->diis);
}

void vqe_scf_multiply(double *c, const double *a, bool ta, const double *b,
                      bool tb, int m, int n, int k)
{
  cblas_dgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans,
              tb ? CblasTrans : CblasNoTrans, m, n, k, 1.0, a, ta ? m : k, b,
              tb ? k : n, 0.0, c, n);
}

int vqe_scf_jk(double *j, const double *dj, double *const k[2],
               const double *const dk[2], const struct vqe_scf_input *in,
               double *scratch)
{
  if (in->eri == NULL) {
    return vqe_direct_jk(j, dj, k[1] != NULL ? 2 : k[0] != NULL, k, dk,
                         in->direct);
  }
  size_t pairs = (size_t)in->nao * (size_t)(in->nao + 1) / 2;
  if (vqe_stop_asked(in->stop, pairs * pairs)) {
    return vqe_stop_status(in->stop);
  }
  bool together = j != NULL && k[0] != NULL && dj == dk[0];
  if (j != NULL) {
    vqe_fock_jk(j, together ? k[0] : NULL, in->eri, dj, in->nao, scratch,
                in->threads);
  }
  for (int spin = together ? 1 : 0; spin < 2; spin++) {
    if (k[spin] != NULL) {
      vqe_fock_jk(NULL, k[spin], in->eri, dk[spin], in->nao, scratch,
                  in->threads);
    }
  }
  return VQE_OK;
}

void vqe_scf_add_note(char note[256], const char *text)
{
  size_t used = strlen(note);
  snprintf(note + used, 256 - used, "%s%s", used > 0 ? "; " : "", text);
}

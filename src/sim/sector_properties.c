/* What a sector state says beyond its energy: spin, densities, amplitudes in
 * the full space. */
#include <cblas.h>
#include <string.h>

#include "base/error_message.h"
#include "sim/sector_tables.h"
#include "sim/spin.h"

/* Add <E_pq + E_qp>/2 of both spins in one plane. */
static int add_density(struct vqe_sector *sector, double *rdm1,
                       const double *psi)
{
  int norb = sector->hamiltonian->norb;
  const struct vqe_layout *layout = &sector->layout;
  int status = VQE_OK;
  for (int p = 0; status == VQE_OK && p < norb; p++) {
    for (int q = 0; status == VQE_OK && q <= p; q++) {
      double value = 0.0;
      if (sector->irrep[p] != sector->irrep[q]) {
        continue;
      }
      for (int spin = 0; status == VQE_OK && spin < 2; spin++) {
        struct vqe_string_pairs pairs;
        status = vqe_string_pairs_init(
            &pairs, spin == 0 ? sector->alpha : sector->beta, q, p, -1, -1);
        for (int ca = 0; status == VQE_OK && ca < sector->alpha->nclass;
             ca++) {
          for (int cb = 0; cb < sector->beta->nclass; cb++) {
            if (!vqe_layout_has(layout, ca, cb)) {
              continue;
            }
            size_t rows = vqe_layout_rows(layout, ca);
            size_t cols = vqe_layout_cols(layout, cb);
            const double *block = psi + layout->offset[ca][cb];
            int own = spin == 0 ? ca : cb;
            uint32_t base =
                (spin == 0 ? sector->alpha : sector->beta)->class_start[own];
            for (uint32_t k = pairs.start[own]; k < pairs.start[own + 1];
                 k++) {
              size_t from = pairs.items[k].from - base;
              size_t to = pairs.items[k].to - base;
              double sum = 0.0;
              if (spin == 0) {
                sum = cblas_ddot((int)cols, block + from * cols, 1,
                                 block + to * cols, 1);
              } else {
                for (size_t r = 0; r < rows; r++) {
                  sum += block[r * cols + from] * block[r * cols + to];
                }
              }
              value += pairs.items[k].sign * sum;
            }
          }
        }
        vqe_string_pairs_clear(&pairs);
      }
      if (vqe_stop_asked(sector->stop, sector->layout.size)) {
        return vqe_stop_status(sector->stop);
      }
      rdm1[p * norb + q] += value;
      if (p != q) {
        rdm1[q * norb + p] += value;
      }
    }
  }
  return status;
}

int vqe_sector_properties(void *backend, struct vqe_properties *out,
                          double *rdm1, const double *parameters)
{
  struct vqe_sector *sector = backend;
  int norb = sector->hamiltonian->norb;
  struct vqe_spin_tables *tables = NULL;
  vqe_sector_prepare(sector, parameters);
  out->n = sector->ansatz->nalpha + sector->ansatz->nbeta;
  out->sz = 0.5 * (sector->ansatz->nalpha - sector->ansatz->nbeta);
  int status = vqe_spin_tables_create(&tables, sector->alpha, sector->beta,
                                      sector->irrep, sector->threads);
  if (status == VQE_OK) {
    vqe_spin_watch(tables, sector->stop);
    status = vqe_stop_status(sector->stop);
  }
  out->s2 = 0.0;
  out->reference_weight = 0.0;
  for (int k = 0; rdm1 != NULL && k < norb * norb; k++) {
    rdm1[k] = 0.0;
  }
  const double *planes[2] = {sector->psi.re, sector->psi.im};
  for (int k = 0; k < 2 && planes[k] != NULL && status == VQE_OK; k++) {
    double amplitude = planes[k][sector->reference];
    out->reference_weight += amplitude * amplitude;
    out->s2 += vqe_spin_expectation(tables, &sector->layout, planes[k]);
    if (rdm1 != NULL) {
      status = add_density(sector, rdm1, planes[k]);
    }
  }
  vqe_spin_tables_free(tables);
  return status == VQE_OK ? vqe_stop_status(sector->stop) : status;
}

int vqe_sector_densities(void *backend, double *pairs1, double *pairs2,
                         const double *parameters)
{
  struct vqe_sector *sector = backend;
  size_t norb = (size_t)sector->hamiltonian->norb;
  size_t npair = norb * (norb + 1) / 2;
  int status = VQE_OK;
  if (sector->density == NULL) {
    status = vqe_density_create(&sector->density, sector->alpha, sector->beta,
                                sector->irrep);
  }
  if (status != VQE_OK) {
    return status;
  }
  vqe_sector_prepare(sector, parameters);
  memset(pairs1, 0, npair * sizeof *pairs1);
  memset(pairs2, 0, npair * npair * sizeof *pairs2);
  vqe_density_add(sector->density, &sector->layout, pairs1, pairs2,
                  sector->psi.re);
  if (sector->psi.im != NULL) {
    vqe_density_add(sector->density, &sector->layout, pairs1, pairs2,
                    sector->psi.im);
  }
  return vqe_stop_status(sector->stop);
}

int vqe_sector_blocks(void *backend, struct vqe_backend_blocks *out,
                      const double *parameters)
{
  struct vqe_sector *sector = backend;
  vqe_sector_prepare(sector, parameters);
  *out = (struct vqe_backend_blocks){.layout = &sector->layout,
                                     .sigma = sector->sigma,
                                     .re = sector->psi.re,
                                     .im = sector->psi.im,
                                     .threads = sector->threads,
                                     .stop = sector->stop};
  return vqe_stop_status(sector->stop);
}

/* Place every determinant at its bits: alpha low, beta high. */
int vqe_sector_state(void *backend, double *re, double *im,
                     const double *parameters)
{
  struct vqe_sector *sector = backend;
  const struct vqe_layout *layout = &sector->layout;
  int norb = sector->hamiltonian->norb;
  size_t full = (size_t)1 << (2 * norb);
  vqe_sector_prepare(sector, parameters);
  memset(re, 0, full * sizeof *re);
  memset(im, 0, full * sizeof *im);
  for (int ca = 0; ca < sector->alpha->nclass; ca++) {
    for (int cb = 0; cb < sector->beta->nclass; cb++) {
      if (!vqe_layout_has(layout, ca, cb)) {
        continue;
      }
      for (uint32_t s = sector->alpha->class_start[ca];
           s < sector->alpha->class_start[ca + 1]; s++) {
        size_t row = vqe_layout_row(layout, ca, cb, s);
        uint32_t base = sector->beta->class_start[cb];
        for (uint32_t u = base; u < sector->beta->class_start[cb + 1]; u++) {
          size_t to =
              (size_t)sector->beta->bits[u] << norb | sector->alpha->bits[s];
          re[to] = sector->psi.re[row + u - base];
          if (sector->psi.im != NULL) {
            im[to] = sector->psi.im[row + u - base];
          }
        }
      }
    }
  }
  return vqe_stop_status(sector->stop);
}

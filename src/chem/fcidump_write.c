#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/missing.h"
#include "chem/env.h"
#include "vqe/chem.h"

#define SMALLEST 1e-15 /* hartree */

static void put(FILE *stream, double value, int i, int j, int k, int l)
{
  /* a file without one-electron integrals looks truncated */
  bool first = i == 1 && j == 1 && k == 0;
  if (fabs(value) >= SMALLEST || first) {
    fprintf(stream, " %.17g %4d %4d %4d %4d\n", value, i, j, k, l);
  }
}

static void put_integrals(FILE *stream, const struct vqe_integrals *x)
{
  size_t npair = (size_t)x->norb * (size_t)(x->norb + 1) / 2;
  fprintf(stream, "&FCI NORB=%d,NELEC=%d,MS2=%d,\n ORBSYM=", x->norb,
          x->nalpha + x->nbeta, x->nalpha - x->nbeta);
  for (int p = 0; p < x->norb; p++) {
    fprintf(stream, "%d,", x->irreps != NULL ? x->irreps[p] + 1 : 1);
  }
  fprintf(stream, "\n ISYM=%d,\n&END\n",
          x->irreps != NULL ? x->target_irrep + 1 : 1);
  for (int p = 0; p < x->norb; p++) {
    for (int q = 0; q <= p; q++) {
      size_t pq = vqe_pair((size_t)p, (size_t)q);
      for (int r = 0; r <= p; r++) {
        for (int s = 0; s <= r; s++) {
          size_t rs = vqe_pair((size_t)r, (size_t)s);
          if (rs <= pq) {
            put(stream, x->eri[pq * npair + rs], p + 1, q + 1, r + 1, s + 1);
          }
        }
      }
    }
  }
  for (int p = 0; p < x->norb; p++) {
    for (int q = 0; q <= p; q++) {
      put(stream, x->h1e[p * x->norb + q], p + 1, q + 1, 0, 0);
    }
  }
  fprintf(stream, " %.17g %4d %4d %4d %4d\n", x->nuclear_repulsion + x->e_core,
          0, 0, 0, 0);
}

int vqe_fcidump_write(const struct vqe_integrals *integrals, const char *path)
{
  int missing = vqe_missing(__func__, "integrals path", integrals, path);
  if (missing == VQE_OK) {
    missing = vqe_missing(__func__, "integrals->h1e integrals->eri",
                          integrals->h1e, integrals->eri);
  }
  if (missing != VQE_OK) {
    return missing;
  }
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  if (stream == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for the FCIDUMP '%s'",
                         path);
  }
  put_integrals(stream, integrals);
  int failed = ferror(stream);
  if (fclose(stream) != 0 || failed) {
    free(text);
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for the FCIDUMP '%s'",
                         path);
  }
  int status = vqe_file_write(path, text, size);
  free(text);
  return status;
}

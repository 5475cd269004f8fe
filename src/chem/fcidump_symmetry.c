/* ORBSYM and ISYM of an FCIDUMP. Irreps of the eight Abelian groups count
 * from 1, so that (a - 1) XOR (b - 1) is the product less 1, in Molpro's order
 * as in Cotton's. */
#include "chem/fcidump_symmetry.h"

#include <math.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/notes.h"
#include "chem/env.h"
#include "vqe/error.h"

#define MAX_IRREP 8
/* Hartree: less is what convergence of SCF and rounding of a file leave. */
#define FORBIDDEN 1e-5

#define NO_IRREP                                                              \
  "; write ISYM=1 (or leave it out) for the lowest state of any irrep"

static bool wants_irrep(const struct vqe_fcidump_file *file)
{
  return file->isym != 0 && file->isym != 1;
}

static int product(const struct vqe_fcidump_file *file, int p, int q)
{
  return (file->orbsym[p] - 1) ^ (file->orbsym[q] - 1);
}

/* What ISYM needs of the header. */
static int check_labels(const struct vqe_fcidump_file *file)
{
  const char *source = file->source;
  if (file->isym < 0 || file->isym > MAX_IRREP) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "FCIDUMP '%.400s': ISYM=%d is not an irrep, 1 to "
                         "8" NO_IRREP,
                         source, file->isym);
  }
  if (file->nsym < file->norb) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "FCIDUMP '%.400s': ISYM=%d names an irrep, and "
                         "ORBSYM has %d of NORB=%d entries" NO_IRREP,
                         source, file->isym, file->nsym, file->norb);
  }
  for (int p = 0; p < file->norb; p++) {
    if (file->orbsym[p] < 1 || file->orbsym[p] > MAX_IRREP) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "FCIDUMP '%.400s': ISYM=%d names an irrep, and "
                           "orbital %d has ORBSYM %d, not 1 to 8" NO_IRREP,
                           source, file->isym, p + 1, file->orbsym[p]);
    }
  }
  return VQE_OK;
}

static int forbidden(const struct vqe_fcidump_file *file, uint32_t line,
                     double value)
{
  return vqe_error_set(VQE_ERR_INPUT,
                       "FCIDUMP '%.400s', line %u: ORBSYM forbids this "
                       "integral, which is %.3g, so ISYM=%d means "
                       "nothing" NO_IRREP,
                       file->source, line, value, file->isym);
}

static int check_integrals(const struct vqe_fcidump_file *file)
{
  size_t n = (size_t)file->norb;
  size_t npair = n * (n + 1) / 2;
  for (int p = 0; p < file->norb; p++) {
    for (int q = 0; q <= p; q++) {
      size_t pq = vqe_pair((size_t)p, (size_t)q);
      int left = product(file, p, q);
      double h = file->h1e[(size_t)p * n + (size_t)q];
      if (left != 0 && fabs(h) > FORBIDDEN) {
        return forbidden(file, file->h1e_lines[pq], h);
      }
      for (int r = 0; r <= p; r++) {
        for (int s = 0; s <= r; s++) {
          size_t place = pq * npair + vqe_pair((size_t)r, (size_t)s);
          if (left != product(file, r, s) &&
              fabs(file->eri[place]) > FORBIDDEN &&
              file->eri_lines[place] != 0) {
            return forbidden(file, file->eri_lines[place], file->eri[place]);
          }
        }
      }
    }
  }
  return VQE_OK;
}

int vqe_fcidump_check_irreps(const struct vqe_fcidump_file *file)
{
  if (!wants_irrep(file)) {
    return VQE_OK;
  }
  int status = check_labels(file);
  return status == VQE_OK ? check_integrals(file) : status;
}

/* Irrep, from 0, of the determinant of the first orbitals; -1: not known. */
static int reference_irrep(const struct vqe_fcidump_file *file, int nalpha,
                           int nbeta)
{
  int irrep = 0;
  for (int p = nbeta; p < nalpha; p++) {
    if (p >= file->nsym || file->orbsym[p] < 1 ||
        file->orbsym[p] > MAX_IRREP) {
      return -1;
    }
    irrep ^= file->orbsym[p] - 1;
  }
  return irrep;
}

int vqe_fcidump_check_reference(char **notes,
                                const struct vqe_fcidump_file *file,
                                int nalpha, int nbeta)
{
  int irrep = reference_irrep(file, nalpha, nbeta);
  if (file->isym == 1 && irrep > 0) {
    return vqe_notes_add(notes, VQE_NOTE_ISYM_NOT_TAKEN,
                         "ISYM=1 is taken for not given, as many programs "
                         "write it whatever the state; the reference is of "
                         "irrep %d",
                         irrep + 1);
  }
  if (!wants_irrep(file) || irrep == file->isym - 1) {
    return VQE_OK;
  }
  if (nalpha == nbeta) {
    return vqe_error_set(
        VQE_ERR_UNSUPPORTED,
        "FCIDUMP '%.400s': ISYM=%d with MS2=0 is an open-shell singlet: the "
        "closed-shell reference is of irrep 1, so no reference has this "
        "irrep; write MS2=2 for the triplet, or ISYM=1 (or leave it out) for "
        "the lowest state of any irrep",
        file->source, file->isym);
  }
  return vqe_error_set(VQE_ERR_INPUT,
                       "FCIDUMP '%.400s': no determinant with the MS2=%d open "
                       "orbitals alone and pairs in the others is of irrep "
                       "ISYM=%d by ORBSYM" NO_IRREP,
                       file->source, file->ms2, file->isym);
}

int vqe_fcidump_label(struct vqe_integrals *out,
                      const struct vqe_fcidump_file *file, int first)
{
  if (!wants_irrep(file)) {
    return VQE_OK;
  }
  int status = vqe_memory_alloc(&out->irreps, (size_t)out->norb, 1, "irreps");
  if (status != VQE_OK) {
    return status;
  }
  int all = file->isym - 1;
  for (int p = 0; p < out->norb; p++) {
    int irrep = file->orbsym[first + p] - 1;
    out->irreps[p] = (uint8_t)irrep;
    all |= irrep;
  }
  out->nirrep = all >= 4 ? 8 : all >= 2 ? 4 : 2;
  out->target_irrep = file->isym - 1;
  return VQE_OK;
}

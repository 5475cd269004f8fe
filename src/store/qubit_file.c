#include "store/qubit_file.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/missing.h"
#include "operators/qubits.h"
#include "vqe/operators.h"

/* ---- OpenFermion's text: "0.5 [X0 Z1] +", a term a line ---- */

static void put_terms(FILE *stream, const struct vqe_pauli_sum *sum)
{
  for (size_t k = 0; k < sum->nterm; k++) {
    const char *before = "";
    fprintf(stream, "%.17g [", sum->coeff[k]);
    for (int q = 0; q < sum->nqubit; q++) {
      int letter = vqe_qubits_has(sum->x[k], q) | vqe_qubits_has(sum->z[k], q)
                                                      << 1;
      if (letter != 0) {
        fprintf(stream, "%s%c%d", before, "IXZY"[letter], q);
        before = " ";
      }
    }
    fprintf(stream, "]%s\n", k + 1 < sum->nterm ? " +" : "");
  }
}

static int write_text(const char *path,
                      const struct vqe_qubit_hamiltonian *hamiltonian)
{
  char *text = NULL;
  size_t size = 0;
  int status = VQE_OK;
  FILE *stream = open_memstream(&text, &size);
  int failed = stream == NULL;
  if (stream != NULL) {
    put_terms(stream, hamiltonian->sum);
    failed = ferror(stream);
    failed |= fclose(stream);
  }
  if (failed) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for '%s'", path);
  } else {
    status = vqe_file_write(path, text, size);
  }
  free(text);
  return status;
}

/* ---- Qiskit's list: [["ZI", 0.5], ...], for SparsePauliOp.from_list ---- */

static int write_json(const char *path,
                      const struct vqe_qubit_hamiltonian *hamiltonian)
{
  const struct vqe_pauli_sum *sum = hamiltonian->sum;
  char label[2 * VQE_MAX_ORBITALS + 1];
  json_t *list = json_array();
  int failed = list == NULL;
  for (size_t k = 0; !failed && k < sum->nterm; k++) {
    vqe_pauli_label(label, sum->nqubit, sum->x[k], sum->z[k]);
    failed =
        json_array_append_new(list, json_pack("[sf]", label, sum->coeff[k]));
  }
  char *text = failed ? NULL : vqe_json_dumps(list, JSON_REAL_PRECISION(17));
  int status = VQE_OK;
  if (text == NULL) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for '%s'", path);
  } else {
    /* the NUL's place is taken by the last line's end */
    size_t length = strlen(text);
    text[length] = '\n';
    status = vqe_file_write(path, text, length + 1);
  }
  free(text);
  json_decref(list);
  return status;
}

/* ---- by the ending ---- */

/* Bytes that a term takes at most while a file is written: of OpenFermion's
 * text, twice as it grows; of a JSON value with its objects; of a row. */
static size_t text_bytes(size_t nqubit)
{
  return 2 * (32 + 5 * nqubit);
}

static size_t json_bytes(size_t nqubit)
{
  return 400 + 2 * nqubit;
}

static size_t row_bytes(size_t nqubit)
{
  return nqubit + sizeof(double);
}

typedef int (*writer)(const char *path,
                      const struct vqe_qubit_hamiltonian *hamiltonian);

struct format {
  const char *ending;
  writer write;
  size_t (*bytes)(size_t nqubit);
};

static const struct format formats[] = {
    {".txt", write_text, text_bytes},
    {".openfermion", write_text, text_bytes},
    {".json", write_json, json_bytes},
    {".h5", vqe_qubitfile_hdf5, row_bytes},
    {".hdf5", vqe_qubitfile_hdf5, row_bytes}};

/* NULL for another ending. */
static const struct format *find_format(const char *path)
{
  const char *slash = strrchr(path, '/');
  const char *dot = strrchr(slash != NULL ? slash : path, '.');
  for (size_t k = 0; dot != NULL && k < sizeof formats / sizeof formats[0];
       k++) {
    if (strcasecmp(dot, formats[k].ending) == 0) {
      return &formats[k];
    }
  }
  return NULL;
}

int vqe_qubitfile_check(const char *path)
{
  int missing = vqe_missing(__func__, "path", path);
  if (missing != VQE_OK) {
    return missing;
  }
  return find_format(path) != NULL
             ? VQE_OK
             : vqe_error_set(VQE_ERR_INPUT,
                             "Hamiltonian '%s': the ending says the format: "
                             ".txt or .openfermion (OpenFermion), .json "
                             "(Qiskit), .h5 or .hdf5",
                             path);
}

/* Does what is written fit memory, as each file is made there first? */
static int check_room(const char *path, const struct vqe_pauli_sum *sum)
{
  size_t bytes = 0;
  size_t each = find_format(path)->bytes((size_t)sum->nqubit);
  if (vqe_memory_mul(&bytes, sum->nterm, each) && vqe_memory_fits(bytes)) {
    return VQE_OK;
  }
  return vqe_error_set(VQE_ERR_MEMORY,
                       "Hamiltonian '%s': %zu terms on %d qubits need up to "
                       "%.0f MB to be written, but only %.0f MB are "
                       "available; .h5 needs least",
                       path, sum->nterm, sum->nqubit,
                       (double)sum->nterm * (double)each / 1e6,
                       (double)vqe_memory_available() / 1e6);
}

int vqe_qubitfile_write(const char *path,
                        const struct vqe_qubit_hamiltonian *hamiltonian)
{
  int status = vqe_missing(__func__, "path hamiltonian", path, hamiltonian);
  if (status == VQE_OK) {
    status = vqe_missing(__func__, "hamiltonian->sum", hamiltonian->sum);
  }
  if (status == VQE_OK) {
    status = vqe_qubitfile_check(path);
  }
  if (status == VQE_OK) {
    status = check_room(path, hamiltonian->sum);
  }
  return status == VQE_OK ? find_format(path)->write(path, hamiltonian)
                          : status;
}

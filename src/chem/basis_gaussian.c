/* Reader of Gaussian's basis format (.gbs):
 *
 *   spherical            or cartesian, as Psi4 writes it; may be absent
 *   ****                 may be absent at the start
 *   O     0              elements that the shells are for, and a zero
 *   SP   3   1.00        type, primitives, scale factor of the exponents
 *     5.0331513  -0.09996723  0.15591627
 *   ****
 *
 * Effective core potentials follow in a section of their own:
 *
 *   AG     0
 *   AG-ECP     3     28  name, angular momentum, core electrons
 *   ...
 *
 * Without such a word functions are taken as spherical. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "chem/basis_build.h"

struct gaussian {
  struct vqe_basis_reader *reader;
  int block;
  int nelement; /* of the block at hand */
  int element;  /* that the block is being read for */
  int elements[VQE_BASIS_WORDS];
  size_t start, start_line; /* of the block */
  int left;                 /* primitives that the shell at hand still wants */
  bool potential; /* the lines at hand are of an effective core potential */
};

/* Elements (with an optional minus sign) and a zero: their number, or 0. */
static int parse_centres(int *elements, char *words[], int count)
{
  if (count < 2 || count > VQE_BASIS_WORDS ||
      strcmp(words[count - 1], "0") != 0) {
    return 0;
  }
  for (int k = 0; k < count - 1; k++) {
    elements[k] = vqe_basis_element(words[k] + (words[k][0] == '-'));
    if (elements[k] == 0) {
      return 0;
    }
  }
  return count - 1;
}

/* A line of Psi4 */
static bool is_function_kind(char *words[], int count)
{
  return count == 1 && (strcasecmp(words[0], "spherical") == 0 ||
                        strcasecmp(words[0], "cartesian") == 0);
}

bool vqe_basis_is_gaussian(const struct vqe_basis_reader *reader)
{
  struct vqe_basis_reader ahead = *reader;
  char line[VQE_BASIS_LINE];
  char *words[VQE_BASIS_WORDS + 1];
  int elements[VQE_BASIS_WORDS];
  while (vqe_basis_next_line(&ahead, line)) {
    int count = vqe_basis_split(line, words);
    if (count > 0 && !is_function_kind(words, count)) {
      return strcmp(words[0], "****") == 0 ||
             parse_centres(elements, words, count) > 0;
    }
  }
  return false;
}

/* The shell at hand has the primitives it has announced. */
static int check_shell(const struct gaussian *gaussian)
{
  if (gaussian->left > 0) {
    return vqe_basis_refuse(gaussian->reader,
                            "the shell above has fewer primitives than it "
                            "announces; they end before",
                            "this line");
  }
  return VQE_OK;
}

/* "SP 3 1.00" */
static int start_shell(struct gaussian *gaussian, char *words[], int count)
{
  struct vqe_basis_reader *reader = gaussian->reader;
  double scale = 1.0;
  int type = vqe_basis_shell_type(words[0]);
  if (gaussian->nelement == 0) {
    return vqe_basis_refuse(
        reader, "an element and a zero are expected before", words[0]);
  }
  if (type == VQE_BASIS_NO_SHELL) {
    return vqe_basis_refuse(
        reader, "not a shell type (S, P, D, F, G, H, I, SP):", words[0]);
  }
  char *end = words[0];
  long primitives = count > 1 ? strtol(words[1], &end, 10) : 0;
  if (count < 2 || *end != '\0' || primitives < 1 ||
      primitives > VQE_BASIS_MAX_PRIM) {
    return vqe_basis_refuse(reader, "1 to 64 primitives are expected for",
                            words[0]);
  }
  for (int k = 2; k < count; k++) {
    double value = 0.0;
    if (!vqe_basis_number(&value, words[k]) || !(value > 0.0) ||
        !(value < 1e3) || (k > 2 && fabs(value - scale) > 1e-12)) {
      return vqe_basis_refuse(
          reader, "one positive scale factor is expected, not", words[k]);
    }
    scale = value;
  }
  int status = vqe_basis_start_shell(
      reader, gaussian->elements[gaussian->element], type);
  reader->scale = scale * scale;
  gaussian->left = (int)primitives;
  return status;
}

/* "H O 0": the block is read once for each element. */
static int start_block(struct gaussian *gaussian, const int *elements,
                       int count)
{
  gaussian->block++;
  gaussian->nelement = count;
  gaussian->element = 0;
  memcpy(gaussian->elements, elements, (size_t)count * sizeof *elements);
  gaussian->start = gaussian->reader->at;
  gaussian->start_line = gaussian->reader->line;
  gaussian->potential = false;
  return vqe_basis_finish_shell(gaussian->reader);
}

/* "****" */
static int end_block(struct gaussian *gaussian)
{
  struct vqe_basis_reader *reader = gaussian->reader;
  gaussian->potential = false;
  if (gaussian->element + 1 < gaussian->nelement) {
    gaussian->element++;
    reader->at = gaussian->start;
    reader->line = gaussian->start_line;
  } else {
    gaussian->nelement = 0;
    gaussian->element = 0;
  }
  return vqe_basis_finish_shell(reader);
}

static int read_words(struct gaussian *gaussian, char *words[], int count)
{
  struct vqe_basis_reader *reader = gaussian->reader;
  int elements[VQE_BASIS_WORDS];
  if (gaussian->left > 0 && strchr("+-.0123456789", words[0][0]) != NULL &&
      strcmp(words[0], "****") != 0) {
    gaussian->left--;
    return vqe_basis_add_row(reader, words, count);
  }
  int status = check_shell(gaussian);
  if (is_function_kind(words, count)) {
    bool cartesian = strcasecmp(words[0], "cartesian") == 0;
    reader->cartesian = reader->cartesian || cartesian;
    reader->spherical = reader->spherical || !cartesian;
    return status;
  }
  int centres = parse_centres(elements, words, count);
  if (status != VQE_OK) {
    return status;
  }
  if (strcmp(words[0], "****") == 0) {
    return end_block(gaussian);
  }
  if (centres > 0) {
    return start_block(gaussian, elements, centres);
  }
  if (gaussian->potential) {
    return VQE_OK;
  }
  if (gaussian->nelement > 0 && count == 3 &&
      vqe_basis_shell_type(words[0]) == VQE_BASIS_NO_SHELL) {
    char block[32];
    snprintf(block, sizeof block, "%.20s", words[0]);
    gaussian->potential = true;
    for (int k = 0; k < gaussian->nelement; k++) {
      vqe_basis_add_ecp(reader, gaussian->elements[k], block);
    }
    return VQE_OK;
  }
  if (gaussian->nelement > 0) {
    status = vqe_basis_enter(reader, gaussian->elements[gaussian->element],
                             gaussian->block);
  }
  return status == VQE_OK ? start_shell(gaussian, words, count) : status;
}

int vqe_basis_read_gaussian(struct vqe_basis_reader *reader)
{
  struct gaussian gaussian = {.reader = reader};
  char line[VQE_BASIS_LINE];
  char *words[VQE_BASIS_WORDS + 1];
  int status = VQE_OK;
  while (status == VQE_OK && vqe_basis_next_line(reader, line)) {
    int count = vqe_basis_split(line, words);
    if (count > 0) {
      status = read_words(&gaussian, words, count);
    }
  }
  if (status == VQE_OK) {
    status = check_shell(&gaussian);
  }
  if (status == VQE_OK && gaussian.element + 1 < gaussian.nelement) {
    status =
        vqe_basis_refuse(reader, "no line of four asterisks ends the block of",
                         vqe_element_symbol(gaussian.elements[0]));
  }
  return status == VQE_OK ? vqe_basis_finish_shell(reader) : status;
}

/* Results and rows of the tables, and the page of them. Behind cmocka.h. */
#ifndef VQE_TEST_PAGES_FIXTURE_H
#define VQE_TEST_PAGES_FIXTURE_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pages/pages.h"
#include "report/report_fixture.h"
#include "vqe/error.h"

#define PAGES_HOSTILE "</script><img src=x onerror=alert(1)>\"'&\x1b[2J"

/* H2 at a distance, with a seed and an error to FCI in millihartree. */
static inline struct vqe_result *pages_h2(const char *name, double distance,
                                          int64_t seed, double error)
{
  struct vqe_result *result = report_ok(name);
  struct vqe_molecule *molecule = calloc(1, sizeof *molecule);
  molecule->name = strdup(name);
  molecule->natom = 2;
  molecule->symbols = calloc(2, sizeof *molecule->symbols);
  molecule->z = calloc(2, sizeof(int));
  molecule->coords = calloc(6, sizeof(double));
  molecule->multiplicity = 1;
  strcpy(molecule->symbols[0], "H");
  strcpy(molecule->symbols[1], "H");
  molecule->z[0] = molecule->z[1] = 1;
  molecule->coords[5] = distance;
  result->experiment->molecule = molecule;
  result->experiment->seed = seed;
  result->minimum =
      result->fci_energy - result->nuclear_repulsion_energy + 1e-3 * error;
  result->neval = 3;
  result->eval_energy = calloc(3, sizeof(double));
  for (int k = 0; k < 3; k++) {
    result->eval_energy[k] = result->minimum + 0.1 * (2 - k);
  }
  return result;
}

__attribute__((noinline, unused)) static char *
pages_of(struct vqe_result **results, size_t count)
{
  struct vqe_pages *pages = NULL;
  char *html = NULL;
  size_t size = 0;
  assert_int_equal(vqe_pages_create(&pages, PAGES_HOSTILE), VQE_OK);
  for (size_t k = 0; k < count; k++) {
    assert_int_equal(vqe_pages_add(pages, results[k]), VQE_OK);
    vqe_result_free(results[k]);
  }
  assert_int_equal(vqe_pages_count(pages), count);
  assert_int_equal(vqe_pages_html(&html, &size, pages), VQE_OK);
  assert_int_equal(strlen(html), size);
  vqe_pages_free(pages);
  return html;
}

static inline size_t pages_occurrences(const char *text, const char *part)
{
  size_t count = 0;
  for (const char *at = strstr(text, part); at != NULL;
       at = strstr(at + 1, part)) {
    count++;
  }
  return count;
}

/* A row as schemas/sql/report.sql has it: H2 with a seed and an FCI energy. */
static inline json_t *pages_row(int seed, double error, double fci)
{
  char text[16];
  snprintf(text, sizeof text, "%d", seed);
  return json_pack(
      "{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:f, s:f, s:f, s:b, s:b, s:[s, s], "
      "s:[[f, f, f], [f, f, f]], s:f, s:f, s:f, s:[i, i], s:[f, f], s:[f, f], "
      "s:[f, f]}",
      "experiment_id", text, "name", "H2", "basis", "sto-3g", "ansatz",
      "UCCSD", "optimizer", "L-BFGS-B", "seed", text, "qubits", 4, "minimum",
      fci + 1e-3 * error, "nuclear_repulsion", 0.0, "fci", fci, "converged", 1,
      "state_ok", 1, "symbols", "H", "H", "coordinates", 0.0, 0.0, 0.0, 0.0,
      0.0, 0.7, "seconds_hamiltonian", 0.25, "seconds_vqe", 0.5,
      "seconds_total", 1.0, "steps", 1, 2, "energies", fci + 0.1,
      fci + 1e-3 * error, "lowest", fci + 0.1, fci + 1e-3 * error, "stds", 0.0,
      0.0);
}

/* Takes the rows over. */
__attribute__((noinline, unused)) static char *pages_of_rows(json_t **rows,
                                                             size_t count)
{
  struct vqe_pages *pages = NULL;
  char *html = NULL;
  size_t size = 0;
  assert_int_equal(vqe_pages_create(&pages, "tables"), VQE_OK);
  for (size_t k = 0; k < count; k++) {
    assert_non_null(rows[k]);
    assert_int_equal(vqe_pages_add_row(pages, rows[k]), VQE_OK);
    json_decref(rows[k]);
  }
  assert_int_equal(vqe_pages_html(&html, &size, pages), VQE_OK);
  vqe_pages_free(pages);
  return html;
}

/* What the scripts of a page draw from. */
static inline json_t *pages_data(const char *html)
{
  const char *start = strstr(html, "id=\"data\">");
  assert_non_null(start);
  start = strchr(start, '>') + 1;
  const char *end = strstr(start, "</script>");
  json_t *data = json_loadb(start, (size_t)(end - start), 0, NULL);
  assert_non_null(data);
  return data;
}

#endif

/* Molecules, Hamiltonians, circuits, natural occupations. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pages/page_draw.h"
#include "pages/page_sections.h"
#include "vqe/error.h"

#define MOST_CARDS 24
#define MOST_SOLID 200
#define MOST_HAMILTONIANS 8
#define MOST_CIRCUITS 6
#define MOST_OCCUPATIONS 12

static const struct vqe_pages_run *
best_of_problem(const struct vqe_pages_set *set, size_t problem)
{
  const struct vqe_pages_run *best = NULL;
  for (size_t j = 0; j < vqe_pages_length(&set->problems, problem); j++) {
    const struct vqe_pages_run *run =
        vqe_pages_pick(set, vqe_pages_item(&set->problems, problem, j), 0);
    double energy = vqe_pages_run_energy(run);
    if (best == NULL || energy < vqe_pages_run_energy(best) ||
        !isfinite(vqe_pages_run_energy(best))) {
      best = run;
    }
  }
  return best;
}

/* A bar that goes from 0 to 100 percent; its number stands beside it. */
static void put_bar(struct vqe_pages_text *text, const char *kind,
                    double percent)
{
  vqe_pages_putf(text,
                 "<td class=\"bar\" aria-hidden=\"true\"><svg viewBox=\"0 0 "
                 "100 10\" preserveAspectRatio=\"none\"><rect class=\"%s\" "
                 "width=\"%.2f\" height=\"10\"/></svg></td>",
                 kind, fmin(fmax(percent, 0.0), 100.0));
}

static void open_details(struct vqe_pages_text *text, bool open)
{
  vqe_pages_put(text, open ? "<details open><summary>" : "<details><summary>");
}

/* ---- molecules ---- */

static void put_geometry(struct vqe_pages_text *text,
                         const struct vqe_pages_run *run)
{
  vqe_pages_put(text, "<details><summary>Coordinates of ");
  vqe_pages_escape(text, run->name);
  vqe_pages_put(text, "</summary><table><caption>Coordinates / \xc3\x85"
                      "</caption><thead><tr><th scope=\"col\">atom</th>"
                      "<th scope=\"col\" class=\"num\">x</th><th "
                      "scope=\"col\" class=\"num\">y</th><th scope=\"col\" "
                      "class=\"num\">z</th></tr></thead><tbody>");
  for (size_t a = 0; a < run->natom; a++) {
    vqe_pages_put(text, "<tr><td>");
    vqe_pages_escape(text, run->symbols[a]);
    vqe_pages_putf(text, " %zu</td>", a + 1);
    for (size_t k = 0; k < 3; k++) {
      vqe_pages_put(text, "<td class=\"num\">");
      vqe_pages_number(text, 4, run->xyz[3 * a + k]);
      vqe_pages_put(text, "</td>");
    }
    vqe_pages_put(text, "</tr>");
  }
  vqe_pages_put(text, "</tbody></table></details>");
}

static void put_card(struct vqe_pages_text *text,
                     const struct vqe_pages_run *run)
{
  vqe_pages_put(text, "<article class=\"card\"><h3>");
  vqe_pages_escape(text, run->name);
  vqe_pages_put(text, "</h3>");
  vqe_pages_draw_molecule(text, run);
  vqe_pages_put(text, "<p class=\"hint\">");
  if (run->natom == 2) {
    vqe_pages_putf(text, "%.4g \xc3\x85, ", vqe_pages_run_distance(run, 0, 1));
  }
  vqe_pages_putf(text, "charge %d, multiplicity %d, ", run->charge,
                 run->multiplicity);
  vqe_pages_escape(text, run->cells[VQE_REPORT_BASIS]);
  vqe_pages_putf(text, ", %d qubits</p>", run->nqubit);
  put_geometry(text, run);
  vqe_pages_put(text, "</article>\n");
}

/* The geometry as an XYZ file, which 3Dmol.js reads. */
static json_t *solid_of(const struct vqe_pages_run *run)
{
  struct vqe_pages_text xyz = {NULL, 0, 0, VQE_OK};
  vqe_pages_putf(&xyz, "%zu\n\n", run->natom);
  for (size_t a = 0; a < run->natom; a++) {
    vqe_pages_putf(&xyz, "%s %.6f %.6f %.6f\n", run->symbols[a],
                   run->xyz[3 * a], run->xyz[3 * a + 1], run->xyz[3 * a + 2]);
  }
  json_t *object = json_pack("{s:s, s:s}", "name", run->name, "xyz",
                             xyz.data != NULL ? xyz.data : "");
  free(xyz.data);
  return object;
}

static void put_viewer(struct vqe_pages_text *text, const json_t *solids)
{
  vqe_pages_put(text, "<div class=\"solid\" hidden><p><label "
                      "for=\"choose-molecule\">Turn in 3D: </label><select "
                      "id=\"choose-molecule\">");
  for (size_t k = 0; k < json_array_size(solids); k++) {
    vqe_pages_putf(text, "<option value=\"%zu\">", k);
    vqe_pages_escape(text, json_string_value(json_object_get(
                               json_array_get(solids, k), "name")));
    vqe_pages_put(text, "</option>");
  }
  vqe_pages_put(text,
                "</select> <button type=\"button\" id=\"turn-left\">Turn "
                "left</button> <button type=\"button\" id=\"turn-right\">Turn "
                "right</button> <button type=\"button\" id=\"turn-up\">Turn "
                "up</button></p><div id=\"viewer\" role=\"img\" "
                "aria-label=\"Molecule in three dimensions; drag to turn, "
                "scroll to zoom\"></div></div>");
}

bool vqe_pages_molecules(struct vqe_pages_text *text, json_t *data,
                         const struct vqe_pages_set *set)
{
  json_t *solids = json_array();
  size_t drawn = 0;
  size_t left_out = 0;
  for (size_t p = 0; p < set->problems.count; p++) {
    const struct vqe_pages_run *run = best_of_problem(set, p);
    if (run->natom == 0) {
      continue;
    }
    if (drawn == 0) {
      vqe_pages_section(text, "molecules", "Molecules");
      vqe_pages_put(text, "<div class=\"cards\">");
    }
    if (drawn < MOST_CARDS) {
      put_card(text, run);
    } else {
      left_out++;
    }
    if (drawn < MOST_SOLID) {
      json_array_append_new(solids, solid_of(run));
    }
    drawn++;
  }
  if (drawn > 0) {
    vqe_pages_put(text, "</div>");
    if (left_out > 0) {
      vqe_pages_putf(text,
                     "<p class=\"hint\">%zu further molecules or geometries "
                     "are not drawn.</p>",
                     left_out);
    }
    put_viewer(text, solids);
    vqe_pages_put(text, "</section>\n");
  }
  json_object_set_new(data, "solids", solids);
  return drawn > 0;
}

/* ---- Hamiltonians ---- */

static void put_phase(struct vqe_pages_text *text,
                      const struct vqe_pages_term *term)
{
  double turns = atan2(term->im, term->re) / acos(-1.0);
  if (fabs(turns) < 1e-9) {
    vqe_pages_put(text, "0 (+)");
  } else if (fabs(fabs(turns) - 1.0) < 1e-9) {
    vqe_pages_put(text, "\xcf\x80 (\xe2\x88\x92)");
  } else {
    vqe_pages_number(text, 3, turns);
    vqe_pages_put(text, " \xcf\x80");
  }
}

static void put_hamiltonian(struct vqe_pages_text *text,
                            const struct vqe_pages_run *run, bool open)
{
  double largest = hypot(run->terms[0].re, run->terms[0].im);
  largest = fmax(largest, run->rest);
  open_details(text, open);
  vqe_pages_escape(text, run->name);
  vqe_pages_putf(text, ": %zu terms on %d qubits, identity ",
                 run->nterm + run->nterm_rest, run->nqubit);
  vqe_pages_number(text, 6, run->identity);
  vqe_pages_put(text, " hartree</summary>");
  vqe_pages_scroll(text, "Terms of the Hamiltonian: ", run->name);
  vqe_pages_put(text, "<table class=\"bars\"><caption>Largest terms, "
                      "magnitude / hartree</caption><thead><tr><th "
                      "scope=\"col\">Pauli string</th><th scope=\"col\">"
                      "phase</th><th scope=\"col\" class=\"num\">magnitude"
                      "</th><td></td></tr></thead><tbody>\n");
  for (size_t k = 0; k < run->nterm; k++) {
    const struct vqe_pages_term *term = &run->terms[k];
    double size = hypot(term->re, term->im);
    vqe_pages_put(text, "<tr><th scope=\"row\"><code>");
    vqe_pages_escape(text, term->label);
    vqe_pages_put(text, "</code></th><td>");
    put_phase(text, term);
    vqe_pages_putf(text, "</td><td class=\"num\">%.6f</td>", size);
    put_bar(text, term->re >= 0.0 ? "plus" : "minus", 100.0 * size / largest);
    vqe_pages_put(text, "</tr>\n");
  }
  if (run->nterm_rest > 0) {
    vqe_pages_putf(text,
                   "<tr><th scope=\"row\">the other %zu, summed</th><td></td>"
                   "<td class=\"num\">%.6f</td>",
                   run->nterm_rest, run->rest);
    put_bar(text, "rest", 100.0 * run->rest / largest);
    vqe_pages_put(text, "</tr>\n");
  }
  vqe_pages_put(text, "</tbody></table></div></details>\n");
}

bool vqe_pages_hamiltonians(struct vqe_pages_text *text,
                            const struct vqe_pages_set *set)
{
  size_t drawn = 0;
  size_t left_out = 0;
  for (size_t p = 0; p < set->problems.count; p++) {
    const struct vqe_pages_run *run = best_of_problem(set, p);
    if (run->nterm == 0) {
      continue;
    }
    if (drawn == MOST_HAMILTONIANS) {
      left_out++;
      continue;
    }
    if (drawn == 0) {
      vqe_pages_section(text, "hamiltonians", "Hamiltonians");
      vqe_pages_put(text,
                    "<p>Pauli terms of the qubit Hamiltonian (Jordan\xe2\x80"
                    "\x93Wigner, qubit 0 rightmost), the largest first. The "
                    "identity only shifts the energy and is left out of the "
                    "list.</p>");
    }
    put_hamiltonian(text, run, drawn == 0);
    drawn++;
  }
  if (left_out > 0) {
    vqe_pages_putf(text,
                   "<p class=\"hint\">%zu further Hamiltonians are not "
                   "listed.</p>",
                   left_out);
  }
  if (drawn > 0) {
    vqe_pages_put(text, "</section>\n");
  }
  return drawn > 0;
}

/* ---- circuits ---- */

static bool same_circuit(const struct vqe_pages_run *a,
                         const struct vqe_pages_run *b)
{
  return a->nqubit == b->nqubit && a->nparam == b->nparam &&
         strcmp(a->cells[VQE_REPORT_ANSATZ], b->cells[VQE_REPORT_ANSATZ]) ==
             0 &&
         strcmp(a->cells[VQE_REPORT_REPS], b->cells[VQE_REPORT_REPS]) == 0 &&
         strcmp(a->cells[VQE_REPORT_ENTANGLEMENT],
                b->cells[VQE_REPORT_ENTANGLEMENT]) == 0;
}

static void put_more_circuits(struct vqe_pages_text *text, size_t more,
                              bool unseen)
{
  if (unseen) {
    vqe_pages_put(text,
                  "<p class=\"hint\">Circuits of later experiments may be "
                  "left out.</p>");
  } else if (more > 0) {
    vqe_pages_putf(text,
                   "<p class=\"hint\">%zu further circuits are not drawn."
                   "</p>",
                   more);
  }
}

static void put_circuit(struct vqe_pages_text *text,
                        const struct vqe_pages_run *run,
                        const struct vqe_pages_text *drawing, bool open)
{
  open_details(text, open);
  vqe_pages_escape(text, run->cells[VQE_REPORT_ANSATZ]);
  vqe_pages_put(text, " for ");
  vqe_pages_escape(text, run->name);
  vqe_pages_putf(text, ": %d qubits, %d parameters</summary>", run->nqubit,
                 run->nparam);
  vqe_pages_scroll(text,
                   "Drawing of the circuit: ", run->cells[VQE_REPORT_ANSATZ]);
  vqe_pages_putn(text, drawing->data, drawing->used);
  vqe_pages_put(text, "</div></details>\n");
}

bool vqe_pages_circuits(struct vqe_pages_text *text,
                        const struct vqe_pages_set *set)
{
  const struct vqe_pages_run *seen[64];
  size_t nseen = 0;
  size_t drawn = 0;
  size_t more = 0;
  bool unseen = false;
  for (size_t g = 0; g < set->groups.count && !unseen; g++) {
    const struct vqe_pages_run *run = vqe_pages_pick(set, g, 0);
    struct vqe_pages_text drawing = {NULL, 0, 0, VQE_OK};
    bool known = false;
    for (size_t k = 0; k < nseen && !known; k++) {
      known = same_circuit(run, seen[k]);
    }
    if (known || run->circuit == NULL) {
      continue;
    }
    unseen = nseen == sizeof seen / sizeof seen[0];
    if (!unseen) {
      seen[nseen++] = run;
    }
    bool fits = !unseen && vqe_pages_draw_circuit(&drawing, run) &&
                drawing.status == VQE_OK;
    if (fits && drawn == MOST_CIRCUITS) {
      more++;
    } else if (fits) {
      if (drawn == 0) {
        vqe_pages_section(text, "circuits", "Circuits");
        vqe_pages_put(text,
                      "<p>Circuits that are small enough to be read; time "
                      "goes to the right, rows fold. \xce\xb8 and a number "
                      "is a parameter. <code>vqe_lake qasm</code> prints any "
                      "of them as OpenQASM 3.</p>");
      }
      put_circuit(text, run, &drawing, drawn == 0);
      drawn++;
    }
    free(drawing.data);
  }
  if (drawn > 0) {
    put_more_circuits(text, more, unseen || set->more_circuits);
    vqe_pages_put(text, "</section>\n");
  }
  return drawn > 0;
}

/* ---- natural occupations ---- */

static void put_occupations(struct vqe_pages_text *text,
                            const struct vqe_pages_run *run, bool open)
{
  open_details(text, open);
  vqe_pages_escape(text, run->name);
  vqe_pages_put(text, ", ");
  vqe_pages_escape(text, run->cells[VQE_REPORT_ANSATZ]);
  vqe_pages_putf(text, ": %zu orbitals</summary>", run->noccupation);
  vqe_pages_scroll(text, "Table of occupations: ", run->name);
  vqe_pages_put(text, "<table class=\"bars\"><caption>Electrons in each "
                      "natural orbital</caption><thead><tr><th "
                      "scope=\"col\">orbital</th><th scope=\"col\" "
                      "class=\"num\">electrons</th><td></td></tr></thead>"
                      "<tbody>\n");
  for (size_t k = 0; k < run->noccupation; k++) {
    vqe_pages_putf(text,
                   "<tr><th scope=\"row\">%zu</th><td class=\"num\">%.5f"
                   "</td>",
                   k + 1, run->occupations[k]);
    put_bar(text, "plus", 50.0 * run->occupations[k]);
    vqe_pages_put(text, "</tr>\n");
  }
  vqe_pages_put(text, "</tbody></table></div></details>\n");
}

bool vqe_pages_occupations(struct vqe_pages_text *text,
                           const struct vqe_pages_set *set)
{
  size_t drawn = 0;
  size_t left_out = 0;
  for (size_t p = 0; p < set->problems.count; p++) {
    const struct vqe_pages_run *run = best_of_problem(set, p);
    if (run->noccupation == 0) {
      continue;
    }
    if (drawn == MOST_OCCUPATIONS) {
      left_out++;
      continue;
    }
    if (drawn == 0) {
      vqe_pages_section(text, "occupations", "Natural occupations");
      vqe_pages_put(text, "<p>Of the final state of the best run. Values far "
                          "from 0 and 2 mean that one determinant does not "
                          "describe the molecule.</p>");
    }
    put_occupations(text, run, drawn == 0);
    drawn++;
  }
  if (left_out > 0) {
    vqe_pages_putf(text,
                   "<p class=\"hint\">Occupations of %zu further molecules or "
                   "geometries are not listed.</p>",
                   left_out);
  }
  if (drawn > 0) {
    vqe_pages_put(text, "</section>\n");
  }
  return drawn > 0;
}

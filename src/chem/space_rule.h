/* Rules that choose the active orbitals, as JSON text:
 *
 *   {"indices": [5, "7-9"]}       orbitals by number, from 1, as SCF orders
 *                                 them; with "electrons", "orbitals": checked
 *   "pi"                          of a planar or linear molecule
 *   "valence"                     all that come of the atoms' valence shells
 *   {"avas": {"shells": ["C 2p"], "threshold": 0.2}}
 *                                 what overlaps with shells of atoms; a list
 *                                 alone is "shells"
 *   {"natural": {"min": 0.02, "max": 1.98}}
 *                                 MP2 occupations between the two; 0.02 alone
 *                                 is the same
 *   {"auto": {"electrons": 4, "orbitals": 4}}
 *                                 the size, filled with those whose MP2
 *                                 occupations are furthest from 2 and 0; a
 *                                 number alone is "orbitals" */
#ifndef VQE_CHEM_SPACE_RULE_H
#define VQE_CHEM_SPACE_RULE_H

#include <stddef.h>

#include "vqe/molecule.h"

enum vqe_space_kind {
  VQE_SPACE_INDICES,
  VQE_SPACE_PI,
  VQE_SPACE_VALENCE,
  VQE_SPACE_AVAS,
  VQE_SPACE_NATURAL,
  VQE_SPACE_AUTO
};

/* "C 2p", "3 C 2p": a shell of all atoms of an element, or of one atom. */
struct vqe_space_shell {
  int atom; /* from 0, or -1: all of the element */
  int z;
  int n, l;
};

struct vqe_space_rule {
  enum vqe_space_kind kind;
  int electrons, orbitals; /* of INDICES and AUTO, -1: not given */
  size_t nindex;
  int *indices; /* rising, from 1 */
  size_t nshell;
  struct vqe_space_shell *shells;
  double threshold; /* AVAS */
  double min, max;  /* NATURAL */
};

/* Read a rule. VQE_ERR_INPUT with a message that begins with `where`, names
 * the key and says what is expected. Clear it afterwards, also on failure. */
int vqe_space_rule_parse(struct vqe_space_rule *out, const char *json,
                         const char *where);
void vqe_space_rule_clear(struct vqe_space_rule *rule);

/* The one spelling of a rule: compact JSON, keys sorted, defaults filled in,
 * ranges written out, shells sorted, none twice. Free by free(). */
int vqe_space_rule_text(char **out, const struct vqe_space_rule *rule);

/* Are the atoms and indices there? `nmo` orbitals, or 0: not known. */
int vqe_space_rule_check(const struct vqe_space_rule *rule,
                         const struct vqe_molecule *molecule, int nmo,
                         const char *where);

/* Orbitals and electrons that the rule comes to, before anything is computed:
 * exact for INDICES, VALENCE and AUTO, else about. `nao` functions, `nfrozen`
 * orbitals frozen besides. */
void vqe_space_rule_guess(int *norb, int *electrons,
                          const struct vqe_space_rule *rule,
                          const struct vqe_molecule *molecule, int nao,
                          int nfrozen);

#endif

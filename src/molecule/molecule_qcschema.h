/* QCSchema (MolSSI): molecules of versions 1 to 3, and the calculations of
 * versions 1 and 2 that carry one (AtomicInput, AtomicResult). */
#ifndef VQE_MOLECULE_MOLECULE_QCSCHEMA_H
#define VQE_MOLECULE_MOLECULE_QCSCHEMA_H

#include <jansson.h>
#include <stdbool.h>

#include "vqe/molecule.h"

/* Whether `object` is one of QCSchema: by its schema_name, or a calculation by
 * its members. */
bool vqe_qcschema_is(const json_t *object);

/* The version of QCSchema, 1 or 2, in which a program that wrote `object`
 * expects results; 0 when it is none of QCSchema. Molecules are of version 3
 * in version 2. */
int vqe_qcschema_version(const json_t *object);

/* The molecule of `object`, borrowed: itself, or the one that a calculation
 * carries; *qcschema says whether it is one of QCSchema. VQE_ERR_INPUT for
 * kinds and versions that are not read here. */
int vqe_qcschema_molecule(const json_t **molecule, bool *qcschema,
                          const json_t *object, const char *where);

/* Fill a molecule of as many atoms as `object` has symbols, which have been
 * read: everything but symbols, charge, multiplicity and masses. */
int vqe_qcschema_read(struct vqe_molecule *molecule, const json_t *object,
                      const char *where);

/* Masses by mass_numbers, where no masses are there and one is not that of
 * the most common isotope. */
int vqe_qcschema_read_isotopes(struct vqe_molecule *molecule,
                               const json_t *object, const char *where);

/* What a calculation asks for besides its molecule; borrowed, NULL when
 * absent. */
struct vqe_qcschema_request {
  const json_t *basis, *method, *driver, *keywords;
};

/* False when `object` is no calculation. */
bool vqe_qcschema_find_request(struct vqe_qcschema_request *out,
                               const json_t *object);

#endif

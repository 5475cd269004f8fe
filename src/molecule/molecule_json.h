/* One molecule from a parsed JSON object, for readers of larger files. */
#ifndef VQE_MOLECULE_MOLECULE_JSON_H
#define VQE_MOLECULE_MOLECULE_JSON_H

#include <jansson.h>

#include "vqe/molecule.h"

/* Read and validate `object`: the project's form, or a QCSchema molecule
 * (known by its key schema_name). `where` ("file 'a.json', molecule 2") goes
 * in front of messages. A molecule without a name gets "molecule"; keys that
 * are not known are ignored. VQE_ERR_INPUT names the key and the reason. Free
 * *out by vqe_molecule_free(). */
int vqe_molecule_from_json(struct vqe_molecule **out, const json_t *object,
                           const char *where);

/* The name that `object` gives, borrowed from it; NULL when it gives none.
 * `object` may be any JSON value. */
const char *vqe_molecule_json_name(const json_t *object);

#endif

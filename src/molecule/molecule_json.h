/* One molecule from a parsed JSON object, for readers of larger files. */
#ifndef VQE_MOLECULE_MOLECULE_JSON_H
#define VQE_MOLECULE_MOLECULE_JSON_H

#include <jansson.h>

#include "molecule/molecule_build.h"
#include "vqe/molecule.h"

/* Read and validate `object`: the project's form, or a QCSchema molecule or
 * calculation (known by its key schema_name). `where` ("file 'a.json',
 * molecule 2") goes in front of messages; `given` may be NULL. A molecule
 * without a name gets an empty one; keys that look like a known one are an
 * error, others are ignored. VQE_ERR_INPUT names the key and the reason. Free
 * *out by vqe_molecule_free(). */
int vqe_molecule_from_json(struct vqe_molecule **out, const json_t *object,
                           const struct vqe_molecule_given *given,
                           const char *where);

/* The text of a file: an object, or an array of at least one and not too
 * many. VQE_ERR_INPUT names line and column; json_decref() frees *out. */
int vqe_molecule_json_load(json_t **out, const char *text, size_t size,
                           const char *source);
/* Its items: those of the array, else the value itself. */
size_t vqe_molecule_json_count(const json_t *root);
const json_t *vqe_molecule_json_item(const json_t *root, size_t k);

/* The name that `object` gives, borrowed from it; NULL when it gives none.
 * `object` may be any JSON value. */
const char *vqe_molecule_json_name(const json_t *object);

#endif

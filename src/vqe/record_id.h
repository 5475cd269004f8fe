/* Identity of a result record that another producer made. */
#ifndef VQE_VQE_RECORD_ID_H
#define VQE_VQE_RECORD_ID_H

#include <jansson.h>

#include "vqe/experiment.h"

/* `record` holds molecule_data, basis_set and initial_data as they stand in
 * the record; types come from the schema of the data contract, section 2,
 * never from the values: 3 and 3.0 are the same double. Bare unions and
 * {"double": x} are the same; a null double is NaN; an absent field takes its
 * default. VQE_ERR_INPUT names the field that is missing or of another type.
 * *text (may be NULL when only the id is wanted) is the canonical text; free
 * it by free(). */
int vqe_record_id(char id[VQE_EXPERIMENT_ID_SIZE], char **text,
                  const json_t *record);

#endif

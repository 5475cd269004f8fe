/* The point of a scan, as experiments keep it (vqe_experiment.scan). */
#ifndef VQE_MOLECULE_MOLECULE_SCAN_H
#define VQE_MOLECULE_MOLECULE_SCAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "molecule/molecule_move.h"

/* Coordinates that a scan may have. */
#define VQE_SCAN_MOST 6

struct vqe_scan_place {
  bool displaced; /* by random numbers: the coordinate has no meaning */
  double width;   /* of these */
  struct vqe_coordinate coordinate;
  double value; /* in the molecule's units, degrees, or the draw's number */
};

struct vqe_scan_point {
  char *curve; /* name of the molecule before it moved */
  size_t count;
  struct vqe_scan_place places[VQE_SCAN_MOST];
};

/* As JSON text; free it by free(). */
int vqe_scan_point_write(char **out, const struct vqe_scan_point *point);

/* From that text; NULL gives no places. What is no such text is
 * VQE_ERR_INPUT. Clear it afterwards, also on failure. */
int vqe_scan_point_read(struct vqe_scan_point *out, const char *text);
void vqe_scan_point_clear(struct vqe_scan_point *point);

/* The values of the point in that text, and *count of them; as
 * vqe_scan_point_read, with no values on failure. */
int vqe_scan_point_values(double out[VQE_SCAN_MOST], size_t *count,
                          const char *text);

/* "N2 bond 0-1", "H2O bond 0-1, angle 1-0-2", "H2O displaced". Free it by
 * free(). */
int vqe_scan_point_title(char **out, const struct vqe_scan_point *point);

#endif

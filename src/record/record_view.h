/* A record as avro-c sees values, without a copy: an implementation of
 * avro_value_iface_t over struct vqe_record, read only. What avro-c's generic
 * values would cost, an allocation and a search by name for each number, is
 * most of the cost of encoding them.
 *
 * Fields stand in the order of schemas/avro/experiment.vqe.avsc. */
#ifndef VQE_RECORD_RECORD_VIEW_H
#define VQE_RECORD_RECORD_VIEW_H

#include <avro.h>

#include "record/record.h"

struct vqe_record_view {
  struct vqe_record record; /* borrowed: its pointers are the record's */
  struct vqe_record_row {
    size_t count;
    const double *values;
  } * rows; /* of coords, record.ncoord */
};

/* The record must outlive the view. */
int vqe_record_view_init(struct vqe_record_view *view,
                         const struct vqe_record *record);
void vqe_record_view_clear(struct vqe_record_view *view);

/* For avro_value_write() and its kind; not counted, not to be changed. */
avro_value_t vqe_record_view_value(const struct vqe_record_view *view);

#endif

/* The spool: a folder of records that have not been delivered yet, one file a
 * record.
 *
 * File `<experiment_id>-<16 digits>.vqes`, the digits from the SHA-256 of the
 * content, so that a repeated experiment does not replace the earlier one and
 * spooling the same record twice leaves one file. It is written aside, synced
 * and renamed. Content: "VQES", version (u32), lengths of id (u32), schema
 * (u32) and record (u64), id, the Avro schema the record was written with,
 * the record as Avro binary, CRC-32 of all before; little endian. A file
 * stays readable to later programs whose schema has grown.
 *
 * Functions may be called from several threads; several programs may share a
 * folder, and then may both send a record. */
#ifndef VQE_RECORD_SPOOL_H
#define VQE_RECORD_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

#define VQE_SPOOL_NAME_SIZE 87 /* of a file, with the NUL */

struct vqe_spool;

/* Open the folder, made when missing (its parent must be there).
 * VQE_ERR_IO when it cannot be written. */
int vqe_spool_open(struct vqe_spool **out, const char *path);
/* Same for reading only: the folder must be there. VQE_ERR_IO when not. */
int vqe_spool_open_existing(struct vqe_spool **out, const char *path);
void vqe_spool_close(struct vqe_spool *spool); /* NULL is fine */
const char *vqe_spool_path(const struct vqe_spool *spool);

/* Keep a record, given as Avro binary of our schema (vqe_record_avro_encode).
 * It is on disk when this returns VQE_OK. VQE_ERR_IO for a full disk and the
 * like: nothing is kept then. */
int vqe_spool_put(char name[VQE_SPOOL_NAME_SIZE], struct vqe_spool *spool,
                  const char *experiment_id, const uint8_t *avro, size_t size);

/* Names of all files, oldest first; free *names by free(). Other files in
 * the folder are left alone. */
int vqe_spool_list(char (**names)[VQE_SPOOL_NAME_SIZE], size_t *count,
                   const struct vqe_spool *spool);

/* What waits there. */
struct vqe_spool_size {
  size_t records;
  uint64_t bytes;
  double oldest_s; /* age of the oldest; NaN: none waits */
};
int vqe_spool_measure(struct vqe_spool_size *out,
                      const struct vqe_spool *spool);

/* Record of a file as Avro binary of our schema, and its id; free both by
 * free(). VQE_ERR_NOT_FOUND when the file is gone, VQE_ERR_INPUT when it is
 * damaged: such a file stays where it is. */
int vqe_spool_load(char **experiment_id, uint8_t **avro, size_t *size,
                   const struct vqe_spool *spool, const char *name);

/* Same, decoded. */
int vqe_spool_read(struct vqe_record **out, const struct vqe_spool *spool,
                   const char *name);

/* Remove a file; one that is gone already is no error. */
int vqe_spool_remove(struct vqe_spool *spool, const char *name);

#endif

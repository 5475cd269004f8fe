/* What the files of a data set share while it is written. */
#ifndef VQE_LAKE_DATASET_PARTS_H
#define VQE_LAKE_DATASET_PARTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sha256.h"
#include "lake/duck.h"

#define VQE_DATASET_TABLES 2
#define VQE_DATASET_SPLITS 3
#define VQE_DATASET_DATE_SIZE 16 /* 2026-01-31 */

/* "runs", "steps"; "train", "validation", "test". */
extern const char *const vqe_dataset_tables[VQE_DATASET_TABLES];
extern const char *const vqe_dataset_splits[VQE_DATASET_SPLITS];

/* One Parquet file: rows of one split by molecule and one by stretch. */
struct vqe_dataset_file {
  char name[64]; /* "runs/train-near.parquet" */
  int table, molecule, stretch;
  int64_t rows;
  uint64_t bytes;
  char sha256[VQE_SHA256_HEX_SIZE];
};

struct vqe_dataset {
  struct vqe_duck *duck;
  const char *place;   /* folder that is written */
  char *name;          /* of the data set, for people */
  const char *license; /* SPDX identifier */
  json_t *columns;     /* {"runs": [{"name", "type", ...}], "steps": [...]} */
  char date[VQE_DATASET_DATE_SIZE]; /* UTC */
  /* of those with rows */
  struct vqe_dataset_file
      files[VQE_DATASET_TABLES * VQE_DATASET_SPLITS * VQE_DATASET_SPLITS];
  int nfiles;
};

/* Is the file part of the split of the configuration: by molecule or, with
 * `by_stretch`, by stretch? */
bool vqe_dataset_in_split(const struct vqe_dataset_file *file, int table,
                          bool by_stretch, int split);
/* Text of the only value of a statement, control characters blanked. Free by
 * free(). */
int vqe_dataset_text(char **out, const struct vqe_dataset *set,
                     const char *sql);
/* Path of a file of the data set. Free by free(). */
int vqe_dataset_path(char **out, const struct vqe_dataset *set,
                     const char *name);
/* Write a file of the data set. */
int vqe_dataset_put(const struct vqe_dataset *set, const char *name,
                    const char *text);

/* README.md, LICENSE and CITATION.cff. */
int vqe_dataset_write_card(const struct vqe_dataset *set);
/* croissant.json, of the vocabulary Croissant 1.1. */
int vqe_dataset_write_croissant(const struct vqe_dataset *set);

#endif

#include "lake/tables.h"

#include <string.h>

const char *vqe_lake_sql_find(const char *name)
{
  for (size_t k = 0; k < vqe_lake_sql_count; k++) {
    if (strcmp(vqe_lake_sql[k].name, name) == 0) {
      return vqe_lake_sql[k].text;
    }
  }
  return NULL;
}

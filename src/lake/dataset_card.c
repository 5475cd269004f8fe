/* What people read of a data set: the card, whose head Hugging Face's
 * libraries read for configurations and splits, licence and citation. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "lake/dataset_parts.h"
#include "vqe/experiment.h"

extern const char vqe_dataset_card_text[];
extern const size_t vqe_dataset_card_text_size;

static const char *text_of(const json_t *column, const char *key)
{
  const char *text = json_string_value(json_object_get(column, key));
  return text != NULL ? text : "";
}

static int64_t count_rows(const struct vqe_dataset *set, int table)
{
  int64_t rows = 0;
  for (int k = 0; k < set->nfiles; k++) {
    rows += set->files[k].table == table ? set->files[k].rows : 0;
  }
  return rows;
}

/* ---- head ---- */

/* Of all rows, in the words that Hugging Face has for it. */
static const char *size_category(int64_t rows)
{
  static const struct {
    int64_t below;
    const char *name;
  } sizes[] = {{1000, "n<1K"},         {10000, "1K<n<10K"},
               {100000, "10K<n<100K"}, {1000000, "100K<n<1M"},
               {10000000, "1M<n<10M"}, {100000000, "10M<n<100M"}};
  for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
    if (rows < sizes[k].below) {
      return sizes[k].name;
    }
  }
  return "100M<n<1B";
}

static void add_config(struct vqe_duck_text *out,
                       const struct vqe_dataset *set, int table,
                       bool by_stretch)
{
  vqe_duck_add(out, "- config_name: %s%s\n%s  data_files:\n",
               vqe_dataset_tables[table], by_stretch ? "_by_stretch" : "",
               table == 0 && !by_stretch ? "  default: true\n" : "");
  for (int split = 0; split < VQE_DATASET_SPLITS; split++) {
    bool any = false;
    for (int k = 0; k < set->nfiles; k++) {
      if (vqe_dataset_in_split(&set->files[k], table, by_stretch, split)) {
        if (!any) {
          vqe_duck_add(out, "  - split: %s\n    path:\n",
                       vqe_dataset_splits[split]);
        }
        any = true;
        vqe_duck_add(out, "    - %s\n", set->files[k].name);
      }
    }
  }
}

static void add_head(struct vqe_duck_text *out, const struct vqe_dataset *set)
{
  char *name = NULL;
  json_t *value = json_string(set->name);
  name = value != NULL ? vqe_json_dumps(value, JSON_ENCODE_ANY) : NULL;
  if (name == NULL) {
    out->status = vqe_error_set(VQE_ERR_INPUT,
                                "the folder's name is no UTF-8 text: name "
                                "another for the data set");
  } else {
    vqe_duck_add(out, "---\npretty_name: %s\nlicense: ", name);
    for (const char *at = set->license; *at != '\0'; at++) {
      vqe_duck_add(out, "%c", *at >= 'A' && *at <= 'Z' ? *at + 32 : *at);
    }
    vqe_duck_add(out,
                 "\ntask_categories:\n- tabular-classification\n"
                 "- tabular-regression\ntags:\n- chemistry\n- quantum\n"
                 "- vqe\nsize_categories:\n- %s\nconfigs:\n",
                 size_category(count_rows(set, 0) + count_rows(set, 1)));
    for (int table = 0; table < VQE_DATASET_TABLES; table++) {
      add_config(out, set, table, false);
      add_config(out, set, table, true);
    }
    vqe_duck_add(out, "---\n\n");
  }
  free(name);
  json_decref(value);
}

/* ---- tables of the text ---- */

static void add_splits(struct vqe_duck_text *out,
                       const struct vqe_dataset *set)
{
  for (int config = 0; config < 2 * VQE_DATASET_TABLES; config++) {
    int table = config / 2;
    bool by_stretch = config % 2 == 1;
    vqe_duck_add(out, "%s| `%s%s` |", config > 0 ? "\n" : "",
                 vqe_dataset_tables[table], by_stretch ? "_by_stretch" : "");
    for (int split = 0; split < VQE_DATASET_SPLITS; split++) {
      int64_t rows = 0;
      for (int k = 0; k < set->nfiles; k++) {
        rows += vqe_dataset_in_split(&set->files[k], table, by_stretch, split)
                    ? set->files[k].rows
                    : 0;
      }
      vqe_duck_add(out, " %" PRId64 " |", rows);
    }
  }
}

/* What would be a tag to readers of Markdown is none. */
static void add_plain(struct vqe_duck_text *out, const char *text)
{
  for (const char *at = text; *at != '\0'; at++) {
    vqe_duck_add(out, *at == '<' || *at == '|' ? "\\%c" : "%c", *at);
  }
}

static void add_columns(struct vqe_duck_text *out,
                        const struct vqe_dataset *set, int table)
{
  json_t *columns = json_object_get(set->columns, vqe_dataset_tables[table]);
  vqe_duck_add(out, "| column | type | unit | known | meaning |\n"
                    "|---|---|---|---|---|");
  for (size_t k = 0; k < json_array_size(columns); k++) {
    const json_t *column = json_array_get(columns, k);
    vqe_duck_add(out, "\n| `%s` | `%s` | %s | %s | ", text_of(column, "name"),
                 text_of(column, "type"), text_of(column, "unit"),
                 text_of(column, "known"));
    add_plain(out, text_of(column, "doc"));
    vqe_duck_add(out, " |");
  }
}

static void add_sizes(struct vqe_duck_text *out, const struct vqe_dataset *set)
{
  vqe_duck_add(out, "| file | rows | bytes |\n|---|---|---|");
  for (int k = 0; k < set->nfiles; k++) {
    vqe_duck_add(out, "\n| `%s` | %" PRId64 " | %" PRIu64 " |",
                 set->files[k].name, set->files[k].rows, set->files[k].bytes);
  }
}

static void add_query(struct vqe_duck_text *out, const struct vqe_dataset *set,
                      const char *sql)
{
  char *text = NULL;
  if (out->status == VQE_OK) {
    out->status = vqe_dataset_text(&text, set, sql);
  }
  vqe_duck_add(out, "%s", text != NULL ? text : "");
  free(text);
}

#define LIST(column)                                                          \
  "SELECT string_agg(DISTINCT " column ", ', ' ORDER BY " column ") "         \
  "FROM dataset_runs"

/* Facts of the rows, by the mark that stands for them in the text. */
static const struct {
  const char *mark, *sql;
} facts[] = {
    {"MOLECULES", "SELECT count(DISTINCT formula)::VARCHAR FROM dataset_runs"},
    {"GEOMETRIES", "SELECT count(DISTINCT (formula, charge, multiplicity, "
                   "coordinates_angstrom))::VARCHAR FROM dataset_runs"},
    {"BASES", LIST("basis_set")},
    {"ANSATZE", LIST("ansatz_type")},
    {"OPTIMIZERS", LIST("optimizer")},
    {"STARTS", LIST("init_strategy")},
    {"PLACES",
     "SELECT string_agg(split || ' ' || names, '; ' ORDER BY CASE split WHEN "
     "'train' THEN 1 WHEN 'validation' THEN 2 ELSE 3 END) FROM (SELECT "
     "molecule_split AS split, string_agg(DISTINCT formula, ', ' ORDER BY "
     "formula) AS names FROM dataset_runs GROUP BY 1)"},
};

static void add_fact(struct vqe_duck_text *out, const struct vqe_dataset *set,
                     const char *mark)
{
  if (strcmp(mark, "NAME") == 0) {
    vqe_duck_add(out, "%s", set->name);
  } else if (strcmp(mark, "RUNS") == 0 || strcmp(mark, "STEPS") == 0) {
    vqe_duck_add(out, "%" PRId64, count_rows(set, mark[0] == 'S'));
  } else if (strcmp(mark, "VERSION") == 0) {
    vqe_duck_add(out, "%s", vqe_version());
  } else if (strcmp(mark, "LICENSE") == 0) {
    vqe_duck_add(out, "%s", set->license);
  } else if (strcmp(mark, "SPLITS") == 0) {
    add_splits(out, set);
  } else if (strcmp(mark, "COLUMNS_RUNS") == 0) {
    add_columns(out, set, 0);
  } else if (strcmp(mark, "COLUMNS_STEPS") == 0) {
    add_columns(out, set, 1);
  } else if (strcmp(mark, "SIZES") == 0) {
    add_sizes(out, set);
  }
  for (size_t k = 0; k < sizeof facts / sizeof facts[0]; k++) {
    if (strcmp(mark, facts[k].mark) == 0) {
      add_query(out, set, facts[k].sql);
    }
  }
}

/* The text with what stands for its marks, @NAME@. */
static void add_body(struct vqe_duck_text *out, const struct vqe_dataset *set)
{
  const char *at = vqe_dataset_card_text;
  const char *mark = NULL;
  while ((mark = strchr(at, '@')) != NULL) {
    char name[32];
    size_t length = strcspn(mark + 1, "@");
    vqe_duck_add(out, "%.*s", (int)(mark - at), at);
    snprintf(name, sizeof name, "%.*s", (int)length, mark + 1);
    add_fact(out, set, name);
    at = mark + length + 2;
  }
  vqe_duck_add(out, "%s", at);
}

/* ---- files ---- */

static int write_license(const struct vqe_dataset *set)
{
  char *text = NULL;
  int status =
      vqe_memory_print(&text,
                       "The data set %s is available under the licence %s:\n"
                       "https://spdx.org/licenses/%s.html\n",
                       set->name, set->license, set->license);
  if (status == VQE_OK) {
    status = vqe_dataset_put(set, "LICENSE", text);
  }
  free(text);
  return status;
}

/* Citation File Format 1.2.0, which wants an author; JSON's strings are
 * YAML's. */
static int write_citation(const struct vqe_dataset *set)
{
  char *text = NULL;
  char *title = NULL;
  json_t *value = json_string(set->name);
  if (value == NULL ||
      (title = vqe_json_dumps(value, JSON_ENCODE_ANY)) == NULL) {
    json_decref(value);
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for the citation");
  }
  int status = vqe_memory_print(
      &text,
      "cff-version: 1.2.0\nmessage: Cite the data set as below.\n"
      "type: dataset\ntitle: %s\nauthors:\n"
      "- name: the authors of this data set\nversion: 1.0.0\n"
      "date-released: \"%s\"\nlicense: %s\nreferences:\n- type: software\n"
      "  title: vqe_batch\n  version: \"%s\"\n  authors:\n"
      "  - name: the vqe_batch authors\n",
      title, set->date, set->license, vqe_version());
  if (status == VQE_OK) {
    status = vqe_dataset_put(set, "CITATION.cff", text);
  }
  json_decref(value);
  free(title);
  free(text);
  return status;
}

int vqe_dataset_write_card(const struct vqe_dataset *set)
{
  struct vqe_duck_text card = {NULL, 0, 0, VQE_OK};
  add_head(&card, set);
  add_body(&card, set);
  int status = card.status;
  if (status == VQE_OK) {
    status = vqe_dataset_put(set, "README.md", card.data);
  }
  if (status == VQE_OK) {
    status = write_license(set);
  }
  if (status == VQE_OK) {
    status = write_citation(set);
  }
  free(card.data);
  return status;
}

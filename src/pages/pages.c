#include "pages/pages.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "pages/page_groups.h"
#include "pages/page_sections.h"
#include "pages/page_text.h"

/* src/pages/template and the libraries of jobs/setup/pages.sh, compiled in;
 * of size 0 where a build has none. */
extern const char vqe_pages_template[];
extern const char vqe_pages_style[];
extern const char vqe_pages_script[];
extern const char vqe_pages_echarts[];
extern const char vqe_pages_3dmol[];
extern const size_t vqe_pages_script_size, vqe_pages_echarts_size,
    vqe_pages_3dmol_size;

/* Bytes of all circuits that are kept. */
#define MOST_CIRCUITS ((size_t)32 << 20)

struct vqe_pages {
  char *source;
  struct vqe_pages_set set;
};

int vqe_pages_create(struct vqe_pages **out, const char *source)
{
  struct vqe_pages *pages = NULL;
  int status = vqe_memory_alloc(&pages, 1, sizeof *pages, "a report");
  *out = NULL;
  if (status == VQE_OK) {
    status = vqe_pages_run_text(&pages->source, source);
  }
  if (status != VQE_OK) {
    vqe_pages_free(pages);
    return status;
  }
  *out = pages;
  return VQE_OK;
}

void vqe_pages_free(struct vqe_pages *pages)
{
  if (pages == NULL) {
    return;
  }
  for (size_t k = 0; k < pages->set.nrun; k++) {
    vqe_pages_run_free(pages->set.runs[k]);
  }
  vqe_pages_ungroup(&pages->set);
  free(pages->set.runs);
  free(pages->source);
  free(pages);
}

/* Few circuits are drawn, and a hundred thousand take gigabytes. */
static void bound_circuits(struct vqe_pages_set *set,
                           struct vqe_pages_run *run)
{
  size_t size = run->circuit != NULL ? strlen(run->circuit) : 0;
  if (set->circuits + size > MOST_CIRCUITS) {
    free(run->circuit);
    run->circuit = NULL;
    set->more_circuits = true;
    return;
  }
  set->circuits += size;
}

/* Takes the run over. */
static int append(struct vqe_pages_set *set, struct vqe_pages_run *run)
{
  int status = VQE_OK;
  bound_circuits(set, run);
  if (set->nrun == set->capacity) {
    size_t grown = set->capacity > 0 ? 2 * set->capacity : 64;
    status = vqe_memory_grow(&set->runs, set->nrun, grown,
                             sizeof(struct vqe_pages_run *), "the report");
    set->capacity = status == VQE_OK ? grown : set->capacity;
  }
  if (status == VQE_OK) {
    set->runs[set->nrun++] = run;
  } else {
    vqe_pages_run_free(run);
  }
  return status;
}

int vqe_pages_add(struct vqe_pages *pages, const struct vqe_result *result)
{
  struct vqe_pages_run *run = NULL;
  int status = vqe_pages_run_of(&run, result);
  return status == VQE_OK ? append(&pages->set, run) : status;
}

int vqe_pages_add_row(struct vqe_pages *pages, const json_t *row)
{
  struct vqe_pages_run *run = NULL;
  int status = vqe_pages_run_of_row(&run, row);
  return status == VQE_OK ? append(&pages->set, run) : status;
}

size_t vqe_pages_count(const struct vqe_pages *pages)
{
  return pages->set.nrun;
}

/* ---- parts of the page ---- */

/* A base64 text of a hash, by which the page allows a script of ours and no
 * other. */
static int put_hash(struct vqe_pages_text *text, const char *script,
                    size_t size)
{
  static const char letters[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
      "uvwxyz0123456789+/";
  uint8_t hash[33] = {0};
  int status = vqe_sha256(hash, script, size);
  vqe_pages_put(text, " 'sha256-");
  for (int k = 0; k < 33; k += 3) {
    unsigned bits =
        (unsigned)hash[k] << 16 | (unsigned)hash[k + 1] << 8 | hash[k + 2];
    for (int j = 0; j < 4; j++) {
      /* 32 bytes of a hash make 43 letters */
      const char *letter =
          k == 30 && j == 3 ? "=" : &letters[bits >> (18 - 6 * j) & 63];
      vqe_pages_putn(text, letter, 1);
    }
  }
  vqe_pages_put(text, "'");
  return status;
}

struct script {
  const char *text;
  size_t size;
};

static void list_scripts(struct script scripts[3])
{
  scripts[0] = (struct script){vqe_pages_echarts, vqe_pages_echarts_size};
  scripts[1] = (struct script){vqe_pages_3dmol, vqe_pages_3dmol_size};
  scripts[2] = (struct script){vqe_pages_script, vqe_pages_script_size};
}

static int put_policy(struct vqe_pages_text *text)
{
  struct script scripts[3];
  int status = VQE_OK;
  list_scripts(scripts);
  vqe_pages_put(text, "default-src 'none'; style-src 'unsafe-inline'; img-src "
                      "data: blob:; base-uri 'none'; form-action 'none'; "
                      "script-src");
  for (int k = 0; status == VQE_OK && k < 3; k++) {
    if (scripts[k].size > 0) {
      status = put_hash(text, scripts[k].text, scripts[k].size);
    }
  }
  return status;
}

static void put_scripts(struct vqe_pages_text *text)
{
  struct script scripts[3];
  list_scripts(scripts);
  for (int k = 0; k < 3; k++) {
    if (scripts[k].size > 0) {
      vqe_pages_put(text, "<script>");
      vqe_pages_putn(text, scripts[k].text, scripts[k].size);
      vqe_pages_put(text, "</script>\n");
    }
  }
}

/* JSON inside a script element: a text of others may hold its end tag.
 * Energies of thousands of hartree need 12 digits to be known to a
 * microhartree. */
static int put_data(struct vqe_pages_text *text, const json_t *data)
{
  char *json = vqe_json_dumps(data, JSON_COMPACT | JSON_ENSURE_ASCII |
                                        JSON_REAL_PRECISION(12));
  if (json == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for the report");
  }
  for (const char *at = json; *at != '\0';) {
    size_t plain = strcspn(at, "<>&");
    vqe_pages_putn(text, at, plain);
    at += plain;
    if (*at != '\0') {
      vqe_pages_putf(text, "\\u%04x", (unsigned)(unsigned char)*at);
      at++;
    }
  }
  free(json);
  return text->status;
}

/* Sections in the order of the page; those that show nothing have no entry in
 * the list of contents. */
static void put_body(struct vqe_pages_text *body, struct vqe_pages_text *menu,
                     json_t *data, const struct vqe_pages_set *set)
{
  static const struct {
    const char *id, *title;
    bool (*plain)(struct vqe_pages_text *, const struct vqe_pages_set *);
    bool (*drawn)(struct vqe_pages_text *, json_t *,
                  const struct vqe_pages_set *);
  } sections[] = {
      {"summary", "Summary", vqe_pages_summary, NULL},
      {"advice", "Worth knowing", vqe_pages_advice, NULL},
      {"curves", "Energy curves", NULL, vqe_pages_curves},
      {"results", "Results", vqe_pages_results, NULL},
      {"convergence", "Convergence", NULL, vqe_pages_convergence},
      {"molecules", "Molecules", NULL, vqe_pages_molecules},
      {"hamiltonians", "Hamiltonians", vqe_pages_hamiltonians, NULL},
      {"circuits", "Circuits", vqe_pages_circuits, NULL},
      {"occupations", "Natural occupations", vqe_pages_occupations, NULL},
      {"time", "Time", vqe_pages_time, NULL},
      {"provenance", "Provenance", vqe_pages_provenance, NULL},
  };
  for (size_t k = 0; k < sizeof sections / sizeof sections[0]; k++) {
    bool shown = sections[k].plain != NULL
                     ? sections[k].plain(body, set)
                     : sections[k].drawn(body, data, set);
    if (shown) {
      vqe_pages_putf(menu, "<li><a href=\"#%s\">%s</a></li>", sections[k].id,
                     sections[k].title);
    }
  }
}

static void put_missing(struct vqe_pages_text *text)
{
  if (vqe_pages_echarts_size == 0 || vqe_pages_3dmol_size == 0) {
    vqe_pages_put(text,
                  "<p class=\"hint\">This build has no libraries for charts "
                  "that respond and molecules that turn, so drawings stand "
                  "still: run <code>jobs/setup/pages.sh</code> and "
                  "<code>jobs/setup/build.sh</code> again.</p>");
  }
}

/* What stands for {{name}} in the template. */
static int put_place(struct vqe_pages_text *text, const char *name,
                     size_t length, const struct vqe_pages *pages,
                     const struct vqe_pages_text parts[2], const json_t *data)
{
  char now[VQE_CLOCK_RFC3339_SIZE];
  if (strncmp(name, "policy", length) == 0) {
    return put_policy(text);
  }
  if (strncmp(name, "data", length) == 0) {
    return put_data(text, data);
  }
  if (strncmp(name, "style", length) == 0) {
    vqe_pages_put(text, vqe_pages_style);
  } else if (strncmp(name, "scripts", length) == 0) {
    put_scripts(text);
  } else if (strncmp(name, "source", length) == 0) {
    vqe_pages_escape(text, pages->source);
  } else if (strncmp(name, "made", length) == 0) {
    vqe_clock_rfc3339(now);
    vqe_pages_putf(text, "%.16s UTC by vqe_batch %s", now, vqe_version());
  } else if (strncmp(name, "missing", length) == 0) {
    put_missing(text);
  } else if (strncmp(name, "body", length) == 0) {
    vqe_pages_putn(text, parts[0].data, parts[0].used);
  } else if (strncmp(name, "menu", length) == 0) {
    vqe_pages_putn(text, parts[1].data, parts[1].used);
  }
  return text->status;
}

static int fill_template(struct vqe_pages_text *text,
                         const struct vqe_pages *pages,
                         const struct vqe_pages_text parts[2],
                         const json_t *data)
{
  const char *at = vqe_pages_template;
  const char *mark;
  while (text->status == VQE_OK && (mark = strstr(at, "{{")) != NULL) {
    const char *end = strstr(mark, "}}");
    vqe_pages_putn(text, at, (size_t)(mark - at));
    int status = put_place(text, mark + 2, (size_t)(end - mark - 2), pages,
                           parts, data);
    text->status = text->status == VQE_OK ? status : text->status;
    at = end + 2;
  }
  vqe_pages_put(text, at);
  return text->status;
}

int vqe_pages_html(char **out, size_t *size, struct vqe_pages *pages)
{
  struct vqe_pages_text parts[2] = {{NULL, 0, 0, VQE_OK},
                                    {NULL, 0, 0, VQE_OK}};
  struct vqe_pages_text page = {NULL, 0, 0, VQE_OK};
  json_t *data = json_pack("{s:[]}", "charts");
  *out = NULL;
  int status = data != NULL
                   ? vqe_pages_group(&pages->set)
                   : vqe_error_set(VQE_ERR_MEMORY, "no memory for the report");
  if (status == VQE_OK) {
    put_body(&parts[0], &parts[1], data, &pages->set);
    status = parts[0].status != VQE_OK ? parts[0].status : parts[1].status;
  }
  if (status == VQE_OK) {
    status = fill_template(&page, pages, parts, data);
  }
  free(parts[0].data);
  free(parts[1].data);
  json_decref(data);
  if (status != VQE_OK) {
    free(page.data);
    return status;
  }
  *out = page.data;
  *size = page.used;
  return VQE_OK;
}

int vqe_pages_write(const char *path, struct vqe_pages *pages)
{
  char *html = NULL;
  size_t size = 0;
  int status = vqe_pages_html(&html, &size, pages);
  if (status == VQE_OK) {
    status = vqe_file_write(path, html, size);
  }
  free(html);
  return status;
}

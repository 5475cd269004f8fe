#include "objects/objects_xml.h"

#include <expat.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"

#define MOST_DEPTH 16
#define NAME_SIZE 64
#define TEXT_LIMIT 8192 /* bytes; a key has 1024, 3072 when encoded */

struct reader {
  XML_Parser parser;
  vqe_s3_xml_visit visit;
  void *ctx;
  char names[MOST_DEPTH][NAME_SIZE]; /* of the elements that are open */
  int depth;
  char text[TEXT_LIMIT + 1]; /* since the last tag */
  int size;
  int status; /* why the reading was ended; VQE_OK: it was not */
};

static void end_with(struct reader *reader, int status)
{
  reader->status = status;
  XML_StopParser(reader->parser, XML_FALSE);
}

static void XMLCALL on_start(void *ctx, const XML_Char *name,
                             const XML_Char **attributes)
{
  struct reader *reader = ctx;
  (void)attributes;
  if (reader->depth == MOST_DEPTH) {
    end_with(reader,
             vqe_error_set(VQE_ERR_INPUT,
                           "XML with elements more than %d deep", MOST_DEPTH));
    return;
  }
  snprintf(reader->names[reader->depth++], NAME_SIZE, "%s", name);
  reader->size = 0;
}

static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
  struct reader *reader = ctx;
  if (reader->status != VQE_OK) {
    return; /* expat ends an empty element even after it was stopped */
  }
  reader->depth--;
  reader->text[reader->size] = '\0';
  const struct vqe_s3_xml_element element = {
      .parent = reader->depth == 0 ? "" : reader->names[reader->depth - 1],
      .name = name,
      .text = reader->text};
  int status = reader->visit(reader->ctx, &element);
  if (status != VQE_OK) {
    end_with(reader, status);
  }
  reader->size = 0;
}

static void XMLCALL on_text(void *ctx, const XML_Char *text, int length)
{
  struct reader *reader = ctx;
  if (length > TEXT_LIMIT - reader->size) {
    end_with(reader,
             vqe_error_set(VQE_ERR_INPUT, "XML with a text above %d bytes",
                           TEXT_LIMIT));
    return;
  }
  memcpy(reader->text + reader->size, text, (size_t)length);
  reader->size += length;
}

static void XMLCALL on_doctype(void *ctx, const XML_Char *name,
                               const XML_Char *system_id,
                               const XML_Char *public_id, int has_subset)
{
  (void)name;
  (void)system_id;
  (void)public_id;
  (void)has_subset;
  end_with(ctx, vqe_error_set(VQE_ERR_INPUT,
                              "XML with a document type declaration"));
}

static bool is_space(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int vqe_s3_xml_read(const char *document, size_t size, vqe_s3_xml_visit visit,
                    void *ctx)
{
  /* UTF-8 whatever the document declares: S3 writes nothing else */
  struct reader reader = {
      .parser = XML_ParserCreate("UTF-8"), .visit = visit, .ctx = ctx};
  if (reader.parser == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for XML");
  }
  XML_SetUserData(reader.parser, &reader);
  XML_SetElementHandler(reader.parser, on_start, on_end);
  XML_SetCharacterDataHandler(reader.parser, on_text);
  XML_SetStartDoctypeDeclHandler(reader.parser, on_doctype);
  /* some stores keep a connection busy by spaces before the document */
  while (size > 0 && is_space(*document)) {
    document++;
    size--;
  }
  enum XML_Status done = XML_Parse(
      reader.parser, document, size < INT_MAX ? (int)size : INT_MAX, XML_TRUE);
  if (reader.status == VQE_OK && done != XML_STATUS_OK) {
    enum XML_Error code = XML_GetErrorCode(reader.parser);
    reader.status = vqe_error_set(code == XML_ERROR_NO_MEMORY ? VQE_ERR_MEMORY
                                                              : VQE_ERR_INPUT,
                                  "no XML: %s", XML_ErrorString(code));
  }
  XML_ParserFree(reader.parser);
  return reader.status;
}

/* The first element of a name. */
struct search {
  const char *name;
  char *text;
};

static int visit_search(void *ctx, const struct vqe_s3_xml_element *element)
{
  struct search *search = ctx;
  return search->text != NULL || strcmp(element->name, search->name) != 0
             ? VQE_OK
             : vqe_memory_strdup(&search->text, element->text);
}

int vqe_s3_xml_text(char **out, const char *document, size_t size,
                    const char *name)
{
  struct search search = {.name = name};
  int status = vqe_s3_xml_read(document, size, visit_search, &search);
  *out = search.text;
  return status == VQE_ERR_INPUT ? VQE_OK : status;
}

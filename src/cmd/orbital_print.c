#include "orbital_print.h"

#include <jansson.h>
#include <string.h>

#include "base/json_text.h"
#include "base/notes.h"
#include "base/text.h"

#define WIDTH 80

static const char *text_of(const json_t *orbital, const char *key)
{
  const char *text = json_string_value(json_object_get(orbital, key));
  return text != NULL ? text : "";
}

static void print_notes(FILE *stream, const char *notes)
{
  struct vqe_notes_line line;
  const char *at = notes;
  while (vqe_notes_next(&line, &at)) {
    char text[400];
    snprintf(text, sizeof text, "  %.*s", (int)line.text_length, line.text);
    vqe_text_blank_controls(text);
    vqe_text_wrap(stream, text, WIDTH, 2);
  }
}

void vqe_cmd_orbital_print(FILE *stream, const struct vqe_result *space)
{
  json_t *list =
      space->orbitals != NULL
          ? vqe_json_parse_any(space->orbitals, strlen(space->orbitals))
          : NULL;
  if (list == NULL) {
    return;
  }
  vqe_text_line(stream, "Orbitals of %.30s, %.16s: %d electrons in %d, %d %s",
                space->experiment->name, space->experiment->basis_set,
                space->nalpha + space->nbeta, space->norb, space->nfrozen,
                "frozen");
  fprintf(stream, "%6s %14s %10s  %-5s  %s\n", "number", "energy/hartree",
          "occupation", "irrep", "character");
  for (size_t k = 0; k < json_array_size(list); k++) {
    const json_t *orbital = json_array_get(list, k);
    const json_t *number = json_object_get(orbital, "number");
    char place[24] = "-";
    if (json_is_integer(number)) {
      snprintf(place, sizeof place, "%lld",
               (long long)json_integer_value(number));
    }
    fprintf(stream, "%6s %14.5f %10.4f  %-5s  %s\n", place,
            json_number_value(json_object_get(orbital, "energy")),
            json_number_value(json_object_get(orbital, "occupation")),
            text_of(orbital, "irrep"), text_of(orbital, "character"));
  }
  print_notes(stream, space->notes);
  json_decref(list);
}

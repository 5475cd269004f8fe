#include "molecule/molecule_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "molecule/molecule_build.h"

static const enum vqe_coordinate_kind kinds[] = {
    VQE_COORDINATE_BOND, VQE_COORDINATE_ANGLE, VQE_COORDINATE_TORSION};

static json_t *as_json(const struct vqe_scan_point *point)
{
  json_t *list = json_array();
  for (size_t k = 0; k < point->count; k++) {
    const struct vqe_scan_place *place = &point->places[k];
    json_t *item = json_object();
    if (place->displaced) {
      json_object_set_new(item, "displace", json_real(place->width));
    } else {
      json_t *atoms = json_array();
      for (int a = 0; a < (int)place->coordinate.kind; a++) {
        json_array_append_new(
            atoms, json_integer((json_int_t)place->coordinate.atoms[a]));
      }
      json_object_set_new(item, vqe_coordinate_name(place->coordinate.kind),
                          atoms);
    }
    json_object_set_new(item, "value", json_real(place->value));
    json_array_append_new(list, item);
  }
  return json_pack("{s:s, s:o}", "curve", point->curve, "at", list);
}

/* 0.1 and not 0.10000000000000001, where that is the same number. */
static size_t digits_of(const struct vqe_scan_point *point)
{
  size_t digits = 15;
  for (size_t k = 0; k < point->count; k++) {
    const double numbers[] = {point->places[k].value, point->places[k].width};
    for (size_t n = 0; n < 2; n++) {
      char text[40];
      snprintf(text, sizeof text, "%.15g", numbers[n]);
      if (strtod(text, NULL) != numbers[n]) {
        digits = 17;
      }
    }
  }
  return digits;
}

int vqe_scan_point_write(char **out, const struct vqe_scan_point *point)
{
  json_t *whole = as_json(point);
  *out = whole != NULL
             ? json_dumps(whole,
                          JSON_COMPACT | JSON_REAL_PRECISION(digits_of(point)))
             : NULL;
  json_decref(whole);
  return *out != NULL ? VQE_OK
                      : vqe_error_set(VQE_ERR_MEMORY, "no memory for a scan");
}

static bool read_atoms(struct vqe_coordinate *out, const json_t *atoms)
{
  for (size_t a = 0; a < json_array_size(atoms); a++) {
    json_int_t atom = json_integer_value(json_array_get(atoms, a));
    if (atom < 0 || atom >= VQE_MAX_ATOMS) {
      return false;
    }
    out->atoms[a] = (size_t)atom;
  }
  return true;
}

static bool read_place(struct vqe_scan_place *out, const json_t *item)
{
  const json_t *value = json_object_get(item, "value");
  const json_t *width = json_object_get(item, "displace");
  out->value = json_number_value(value);
  if (!json_is_number(value)) {
    return false;
  }
  if (width != NULL) {
    out->displaced = true;
    out->width = json_number_value(width);
    return json_is_number(width);
  }
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
    const json_t *atoms = json_object_get(item, vqe_coordinate_name(kinds[k]));
    if (atoms != NULL) {
      out->coordinate.kind = kinds[k];
      return json_array_size(atoms) == (size_t)kinds[k] &&
             read_atoms(&out->coordinate, atoms);
    }
  }
  return false;
}

int vqe_scan_point_read(struct vqe_scan_point *out, const char *text)
{
  memset(out, 0, sizeof *out);
  if (text == NULL) {
    return VQE_OK;
  }
  json_t *root = vqe_json_parse_any(text, strlen(text));
  const json_t *list = json_object_get(root, "at");
  const char *curve = json_string_value(json_object_get(root, "curve"));
  size_t count = json_array_size(list);
  bool good = curve != NULL && count >= 1 && count <= VQE_SCAN_MOST;
  for (size_t k = 0; good && k < count; k++) {
    good = read_place(&out->places[out->count++], json_array_get(list, k));
  }
  int status = good ? vqe_memory_strdup(&out->curve, curve)
                    : vqe_error_set(VQE_ERR_INPUT,
                                    "'%.80s' is no point of a scan", text);
  json_decref(root);
  return status;
}

void vqe_scan_point_clear(struct vqe_scan_point *point)
{
  free(point->curve);
  memset(point, 0, sizeof *point);
}

int vqe_scan_point_values(double out[VQE_SCAN_MOST], size_t *count,
                          const char *text)
{
  struct vqe_scan_point point;
  int status = vqe_scan_point_read(&point, text);
  *count = status == VQE_OK ? point.count : 0;
  for (size_t k = 0; k < *count; k++) {
    out[k] = point.places[k].value;
  }
  vqe_scan_point_clear(&point);
  return status;
}

int vqe_scan_point_title(char **out, const struct vqe_scan_point *point)
{
  char text[VQE_SCAN_MOST * 48] = "";
  int used = 0;
  for (size_t k = 0; k < point->count; k++) {
    const struct vqe_scan_place *place = &point->places[k];
    const struct vqe_coordinate *coordinate = &place->coordinate;
    const char *comma = k > 0 ? "," : "";
    if (place->displaced) {
      used += snprintf(text + used, sizeof text - (size_t)used, "%s displaced",
                       comma);
      continue;
    }
    used += snprintf(text + used, sizeof text - (size_t)used, "%s %s", comma,
                     vqe_coordinate_name(coordinate->kind));
    for (int a = 0; a < (int)coordinate->kind; a++) {
      used += snprintf(text + used, sizeof text - (size_t)used, "%s%zu",
                       a > 0 ? "-" : " ", coordinate->atoms[a]);
    }
  }
  return vqe_memory_print(out, "%s%s", point->curve, text);
}

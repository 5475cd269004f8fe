#include "store/codec.h"

#include <endian.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "operators/qubits.h"
#include "record/fields.h"
#include "vqe/property.h"

/* One walk over the fields serves measuring, writing and reading, so the
 * three cannot drift apart. */
enum mode { MEASURE, WRITE, READ };

struct stream {
  enum mode mode;
  uint8_t *out;      /* WRITE */
  const uint8_t *in; /* READ */
  size_t used;
  size_t size;      /* bytes that `in` holds, or `out` can hold */
  unsigned version; /* of the bytes */
  int status;       /* first failure; nothing moves after it */
};

static const char magic[4] = {'V', 'Q', 'E', 'R'};

/* length of a NULL string */
#define NO_STRING UINT64_MAX

static void malformed(struct stream *stream, const char *what)
{
  if (stream->status == VQE_OK) {
    stream->status = vqe_error_set(VQE_ERR_INPUT,
                                   "result record: %s at byte %zu of %zu; the "
                                   "record is damaged or of another version",
                                   what, stream->used, stream->size);
  }
}

/* Room for `count` elements of `size` bytes; false ends the field. */
static bool has_room(struct stream *stream, size_t count, size_t size)
{
  size_t bytes;
  VQE_ASSERT(stream->mode == MEASURE || stream->used <= stream->size);
  if (stream->status != VQE_OK) {
    return false;
  }
  if (!vqe_memory_mul(&bytes, count, size) ||
      (stream->mode == MEASURE && bytes > SIZE_MAX - stream->used) ||
      (stream->mode != MEASURE && bytes > stream->size - stream->used)) {
    malformed(stream, "a field passes the end");
    return false;
  }
  return true;
}

static void bytes_field(struct stream *stream, void *data, size_t size)
{
  if (!has_room(stream, size, 1)) {
    return;
  }
  if (size > 0 && stream->mode == WRITE) {
    memcpy(stream->out + stream->used, data, size);
  } else if (size > 0 && stream->mode == READ) {
    memcpy(data, stream->in + stream->used, size);
  }
  stream->used += size;
}

static void u32_field(struct stream *stream, uint32_t *value)
{
  uint32_t little = htole32(*value);
  bytes_field(stream, &little, sizeof little);
  if (stream->mode == READ && stream->status == VQE_OK) {
    *value = le32toh(little);
  }
}

static void u64_field(struct stream *stream, uint64_t *value)
{
  uint64_t little = htole64(*value);
  bytes_field(stream, &little, sizeof little);
  if (stream->mode == READ && stream->status == VQE_OK) {
    *value = le64toh(little);
  }
}

static void int_field(struct stream *stream, void *value)
{
  uint32_t word;
  memcpy(&word, value, sizeof word);
  u32_field(stream, &word);
  if (stream->mode == READ) {
    memcpy(value, &word, sizeof word);
  }
}

/* An int that must lie in low..high on reading. */
static void range_field(struct stream *stream, void *value, int low, int high,
                        const char *what)
{
  int number;
  int_field(stream, value);
  memcpy(&number, value, sizeof number);
  if (stream->mode == READ && stream->status == VQE_OK &&
      (number < low || number > high)) {
    malformed(stream, what);
    memcpy(value, &low, sizeof low);
  }
}

/* Any 64-bit number. */
static void word_field(struct stream *stream, void *value)
{
  uint64_t word;
  memcpy(&word, value, sizeof word);
  u64_field(stream, &word);
  if (stream->mode == READ) {
    memcpy(value, &word, sizeof word);
  }
}

static void bool_field(struct stream *stream, bool *value)
{
  uint8_t byte = stream->mode == READ ? 0 : *value;
  bytes_field(stream, &byte, 1);
  if (stream->mode == READ) {
    if (byte > 1) {
      malformed(stream, "a truth value is neither 0 nor 1");
    }
    *value = byte == 1;
  }
}

static void count_field(struct stream *stream, size_t *value, size_t element)
{
  uint64_t count = *value;
  u64_field(stream, &count);
  if (stream->mode != READ || stream->status != VQE_OK) {
    return;
  }
  /* each element takes at least this much of what is left */
  if (count > (stream->size - stream->used) / element) {
    malformed(stream, "a count is larger than the record");
    return;
  }
  *value = (size_t)count;
}

static void string_field(struct stream *stream, char **text)
{
  uint64_t length = NO_STRING;
  if (stream->mode != READ && *text != NULL) {
    length = strlen(*text);
  }
  u64_field(stream, &length);
  if (stream->status != VQE_OK || length == NO_STRING) {
    return;
  }
  if (!has_room(stream, length, 1)) {
    return;
  }
  if (stream->mode == READ) {
    if (memchr(stream->in + stream->used, '\0', length) != NULL) {
      malformed(stream, "a text holds a NUL");
      return;
    }
    stream->status = vqe_memory_alloc(text, (size_t)length + 1, 1, "a text");
    if (stream->status != VQE_OK) {
      return;
    }
  }
  bytes_field(stream, *text, (size_t)length);
}

/* A text in an array of `size` bytes, NUL included. */
static void chars_field(struct stream *stream, char *text, size_t size)
{
  size_t length = stream->mode == READ ? 0 : strnlen(text, size - 1);
  uint32_t word = (uint32_t)length;
  u32_field(stream, &word);
  if (stream->mode == READ) {
    if (stream->status != VQE_OK) {
      return;
    }
    length = word;
    if (length >= size) {
      malformed(stream, "a text is longer than its field");
      return;
    }
  }
  bytes_field(stream, text, length);
  if (stream->mode == READ && stream->status == VQE_OK) {
    text[length] = '\0';
    if (strlen(text) != length) {
      malformed(stream, "a text holds a NUL");
    }
  }
}

#define CHARS(stream, array) chars_field(stream, array, sizeof(array))

/* Whether an array is there: absent when it is NULL or empty. `required`: a
 * record that says elements without them is damaged. */
static bool has_array(struct stream *stream, const void *array, size_t count,
                      bool required)
{
  bool present = count > 0 && array != NULL;
  bool_field(stream, &present);
  if (stream->status != VQE_OK) {
    return false;
  }
  if (!present && required && count > 0) {
    malformed(stream, "an array is missing");
  } else if (present && count == 0) {
    malformed(stream, "an empty array is said to be present");
  }
  return present && stream->status == VQE_OK;
}

/* Array of `rows` x `columns` 64-bit words, absent when NULL or empty.
 * `address` is that of a double or uint64_t pointer. `required`: a record
 * that says rows without them is damaged. */
static void words_field(struct stream *stream, void *address, size_t rows,
                        size_t columns, bool required)
{
  uint64_t *words = NULL;
  size_t count = 0;
  if (stream->status != VQE_OK) {
    return;
  }
  if (!vqe_memory_mul(&count, rows, columns)) {
    malformed(stream, "an array overflows");
    return;
  }
  memcpy(&words, address, sizeof words);
  if (!has_array(stream, words, count, required) ||
      !has_room(stream, count, sizeof *words)) {
    return;
  }
  if (stream->mode == READ) {
    stream->status =
        vqe_memory_alloc(&words, count, sizeof *words, "an array");
    if (stream->status != VQE_OK) {
      return;
    }
    memcpy(address, &words, sizeof words);
    const uint8_t *from = stream->in + stream->used;
    for (size_t k = 0; k < count; k++) {
      uint64_t little;
      memcpy(&little, from + k * sizeof little, sizeof little);
      words[k] = le64toh(little);
    }
  } else if (stream->mode == WRITE) {
    uint8_t *to = stream->out + stream->used;
    VQE_ASSERT(words != NULL); /* it is present */
    for (size_t k = 0; k < count; k++) {
      uint64_t little = htole64(words[k]);
      memcpy(to + k * sizeof little, &little, sizeof little);
    }
  }
  stream->used += count * sizeof *words;
}

static void new_object(struct stream *stream, void *address, size_t size)
{
  if (stream->mode == READ && stream->status == VQE_OK) {
    stream->status = vqe_memory_alloc(address, 1, size, "a record");
  }
}

static void molecule_fields(struct stream *stream,
                            struct vqe_molecule **address)
{
  bool present = stream->mode != READ && *address != NULL;
  bool_field(stream, &present);
  if (!present || stream->status != VQE_OK) {
    return;
  }
  new_object(stream, address, sizeof **address);
  if (stream->status != VQE_OK) {
    return;
  }
  struct vqe_molecule *molecule = *address;
  string_field(stream, &molecule->name);
  if (stream->status == VQE_OK && molecule->name == NULL) {
    malformed(stream, "a molecule has no name");
  }
  /* a count alone, for its length and three coordinates follow */
  size_t natom = stream->mode == READ ? 0 : molecule->natom;
  count_field(stream, &natom, 4 + 4 + 24);
  if (stream->status != VQE_OK) {
    return;
  }
  if (stream->mode == READ && natom > 0) {
    stream->status = vqe_memory_alloc(&molecule->symbols, natom,
                                      sizeof *molecule->symbols, "symbols");
    if (stream->status == VQE_OK) {
      stream->status = vqe_memory_alloc(&molecule->z, natom,
                                        sizeof *molecule->z, "atomic numbers");
    }
    if (stream->status != VQE_OK) {
      return;
    }
  }
  molecule->natom = natom;
  for (size_t k = 0; k < natom; k++) {
    CHARS(stream, molecule->symbols[k]);
    int_field(stream, &molecule->z[k]);
  }
  words_field(stream, &molecule->coords, natom, 3, true);
  words_field(stream, &molecule->masses, natom, 1, false);
  int_field(stream, &molecule->multiplicity);
  int_field(stream, &molecule->charge);
  int units = (int)molecule->units;
  range_field(stream, &units, VQE_ANGSTROM, VQE_BOHR, "unknown units");
  if (stream->mode == READ) {
    molecule->units = (enum vqe_units)units;
  }
}

static void option_fields(struct stream *stream, struct vqe_option_list *list)
{
  size_t count = stream->mode == READ ? 0 : list->count;
  count_field(stream, &count, 16);
  if (stream->status != VQE_OK) {
    return;
  }
  if (stream->mode == READ && count > 0) {
    stream->status =
        vqe_memory_alloc(&list->items, count, sizeof *list->items, "options");
    if (stream->status != VQE_OK) {
      return;
    }
    list->count = count;
  }
  for (size_t k = 0; k < count; k++) {
    string_field(stream, &list->items[k].key);
    string_field(stream, &list->items[k].json);
    if (stream->status == VQE_OK &&
        (list->items[k].key == NULL || list->items[k].json == NULL)) {
      malformed(stream, "an option lacks its key or value");
    }
  }
}

/* As many as the result counts. */
static void property_fields(struct stream *stream,
                            struct vqe_property **address, size_t count)
{
  if (stream->status == VQE_OK && stream->mode == READ && count > 0) {
    stream->status =
        vqe_memory_alloc(address, count, sizeof **address, "properties");
  }
  for (size_t k = 0; stream->status == VQE_OK && k < count; k++) {
    struct vqe_property *property = &(*address)[k];
    size_t size = 0;
    CHARS(stream, property->name);
    range_field(stream, &property->ndim, 1, VQE_PROPERTY_DIMS,
                "a property has no shape");
    for (int i = 0; i < VQE_PROPERTY_DIMS; i++) {
      if (i < property->ndim) {
        u64_field(stream, &property->shape[i]);
      } else {
        property->shape[i] = 1;
      }
    }
    if (stream->status == VQE_OK && !vqe_property_size(&size, property)) {
      malformed(stream, "a property has no shape");
    }
    words_field(stream, &property->values, size, 1, true);
  }
}

/* Masks of so many qubits, a word each or two. */
static void masks_field(struct stream *stream, vqe_qubits **address,
                        size_t count, int nqubit)
{
  bool wide = nqubit > 64;
  if (stream->status != VQE_OK || !has_array(stream, *address, count, true) ||
      !has_room(stream, count, (wide ? 2 : 1) * sizeof(uint64_t))) {
    return;
  }
  if (stream->mode == READ) {
    stream->status =
        vqe_memory_alloc(address, count, sizeof **address, "an array");
  }
  for (size_t k = 0; k < count && stream->status == VQE_OK; k++) {
    uint64_t low = stream->mode == READ ? 0 : vqe_qubits_low((*address)[k]);
    uint64_t high = stream->mode == READ ? 0 : vqe_qubits_high((*address)[k]);
    u64_field(stream, &low);
    if (wide) {
      u64_field(stream, &high);
    }
    if (stream->mode == READ) {
      (*address)[k] = (vqe_qubits)high << 64 | low;
    }
  }
}

/* Arrays as long as the result's counts, which stand before them. */
static void array_member(struct stream *stream, enum vqe_member_kind kind,
                         void *at, const struct vqe_result *result)
{
  size_t nparam = (size_t)result->nparam;
  switch (kind) {
  case VQE_MEMBER_TERMS:
    words_field(stream, at, result->nterm, 1, true);
    break;
  case VQE_MEMBER_MASKS:
    masks_field(stream, at, result->nterm, result->num_qubits);
    break;
  case VQE_MEMBER_PARAMETERS:
    words_field(stream, at, nparam, 1, false);
    break;
  case VQE_MEMBER_EVALUATIONS:
    words_field(stream, at, result->neval, 1, true);
    break;
  case VQE_MEMBER_OCCUPATIONS:
    words_field(stream, at, result->noccupation, 1, true);
    break;
  case VQE_MEMBER_PROPERTIES:
    property_fields(stream, at, result->nproperty);
    break;
  default:
    words_field(stream, at, result->neval, nparam, true);
    break;
  }
}

/* `self` is what the member is in: arrays are in a result alone. */
static void member_field(struct stream *stream,
                         const struct vqe_member *member, void *self)
{
  void *at = (char *)self + member->offset;
  switch (member->kind) {
  case VQE_MEMBER_INT:
    int_field(stream, at);
    break;
  case VQE_MEMBER_I64:
  case VQE_MEMBER_U64:
  case VQE_MEMBER_F64:
    word_field(stream, at);
    break;
  case VQE_MEMBER_U32:
    u32_field(stream, at);
    break;
  case VQE_MEMBER_BOOL:
    bool_field(stream, at);
    break;
  case VQE_MEMBER_TEXT:
    string_field(stream, at);
    break;
  case VQE_MEMBER_CHARS:
    chars_field(stream, at, member->size);
    break;
  case VQE_MEMBER_STATUS:
    range_field(stream, at, VQE_EXPERIMENT_OK, VQE_EXPERIMENT_SKIPPED,
                "unknown status");
    break;
  case VQE_MEMBER_QUBITS:
    range_field(stream, at, 0, 2 * VQE_MAX_ORBITALS, "more than 128 qubits");
    break;
  case VQE_MEMBER_NPARAM:
    range_field(stream, at, 0, INT_MAX, "a negative count");
    break;
  case VQE_MEMBER_COUNT:
    count_field(stream, at, member->size);
    break;
  case VQE_MEMBER_MOLECULE:
    molecule_fields(stream, at);
    break;
  case VQE_MEMBER_OPTIONS:
    option_fields(stream, at);
    break;
  case VQE_MEMBER_TERMS:
  case VQE_MEMBER_MASKS:
  case VQE_MEMBER_PARAMETERS:
  case VQE_MEMBER_EVALUATIONS:
  case VQE_MEMBER_ALL_PARAMETERS:
  case VQE_MEMBER_OCCUPATIONS:
  case VQE_MEMBER_PROPERTIES:
    array_member(stream, member->kind, at, self);
    break;
  }
}

/* A column of the evaluations that older bytes lack. */
static void absent_evaluations(struct stream *stream, double **out,
                               const struct vqe_result *result)
{
  stream->status =
      vqe_memory_alloc(out, result->neval, sizeof **out, "evaluations");
  for (size_t k = 0; stream->status == VQE_OK && k < result->neval; k++) {
    (*out)[k] = NAN;
  }
}

/* Bytes of an older version lack the members that came later. */
static void member_fields(struct stream *stream,
                          const struct vqe_members *members, void *self)
{
  for (size_t k = 0; k < members->count && stream->status == VQE_OK; k++) {
    const struct vqe_member *member = &members->list[k];
    if (member->in_bytes && member->since <= stream->version) {
      member_field(stream, member, self);
    } else if (member->in_bytes && member->kind == VQE_MEMBER_EVALUATIONS) {
      absent_evaluations(stream, (void *)((char *)self + member->offset),
                         self);
    } else if (member->in_bytes) {
      vqe_member_set_absent(member, self);
    }
  }
}

/* The mark and the version in front of what is encoded, which on reading may
 * be an older one. */
static void head_fields(struct stream *stream)
{
  char word[sizeof magic];
  uint32_t version = vqe_members_version();
  memcpy(word, magic, sizeof magic);
  bytes_field(stream, word, sizeof word);
  u32_field(stream, &version);
  if (stream->mode == READ && stream->status == VQE_OK) {
    if (memcmp(word, magic, sizeof magic) != 0) {
      malformed(stream, "no mark of a record");
    } else if (version < 1 || version > vqe_members_version()) {
      malformed(stream, "unknown version");
    }
  }
  stream->version = version;
}

/* `object` is a struct vqe_result */
static void result_record(struct stream *stream, void *object)
{
  struct vqe_result *result = object;
  head_fields(stream);
  new_object(stream, &result->experiment, sizeof *result->experiment);
  if (stream->status == VQE_OK) {
    member_fields(stream, &vqe_members_experiment, result->experiment);
    member_fields(stream, &vqe_members_result, result);
  }
}

/* `object` is a struct vqe_experiment */
static void experiment_record(struct stream *stream, void *object)
{
  head_fields(stream);
  member_fields(stream, &vqe_members_experiment, object);
}

/* Measure `object`, then write it into new memory. */
static int encode(uint8_t **out, size_t *size, void *object,
                  void (*fields)(struct stream *stream, void *object))
{
  struct stream stream = {.mode = MEASURE};
  fields(&stream, object);
  if (stream.status == VQE_OK) {
    stream.mode = WRITE;
    stream.size = stream.used;
    stream.used = 0;
    stream.status =
        vqe_memory_alloc(&stream.out, stream.size, 1, "result record");
  }
  if (stream.status == VQE_OK) {
    fields(&stream, object);
  }
  if (stream.status != VQE_OK) {
    free(stream.out);
    return stream.status;
  }
  VQE_ASSERT(stream.used == stream.size); /* as large as it was measured */
  *out = stream.out;
  *size = stream.size;
  return VQE_OK;
}

static int decode(void *object, const uint8_t *data, size_t size,
                  void (*fields)(struct stream *stream, void *object))
{
  struct stream stream = {.mode = READ, .in = data, .size = size};
  fields(&stream, object);
  if (stream.status == VQE_OK && stream.used != size) {
    malformed(&stream, "bytes are left over");
  }
  return stream.status;
}

int vqe_codec_encode_result(uint8_t **out, size_t *size,
                            const struct vqe_result *result)
{
  if (result == NULL || result->experiment == NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "a result without its experiment cannot be stored");
  }
  /* measuring and writing leave the record alone */
  struct vqe_result copy = *result;
  return encode(out, size, &copy, result_record);
}

int vqe_codec_decode_result(struct vqe_result **out, const uint8_t *data,
                            size_t size)
{
  struct vqe_result *result = NULL;
  int status = vqe_memory_alloc(&result, 1, sizeof *result, "a result");
  if (status != VQE_OK) {
    return status;
  }
  status = decode(result, data, size, result_record);
  if (status != VQE_OK) {
    vqe_result_free(result);
    return status;
  }
  *out = result;
  return VQE_OK;
}

int vqe_codec_encode_experiment(uint8_t **out, size_t *size,
                                const struct vqe_experiment *experiment)
{
  struct vqe_experiment copy = *experiment;
  return encode(out, size, &copy, experiment_record);
}

int vqe_codec_decode_experiment(struct vqe_experiment **out,
                                const uint8_t *data, size_t size)
{
  struct vqe_experiment *experiment = NULL;
  int status =
      vqe_memory_alloc(&experiment, 1, sizeof *experiment, "an experiment");
  if (status != VQE_OK) {
    return status;
  }
  status = decode(experiment, data, size, experiment_record);
  if (status != VQE_OK) {
    vqe_experiment_free(experiment);
    return status;
  }
  *out = experiment;
  return VQE_OK;
}

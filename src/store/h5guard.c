#include "store/h5guard.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "store/h5bomb.h"
#include "store/h5dataset.h"
#include "store/h5error.h"
#include "store/h5header.h"

#define MOST_DIMENSIONS 2
#define MOST_MEMBERS 256
#define MOST_FILTERS 8
/* Ours are of 1 MiB, or of one element where that is larger. */
#define LARGEST_CHUNK ((uint64_t)4 << 20)
#define LARGEST_ATTRIBUTE 65536
/* Each row has a group: an object header and a link. */
#define LEAST_GROUP 64
/* Texts that are narrower in the file than in memory, columns it lacks. */
#define MOST_GROWTH 4
#define SMALL_BYTES ((uint64_t)1 << 16)
#define COMPONENT_SIZE 64
#define NAME_SIZE 160

#define REMEDY "; use the file as vqe_batch wrote it"

static int refuse(const char *path, const char *name, const char *flaw)
{
  return vqe_error_set(VQE_ERR_INPUT,
                       "result file '%s': '%s' %s, which is not read" REMEDY,
                       path, name, flaw);
}

static int cannot_open(const char *path, const char *name)
{
  char text[NAME_SIZE + 32];
  snprintf(text, sizeof text, "'%s' cannot be opened", name);
  return vqe_h5error_set(VQE_ERR_INPUT, path, text);
}

/* `name` as seen from the root, for messages. */
static void name_from_root(char out[NAME_SIZE], hid_t place, const char *name)
{
  char above[NAME_SIZE / 2] = "";
  if (H5Iget_name(place, above, sizeof above) < 0) {
    above[0] = '\0';
  }
  snprintf(out, NAME_SIZE, "%.*s%s%.*s", NAME_SIZE / 2,
           above[0] == '/' ? above + 1 : above,
           above[0] != '\0' && above[1] != '\0' ? "/" : "", NAME_SIZE / 3,
           name);
}

/* Bytes of the file that holds `object`; 0 when HDF5 does not say. */
static uint64_t file_size(hid_t object)
{
  hsize_t size = 0;
  hid_t file = H5Iget_file_id(object);
  if (file < 0 || H5Fget_filesize(file, &size) < 0) {
    size = 0;
  }
  vqe_h5dataset_close(file);
  return size;
}

int vqe_h5guard_file(hid_t file, const char *path)
{
  unsigned indexes = 0;
  haddr_t image = HADDR_UNDEF;
  hsize_t image_size = 0;
  int status = VQE_OK;
  hid_t how = H5Fget_create_plist(file);
  if (how < 0 || H5Pget_shared_mesg_nindexes(how, &indexes) < 0 ||
      H5Fget_mdc_image_info(file, &image, &image_size) < 0) {
    status = cannot_open(path, "/");
  } else if (indexes > 0) {
    status = refuse(path, "/", "shares metadata between objects");
  } else if (image_size > 0) {
    status = refuse(path, "/", "has an image of a metadata cache");
  }
  vqe_h5dataset_close(how);
  return status;
}

/* ---- links ---- */

/* From 1.12 on the plain name is of another function. */
#if H5_VERSION_GE(1, 12, 0)
#define LINK_INFO H5L_info1_t
#define GET_LINK_INFO H5Lget_info1
#else
#define LINK_INFO H5L_info_t
#define GET_LINK_INFO H5Lget_info
#endif

/* A hard link, and an object behind it whose header HDF5 can be given. */
static int check_link(hid_t place, const char *path, const char *component,
                      const char *name)
{
  LINK_INFO info;
  if (GET_LINK_INFO(place, component, &info, H5P_DEFAULT) < 0) {
    return cannot_open(path, name);
  }
  switch (info.type) {
  case H5L_TYPE_HARD:
    return vqe_h5header_object(place, info.u.address, path, name);
  case H5L_TYPE_SOFT:
    return refuse(path, name, "is a soft link");
  case H5L_TYPE_EXTERNAL:
    return refuse(path, name, "is a link to another file");
  default:
    return refuse(path, name, "is a link of a kind of its own");
  }
}

/* The group that holds the last component of `name`, which *last points to;
 * messages say `shown`. */
static int open_parents(hid_t *out, const char **last, hid_t place,
                        const char *path, const char *name, const char *shown)
{
  int status = VQE_OK;
  const char *slash;
  hid_t at = place;
  *last = name;
  while (status == VQE_OK && (slash = strchr(*last, '/')) != NULL) {
    char component[COMPONENT_SIZE];
    hid_t next = H5I_INVALID_HID;
    snprintf(component, sizeof component, "%.*s", (int)(slash - *last), *last);
    status = check_link(at, path, component, shown);
    if (status == VQE_OK) {
      next = H5Gopen2(at, component, H5P_DEFAULT);
      status = next >= 0 ? VQE_OK : cannot_open(path, shown);
    }
    if (at != place) {
      vqe_h5dataset_close(at);
    }
    at = next;
    *last = slash + 1;
  }
  if (status == VQE_OK) {
    status = check_link(at, path, *last, shown);
  }
  if (status != VQE_OK && at != place) {
    vqe_h5dataset_close(at);
    at = H5I_INVALID_HID;
  }
  *out = at;
  return status;
}

/* The group or data set `name` below `place`; `shown` is its name from the
 * root. */
static int open_object(hid_t *out, char shown[NAME_SIZE], hid_t place,
                       const char *path, const char *name,
                       hid_t (*open)(hid_t, const char *, hid_t))
{
  const char *last;
  hid_t parent;
  *out = H5I_INVALID_HID;
  name_from_root(shown, place, name);
  int status = open_parents(&parent, &last, place, path, name, shown);
  if (status != VQE_OK) {
    return status;
  }
  *out = open(parent, last, H5P_DEFAULT);
  if (*out < 0) {
    status = cannot_open(path, shown);
  }
  if (parent != place) {
    vqe_h5dataset_close(parent);
  }
  return status;
}

int vqe_h5guard_group(hid_t *out, hid_t place, const char *path,
                      const char *name)
{
  char shown[NAME_SIZE];
  return open_object(out, shown, place, path, name, H5Gopen2);
}

/* ---- types ---- */

/* The types that HDF5 converts by itself, without its general code. */
static bool is_plain_number(hid_t type)
{
  const hid_t plain[] = {
      H5T_STD_I8LE,   H5T_STD_I16LE,  H5T_STD_I32LE,  H5T_STD_I64LE,
      H5T_STD_U8LE,   H5T_STD_U16LE,  H5T_STD_U32LE,  H5T_STD_U64LE,
      H5T_STD_I8BE,   H5T_STD_I16BE,  H5T_STD_I32BE,  H5T_STD_I64BE,
      H5T_STD_U8BE,   H5T_STD_U16BE,  H5T_STD_U32BE,  H5T_STD_U64BE,
      H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_IEEE_F32BE, H5T_IEEE_F64BE};
  bool found = false;
  for (size_t k = 0; !found && k < sizeof plain / sizeof plain[0]; k++) {
    found = H5Tequal(type, plain[k]) > 0;
  }
  return found;
}

static const char *number_flaw(hid_t type)
{
  return is_plain_number(type) ? NULL : "holds numbers of an unusual format";
}

static const char *enum_flaw(hid_t type)
{
  int count = H5Tget_nmembers(type);
  hid_t base = H5Tget_super(type);
  const char *flaw = count < 0 || count > MOST_MEMBERS
                         ? "is of a type with too many names"
                         : number_flaw(base);
  vqe_h5dataset_close(base);
  return flaw;
}

/* What is wrong with a type that is no row, NULL: nothing. */
static const char *cell_flaw(hid_t type)
{
  switch (H5Tget_class(type)) {
  case H5T_INTEGER:
  case H5T_FLOAT:
    return number_flaw(type);
  case H5T_ENUM:
    return enum_flaw(type);
  case H5T_STRING:
    return H5Tis_variable_str(type) == 0 ? NULL
                                         : "holds texts of variable length";
  case H5T_VLEN:
    return "holds elements of variable length";
  case H5T_REFERENCE:
    return "holds references";
  default:
    return "is of a type that no result has";
  }
}

static const char *type_flaw(hid_t type)
{
  const char *flaw = NULL;
  if (type < 0 || H5Tcommitted(type) != 0) {
    return "is of a named type";
  }
  if (H5Tget_class(type) != H5T_COMPOUND) {
    return cell_flaw(type);
  }
  int count = H5Tget_nmembers(type);
  if (count < 0 || count > MOST_MEMBERS) {
    return "has too many columns";
  }
  for (int k = 0; flaw == NULL && k < count; k++) {
    hid_t member = H5Tget_member_type(type, (unsigned)k);
    flaw = member >= 0 ? cell_flaw(member) : "has columns of an unknown type";
    vqe_h5dataset_close(member);
  }
  return flaw;
}

/* ---- layout and sizes of data sets ---- */

/* Filters of a data set: shuffle, deflate and fletcher32, each once. */
static const char *filter_flaw(struct vqe_h5bomb_chunks *chunks, hid_t how)
{
  int count = H5Pget_nfilters(how);
  unsigned seen = 0;
  if (count < 0 || count > MOST_FILTERS) {
    return "has too many filters";
  }
  for (int k = 0; k < count; k++) {
    unsigned flags;
    unsigned config;
    size_t none = 0;
    H5Z_filter_t filter = H5Pget_filter2(how, (unsigned)k, &flags, &none, NULL,
                                         0, NULL, &config);
    if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE &&
        filter != H5Z_FILTER_FLETCHER32) {
      return "is filtered by other than shuffle, deflate and fletcher32";
    }
    if ((seen >> filter & 1u) != 0) {
      return "is filtered twice by the same filter";
    }
    seen |= 1u << filter;
    if (filter == H5Z_FILTER_DEFLATE) {
      chunks->deflate_at = (unsigned)k;
    }
    chunks->checksum_last = filter == H5Z_FILTER_FLETCHER32;
  }
  chunks->deflated = (seen >> H5Z_FILTER_DEFLATE & 1u) != 0;
  return NULL;
}

/* What the dimensions ask for; *bytes is 0 for none. */
static const char *extent_flaw(struct vqe_h5bomb_chunks *chunks, size_t *bytes,
                               hid_t dataset)
{
  const char *flaw = NULL;
  hid_t space = H5Dget_space(dataset);
  int rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
  if (rank < 0 || rank > MOST_DIMENSIONS ||
      H5Sget_simple_extent_type(space) == H5S_NULL ||
      H5Sget_simple_extent_dims(space, chunks->dims, NULL) < 0) {
    flaw = "has no shape that a result has";
  }
  chunks->rank = rank;
  *bytes = chunks->element;
  for (int k = 0; flaw == NULL && k < rank; k++) {
    if (chunks->dims[k] > SIZE_MAX ||
        !vqe_memory_mul(bytes, *bytes, (size_t)chunks->dims[k])) {
      flaw = "has a size that overflows";
    }
  }
  vqe_h5dataset_close(space);
  return flaw;
}

/* What of a chunk HDF5 holds at once. */
static const char *chunk_flaw(struct vqe_h5bomb_chunks *chunks, hid_t how,
                              uint64_t most)
{
  size_t bytes = chunks->element;
  if (H5Pget_chunk(how, MOST_DIMENSIONS, chunks->chunk) != chunks->rank) {
    return "has chunks of another shape";
  }
  for (int k = 0; k < chunks->rank; k++) {
    if (chunks->chunk[k] == 0 ||
        !vqe_memory_mul(&bytes, bytes, (size_t)chunks->chunk[k])) {
      return "has chunks that are too large";
    }
  }
  chunks->bytes = bytes;
  if (bytes > most || (bytes > LARGEST_CHUNK && bytes > chunks->element)) {
    return "has chunks that are too large";
  }
  return NULL;
}

/* The bytes that the data set promises are there, and chunks are no larger
 * than they may be. */
static const char *size_flaw(struct vqe_h5bomb_chunks *chunks, hid_t dataset,
                             hid_t how, H5D_layout_t layout)
{
  static const char unfilled[] =
      "is larger than the bytes that are stored for it can be";
  size_t bytes;
  const char *flaw = extent_flaw(chunks, &bytes, dataset);
  uint64_t stored = flaw == NULL ? H5Dget_storage_size(dataset) : 0;
  if (flaw != NULL || bytes == 0) {
    return flaw;
  }
  if (stored > file_size(dataset)) {
    return "is larger than its file";
  }
  uint64_t most =
      chunks->deflated ? stored * VQE_H5BOMB_DEFLATE_RATIO : stored;
  if (bytes > most) {
    return unfilled;
  }
  if (layout == H5D_CHUNKED) {
    flaw = chunk_flaw(chunks, how, most);
    if (flaw == NULL) {
      flaw = vqe_h5bomb_flaw(dataset, chunks);
    }
  }
  return flaw;
}

static const char *dataset_flaw(hid_t dataset)
{
  struct vqe_h5bomb_chunks chunks = {.dims = {1, 1}, .chunk = {1, 1}};
  hid_t how = H5Dget_create_plist(dataset);
  hid_t type = H5I_INVALID_HID;
  const char *flaw = NULL;
  H5D_layout_t layout = how >= 0 ? H5Pget_layout(how) : H5D_LAYOUT_ERROR;
  if (layout == H5D_VIRTUAL) {
    flaw = "takes its data from other data sets (virtual layout)";
  } else if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS &&
             layout != H5D_CHUNKED) {
    flaw = "has an unknown layout";
  } else if (H5Pget_external_count(how) != 0) {
    flaw = "keeps its data in other files (external storage)";
  } else {
    flaw = filter_flaw(&chunks, how);
  }
  if (flaw == NULL) {
    type = H5Dget_type(dataset);
    flaw = type_flaw(type);
  }
  if (flaw == NULL) {
    chunks.element = H5Tget_size(type);
    flaw = size_flaw(&chunks, dataset, how, layout);
  }
  vqe_h5dataset_close(type);
  vqe_h5dataset_close(how);
  return flaw;
}

int vqe_h5guard_dataset(hid_t *out, hid_t place, const char *path,
                        const char *name)
{
  char shown[NAME_SIZE];
  int status = open_object(out, shown, place, path, name, H5Dopen2);
  const char *flaw = status == VQE_OK ? dataset_flaw(*out) : NULL;
  if (flaw != NULL) {
    status = refuse(path, shown, flaw);
    vqe_h5dataset_close(*out);
    *out = H5I_INVALID_HID;
  }
  return status;
}

/* ---- attributes, rows, memory ---- */

static const char *attribute_flaw(hid_t attribute)
{
  hid_t type = H5Aget_type(attribute);
  hid_t space = H5Aget_space(attribute);
  const char *flaw = type_flaw(type);
  if (flaw == NULL && H5Tget_class(type) == H5T_COMPOUND) {
    flaw = "is of a type that no result has";
  }
  if (flaw == NULL && H5Sget_simple_extent_npoints(space) != 1) {
    flaw = "has other than one element";
  }
  if (flaw == NULL && H5Tget_size(type) > LARGEST_ATTRIBUTE) {
    flaw = "is too large";
  }
  vqe_h5dataset_close(space);
  vqe_h5dataset_close(type);
  return flaw;
}

int vqe_h5guard_attribute(hid_t *out, hid_t object, const char *path,
                          const char *name)
{
  char text[NAME_SIZE];
  *out = H5I_INVALID_HID;
  if (H5Aexists(object, name) <= 0) {
    return VQE_OK;
  }
  hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  snprintf(text, sizeof text, "attribute %s", name);
  if (attribute < 0) {
    return cannot_open(path, text);
  }
  const char *flaw = attribute_flaw(attribute);
  if (flaw != NULL) {
    vqe_h5dataset_close(attribute);
    return refuse(path, text, flaw);
  }
  *out = attribute;
  return VQE_OK;
}

int vqe_h5guard_rows(hid_t file, const char *path, const char *name,
                     size_t rows)
{
  if (rows > file_size(file) / LEAST_GROUP) {
    return refuse(path, name, "has more rows than its file has room for");
  }
  return VQE_OK;
}

int vqe_h5guard_memory(hid_t dataset, const char *path, const char *name,
                       size_t count, size_t size)
{
  size_t wanted;
  size_t stored = 0;
  hid_t space = H5Dget_space(dataset);
  hid_t type = H5Dget_type(dataset);
  hssize_t held = space >= 0 ? H5Sget_simple_extent_npoints(space) : -1;
  bool known = type >= 0 && held >= 0 &&
               vqe_memory_mul(&stored, (size_t)held, H5Tget_size(type));
  vqe_h5dataset_close(type);
  vqe_h5dataset_close(space);
  if (!known || (size_t)held != count ||
      !vqe_memory_mul(&wanted, count, size) ||
      wanted / MOST_GROWTH > stored + SMALL_BYTES) {
    return refuse(path, name, "holds less than its rows are said to hold");
  }
  return VQE_OK;
}

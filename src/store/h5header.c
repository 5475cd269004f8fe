#include "store/h5header.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "store/h5dataset.h"

#define MOST_CHUNKS 256
#define MOST_BYTES ((uint64_t)4 << 20)
#define MOST_NESTED 3
#define NO_ADDRESS UINT64_MAX

/* Kinds of messages. */
enum kind {
  NIL = 0x00,
  DATASPACE = 0x01,
  LINK_INFO = 0x02,
  DATATYPE = 0x03,
  OLD_FILL = 0x04,
  FILL = 0x05,
  LINK = 0x06,
  LAYOUT = 0x08,
  GROUP_INFO = 0x0a,
  FILTERS = 0x0b,
  ATTRIBUTE = 0x0c,
  OLD_TIME = 0x0e,
  CONTINUATION = 0x10,
  SYMBOL_TABLE = 0x11,
  TIME = 0x12,
  ATTRIBUTE_INFO = 0x15,
  REFERENCES = 0x16
};

/* Bytes that are read one after the other; once there are too few, `bad`. */
struct bytes {
  const uint8_t *at;
  size_t left;
  bool bad;
  uint64_t file; /* bytes that the file has */
};

static uint64_t take(struct bytes *bytes, size_t width)
{
  uint64_t value = 0;
  if (width > sizeof value || bytes->left < width) {
    bytes->bad = true;
    return 0;
  }
  memcpy(&value, bytes->at, width);
  bytes->at += width;
  bytes->left -= width;
  return le64toh(value);
}

static void skip(struct bytes *bytes, uint64_t count)
{
  if (bytes->left < count) {
    bytes->bad = true;
    return;
  }
  bytes->at += count;
  bytes->left -= (size_t)count;
}

/* An address, which is in the file or none. */
static void take_address(struct bytes *bytes)
{
  uint64_t address = take(bytes, 8);
  bytes->bad = bytes->bad || (address != NO_ADDRESS && address >= bytes->file);
}

/* A text that ends in NUL within what is left, in steps of `unit` bytes. */
static void skip_text(struct bytes *bytes, size_t unit)
{
  size_t length = strnlen((const char *)bytes->at, bytes->left);
  if (length == bytes->left) {
    bytes->bad = true;
    return;
  }
  skip(bytes, (length + 1 + unit - 1) / unit * unit);
}

/* ---- messages ---- */

static void check_type(struct bytes *bytes, int depth, uint64_t *size);

/* Bytes of an offset in a row of that size. */
static size_t offset_width(uint64_t size)
{
  size_t width = 1;
  while (width < 4 && size >> 8 * width != 0) {
    width++;
  }
  return width;
}

static void check_columns(struct bytes *bytes, unsigned version, uint64_t bits,
                          uint64_t size, int depth)
{
  uint64_t count = bits & 0xffff;
  for (uint64_t k = 0; !bytes->bad && k < count; k++) {
    uint64_t width = 0;
    skip_text(bytes, version >= 3 ? 1 : 8);
    uint64_t offset = take(bytes, version >= 3 ? offset_width(size) : 4);
    if (version == 1) {
      /* dimensions of the member, of which it may have none */
      bytes->bad = bytes->bad || take(bytes, 1) != 0;
      skip(bytes, 3 + 4 + 4 + 16);
    }
    if (!bytes->bad) {
      check_type(bytes, depth + 1, &width);
    }
    bytes->bad = bytes->bad || offset + width > size;
  }
}

static void check_names(struct bytes *bytes, unsigned version, uint64_t bits,
                        uint64_t size, int depth)
{
  uint64_t count = bits & 0xffff;
  uint64_t width = 0;
  check_type(bytes, depth + 1, &width);
  for (uint64_t k = 0; !bytes->bad && k < count; k++) {
    skip_text(bytes, version >= 3 ? 1 : 8);
  }
  bytes->bad = bytes->bad || width != size;
  if (!bytes->bad) {
    skip(bytes, count * size);
  }
}

/* Numbers, texts, names for numbers, and rows of these. What else there is
 * (opaque, of variable length, arrays, references) is refused. */
static void check_type(struct bytes *bytes, int depth, uint64_t *size)
{
  uint64_t base;
  uint64_t head = take(bytes, 1);
  uint64_t bits = take(bytes, 3);
  unsigned version = (unsigned)(head >> 4);
  *size = take(bytes, 4);
  if (bytes->bad || version < 1 || version > 4 || depth > MOST_NESTED ||
      *size == 0) {
    bytes->bad = true;
    return;
  }
  switch (head & 0x0f) {
  case 0: /* whole number */
    skip(bytes, 4);
    bytes->bad = bytes->bad || *size > 16;
    break;
  case 1: /* with a point */
    skip(bytes, 12);
    bytes->bad = bytes->bad || *size > 16;
    break;
  case 3: /* text */
    break;
  case 6:
    check_columns(bytes, version, bits, *size, depth);
    break;
  case 8:
    check_names(bytes, version, bits, *size, depth);
    break;
  case 7: /* reference, which h5guard has words for */
    break;
  case 9: /* of variable length, as well */
    check_type(bytes, depth + 1, &base);
    break;
  default:
    bytes->bad = true;
    break;
  }
}

static void check_space(struct bytes *bytes)
{
  uint64_t version = take(bytes, 1);
  uint64_t rank = take(bytes, 1);
  uint64_t flags = take(bytes, 1);
  skip(bytes, version == 1 ? 5 : 1);
  skip(bytes, rank * 8 * ((flags & 1) != 0 ? 2 : 1));
  bytes->bad = bytes->bad || version < 1 || version > 2 || rank > 32 ||
               (flags & 2) != 0;
}

static void check_fill(struct bytes *bytes)
{
  uint64_t version = take(bytes, 1);
  uint64_t flags;
  bool has = true;
  if (version == 3) {
    flags = take(bytes, 1);
    has = (flags & 0x20) != 0;
  } else {
    skip(bytes, 2);
    has = take(bytes, 1) != 0 || version == 1;
  }
  if (has) {
    uint64_t size = take(bytes, 4);
    if (size != UINT32_MAX) {
      skip(bytes, size);
    }
  }
  bytes->bad = bytes->bad || version < 1 || version > 3;
}

static void check_layout(struct bytes *bytes, bool *is_virtual)
{
  uint64_t version = take(bytes, 1);
  if (version == 1 || version == 2) {
    uint64_t rank = take(bytes, 1);
    uint64_t class = take(bytes, 1);
    skip(bytes, 5);
    if (class != 0) {
      take_address(bytes);
    }
    skip(bytes, rank * 4);
    if (class == 0) {
      skip(bytes, take(bytes, 4));
    }
    bytes->bad = bytes->bad || rank > 3;
    return;
  }
  uint64_t class = take(bytes, 1);
  if (class == 0) {
    skip(bytes, take(bytes, 2));
  } else if (class == 1) {
    take_address(bytes);
  } else if (class == 2 && version == 3) {
    uint64_t rank = take(bytes, 1);
    take_address(bytes);
    skip(bytes, rank * 4);
    bytes->bad = bytes->bad || rank < 1 || rank > 3;
  } else if (class == 2) {
    skip(bytes, 1);
    uint64_t rank = take(bytes, 1);
    uint64_t width = take(bytes, 1);
    bytes->bad = bytes->bad || rank < 1 || rank > 3 || width < 1 || width > 8;
    skip(bytes, rank * width + 1);
  }
  *is_virtual = !bytes->bad && class == 3;
  bytes->bad = bytes->bad || version < 3 || version > 4 || class > 3;
}

static void check_filters(struct bytes *bytes)
{
  uint64_t version = take(bytes, 1);
  uint64_t count = take(bytes, 1);
  skip(bytes, version == 1 ? 6 : 0);
  for (uint64_t k = 0; !bytes->bad && k < count; k++) {
    uint64_t filter = take(bytes, 2);
    bool named = version == 1 || filter >= 256;
    uint64_t name = named ? take(bytes, 2) : 0;
    skip(bytes, 2);
    uint64_t values = take(bytes, 2);
    skip(bytes, version == 1 ? (name + 7) / 8 * 8 : name);
    skip(bytes, 4 * values + (version == 1 && values % 2 == 1 ? 4 : 0));
  }
  bytes->bad = bytes->bad || version < 1 || version > 2 || count > 32;
}

/* Its type is with it, not a named one. */
static void check_attribute(struct bytes *bytes)
{
  uint64_t version = take(bytes, 1);
  uint64_t flags = take(bytes, 1);
  uint64_t name = take(bytes, 2);
  uint64_t type = take(bytes, 2);
  uint64_t space = take(bytes, 2);
  uint64_t ignored;
  skip(bytes, version == 3 ? 1 : 0);
  if (version == 1) {
    name = (name + 7) / 8 * 8;
    type = (type + 7) / 8 * 8;
    space = (space + 7) / 8 * 8;
  }
  if (bytes->bad || name == 0 || bytes->left < name ||
      memchr(bytes->at, '\0', (size_t)name) == NULL || version < 1 ||
      version > 3 || (version > 1 && flags != 0) ||
      bytes->left - name < type || bytes->left - name - type < space) {
    bytes->bad = true;
    return;
  }
  skip(bytes, name);
  struct bytes part = {.at = bytes->at, .left = (size_t)type};
  check_type(&part, 0, &ignored);
  bytes->bad = part.bad;
  skip(bytes, type);
  part = (struct bytes){.at = bytes->at, .left = (size_t)space};
  check_space(&part);
  bytes->bad = bytes->bad || part.bad;
}

static void check_link(struct bytes *bytes)
{
  uint64_t version = take(bytes, 1);
  uint64_t flags = take(bytes, 1);
  uint64_t type = (flags & 0x08) != 0 ? take(bytes, 1) : 0;
  skip(bytes, (flags & 0x04) != 0 ? 8 : 0);
  skip(bytes, (flags & 0x10) != 0 ? 1 : 0);
  uint64_t length = take(bytes, (size_t)1 << (flags & 3));
  skip(bytes, length);
  if (type == 0) {
    take_address(bytes);
  } else {
    skip(bytes, take(bytes, 2));
  }
  bytes->bad = bytes->bad || version != 1 || length == 0;
}

/* Heap and B-trees of links or attributes; the message numbers them in
 * `width` bytes. */
static void check_info(struct bytes *bytes, size_t width)
{
  skip(bytes, 1);
  uint64_t flags = take(bytes, 1);
  skip(bytes, (flags & 1) != 0 ? width : 0);
  take_address(bytes);
  take_address(bytes);
  if ((flags & 2) != 0) {
    take_address(bytes);
  }
}

/* What is wrong with a message; NULL: nothing. */
static const char *message_flaw(unsigned kind, unsigned flags,
                                struct bytes bytes)
{
  uint64_t ignored;
  bool is_virtual = false;
  if ((flags & 0x02) != 0) {
    return kind == DATATYPE ? "is of a named type"
                            : "shares metadata between objects";
  }
  switch (kind) {
  case NIL:
  case GROUP_INFO:
  case OLD_TIME:
  case TIME:
  case REFERENCES:
    break;
  case LINK_INFO:
    check_info(&bytes, 8);
    break;
  case ATTRIBUTE_INFO:
    check_info(&bytes, 2);
    break;
  case SYMBOL_TABLE:
    take_address(&bytes);
    take_address(&bytes);
    break;
  case DATASPACE:
    check_space(&bytes);
    break;
  case DATATYPE:
    check_type(&bytes, 0, &ignored);
    break;
  case OLD_FILL:
    skip(&bytes, take(&bytes, 4));
    break;
  case FILL:
    check_fill(&bytes);
    break;
  case LINK:
    check_link(&bytes);
    break;
  case LAYOUT:
    check_layout(&bytes, &is_virtual);
    if (is_virtual) {
      return "takes its data from other data sets (virtual layout)";
    }
    break;
  case FILTERS:
    check_filters(&bytes);
    break;
  case ATTRIBUTE:
    check_attribute(&bytes);
    break;
  case 0x07:
    return "keeps its data in other files (external storage)";
  default:
    return "has a header with what no result has";
  }
  return bytes.bad ? "has a header whose lengths or types are wrong" : NULL;
}

/* ---- chunks of a header ---- */

struct chunk {
  uint64_t address, size;
};

struct header {
  int file;
  uint64_t file_size;
  unsigned version; /* 1 or 2 */
  bool ordered;     /* messages have their order with them */
  size_t count;     /* of chunks, of which the first has been found */
  uint64_t total;
  struct chunk chunks[MOST_CHUNKS];
};

static bool read_at(int file, void *out, size_t size, uint64_t from)
{
  size_t got = 0;
  if (from > INT64_MAX - size) {
    return false;
  }
  while (got < size) {
    ssize_t some =
        pread(file, (uint8_t *)out + got, size - got, (off_t)(from + got));
    if (some < 0 && errno == EINTR) {
      continue;
    }
    if (some <= 0) {
      return false;
    }
    got += (size_t)some;
  }
  return true;
}

static const char *add_chunk(struct header *header, uint64_t address,
                             uint64_t size)
{
  if (header->count == MOST_CHUNKS || size > MOST_BYTES ||
      header->total + size > MOST_BYTES) {
    return "has a header that is too large";
  }
  for (size_t k = 0; k < header->count; k++) {
    if (header->chunks[k].address == address) {
      return "has a header that leads to itself";
    }
  }
  header->chunks[header->count++] = (struct chunk){address, size};
  header->total += size;
  return NULL;
}

/* The head of the heap that holds many links or attributes: HDF5 makes tables
 * as large as it says. It is kept in at most 64 blocks a row of at most 1 MiB,
 * without filters; HDF5 itself takes 4 of 64 KiB. */
static bool heap_is_fine(const struct header *header, struct bytes message,
                         size_t width)
{
  uint8_t data[142];
  struct bytes heap = {
      .at = data, .left = sizeof data, .file = header->file_size};
  skip(&message, 1);
  skip(&message, (take(&message, 1) & 1) != 0 ? width : 0);
  uint64_t address = take(&message, 8);
  if (message.bad || address == NO_ADDRESS) {
    return !message.bad;
  }
  if (!read_at(header->file, data, sizeof data, address) ||
      memcmp(data, "FRHP", 4) != 0) {
    return false;
  }
  skip(&heap, 5);
  uint64_t id = take(&heap, 2);
  uint64_t filters = take(&heap, 2);
  skip(&heap, 1 + 4 + 12 * 8);
  uint64_t columns = take(&heap, 2);
  uint64_t first = take(&heap, 8);
  uint64_t most = take(&heap, 8);
  uint64_t bits = take(&heap, 2);
  skip(&heap, 2);
  take_address(&heap);
  uint64_t rows = take(&heap, 2);
  return !heap.bad && id >= 1 && id <= 64 && filters == 0 && columns >= 1 &&
         columns <= 64 && (columns & (columns - 1)) == 0 && first >= 64 &&
         (first & (first - 1)) == 0 && most >= first && most <= 1 << 20 &&
         (most & (most - 1)) == 0 && bits >= 8 && bits <= 64 && rows <= 64;
}

static const char *check_messages(struct header *header, struct bytes bytes)
{
  const char *flaw = NULL;
  const size_t head = header->version == 1 ? 8 : header->ordered ? 6 : 4;
  while (flaw == NULL && bytes.left >= head) {
    unsigned kind = (unsigned)take(&bytes, header->version == 1 ? 2 : 1);
    size_t size = (size_t)take(&bytes, 2);
    unsigned flags = (unsigned)take(&bytes, 1);
    skip(&bytes, header->version == 1 ? 3 : header->ordered ? 2 : 0);
    if (bytes.bad || size > bytes.left) {
      return "has a header whose lengths or types are wrong";
    }
    struct bytes message = {
        .at = bytes.at, .left = size, .file = header->file_size};
    if (kind == CONTINUATION) {
      uint64_t address = take(&message, 8);
      uint64_t length = take(&message, 8);
      flaw = message.bad ? "has a header whose lengths or types are wrong"
                         : add_chunk(header, address, length);
    } else {
      flaw = message_flaw(kind, flags, message);
    }
    if (flaw == NULL && (kind == LINK_INFO || kind == ATTRIBUTE_INFO) &&
        !heap_is_fine(header, message, kind == LINK_INFO ? 8 : 2)) {
      flaw = "has a heap of an unusual form";
    }
    skip(&bytes, size);
  }
  return flaw;
}

/* Chunks after the first one of version 2 have a mark and a checksum. */
static const char *check_chunk(struct header *header, size_t index)
{
  const struct chunk *chunk = &header->chunks[index];
  uint8_t *data = NULL;
  size_t size = (size_t)chunk->size;
  const char *flaw = NULL;
  if (vqe_memory_alloc(&data, size + 1, 1, "an object header") != VQE_OK) {
    return "has a header that is larger than the free memory";
  }
  struct bytes bytes = {.at = data, .left = size};
  if (!read_at(header->file, data, size, chunk->address)) {
    flaw = "has a header that is not in the file";
  } else if (index > 0 && header->version == 2) {
    /* HDF5 takes the checksum off without a look at the size */
    if (size < 8 || memcmp(data, "OCHK", 4) != 0) {
      flaw = "has a header whose lengths or types are wrong";
    } else {
      skip(&bytes, 4);
      bytes.left -= 4;
    }
  }
  if (flaw == NULL) {
    flaw = check_messages(header, bytes);
  }
  free(data);
  return flaw;
}

/* Where the messages of the first chunk are. */
static const char *find_first(struct header *header, uint64_t address)
{
  uint8_t data[64] = {0};
  struct bytes bytes = {.at = data, .left = sizeof data};
  if (!read_at(header->file, data, 16, address)) {
    return "has a header that is not in the file";
  }
  (void)read_at(header->file, data, sizeof data, address);
  if (memcmp(data, "OHDR", 4) != 0) {
    header->version = (unsigned)take(&bytes, 1);
    skip(&bytes, 7);
    uint64_t size = take(&bytes, 4);
    return header->version == 1 ? add_chunk(header, address + 16, size)
                                : "has a header of an unknown version";
  }
  skip(&bytes, 4);
  header->version = (unsigned)take(&bytes, 1);
  unsigned flags = (unsigned)take(&bytes, 1);
  skip(&bytes, ((flags & 0x20) != 0 ? 16 : 0) + ((flags & 0x10) != 0 ? 4 : 0));
  uint64_t size = take(&bytes, (size_t)1 << (flags & 3));
  header->ordered = (flags & 0x04) != 0;
  return header->version == 2
             ? add_chunk(header, address + (uint64_t)(bytes.at - data), size)
             : "has a header of an unknown version";
}

static const char *header_flaw(int file, uint64_t address)
{
  struct stat info;
  if (fstat(file, &info) != 0) {
    return "cannot be looked at";
  }
  struct header header = {.file = file, .file_size = (uint64_t)info.st_size};
  const char *flaw = find_first(&header, address);
  for (size_t k = 0; flaw == NULL && k < header.count; k++) {
    flaw = check_chunk(&header, k);
  }
  return flaw;
}

/* ---- the file ---- */

static int refuse(const char *path, const char *name, const char *flaw)
{
  return vqe_error_set(VQE_ERR_INPUT,
                       "result file '%s': '%s' %s, which is not read; use the "
                       "file as vqe_batch wrote it",
                       path, name, flaw);
}

static const char *root_flaw(int file)
{
  static const uint8_t mark[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  uint8_t data[96] = {0};
  struct bytes bytes = {.at = data, .left = sizeof data};
  if (!read_at(file, data, sizeof data, 0) ||
      memcmp(data, mark, sizeof mark) != 0) {
    return NULL; /* no HDF5 file */
  }
  skip(&bytes, sizeof mark);
  uint64_t version = take(&bytes, 1);
  bool is_new = version >= 2;
  skip(&bytes, is_new ? 0 : 4);
  uint64_t addresses = take(&bytes, 1);
  uint64_t lengths = take(&bytes, 1);
  skip(&bytes, is_new ? 1 : version == 1 ? 13 : 9);
  uint64_t base = take(&bytes, 8);
  uint64_t more = take(&bytes, 8);
  (void)take(&bytes, 8); /* end of the file */
  uint64_t driver = is_new ? more : take(&bytes, 8);
  skip(&bytes, is_new ? 0 : 8);
  uint64_t root = take(&bytes, 8);
  struct stat info = {.st_size = 0};
  if (!is_new && take(&bytes, 8) == 1 && fstat(file, &info) == 0) {
    /* the root's B-tree and heap stand here as well */
    bytes.file = (uint64_t)info.st_size;
    take_address(&bytes);
    take_address(&bytes);
  }
  if (bytes.bad) {
    return "has a header whose lengths or types are wrong";
  }
  if (version > 3 || addresses != 8 || lengths != 8 || base != 0) {
    return "is of a format that no result has";
  }
  if (driver != NO_ADDRESS) {
    return "has an extension or a driver";
  }
  return header_flaw(file, root);
}

int vqe_h5header_root(const char *path)
{
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) {
    return VQE_OK; /* HDF5 says why */
  }
  const char *flaw = root_flaw(file);
  close(file);
  return flaw == NULL ? VQE_OK : refuse(path, "/", flaw);
}

int vqe_h5header_object(hid_t object, uint64_t address, const char *path,
                        const char *name)
{
  int *handle = NULL;
  const char *flaw = "cannot be looked at";
  unsigned intent = H5F_ACC_RDONLY;
  hid_t file = H5Iget_file_id(object);
  if (file >= 0 && H5Fget_intent(file, &intent) >= 0 &&
      intent != H5F_ACC_RDONLY) {
    flaw = NULL; /* this process writes it, and its headers are in memory */
  } else if (file >= 0 &&
             H5Fget_vfd_handle(file, H5P_DEFAULT, (void **)&handle) >= 0 &&
             handle != NULL) {
    flaw = header_flaw(*handle, address);
  }
  vqe_h5dataset_close(file);
  return flaw == NULL ? VQE_OK : refuse(path, name, flaw);
}

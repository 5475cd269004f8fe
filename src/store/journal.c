#include "store/journal.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/own_file.h"
#include "store/codec.h"

static const char magic[4] = {'V', 'Q', 'E', 'J'};

/* magic, type, length | payload | checksum */
#define HEAD_BYTES 16
#define TAIL_BYTES 4
/* id, iteration, nparam, flags, energy, std */
#define ID_BYTES (VQE_EXPERIMENT_ID_SIZE - 1)
#define EVALUATION_BYTES (ID_BYTES + 4 + 4 + 4 + 8 + 8)
#define HAS_GRADIENT 1u
/* id, id without the seed, seed, flags, phase */
#define PHASE_BYTES (ID_BYTES + ID_BYTES + 8 + 4 + 4)
#define SEED_DRAWN 1u
/* id (zeros: of the rank), mark */
#define MARK_BYTES (ID_BYTES + 4)
#define SYNC_SECONDS 1.0
/* Damage is searched for frames until so many times the file's bytes have
 * been checksummed in vain. */
#define SEARCHES 64

struct vqe_journal {
  int descriptor;
  char *path;
  _Atomic bool dirty; /* written since the last sync */
  double synced;      /* wall clock of the last sync */
  /* wall clock of the first write since, 0: none; read by other threads */
  _Atomic double unsynced;
  uint8_t *buffer; /* evaluations are framed here */
  size_t capacity;
};

static void put_u32(uint8_t *to, uint32_t value)
{
  value = htole32(value);
  memcpy(to, &value, sizeof value);
}

static void put_u64(uint8_t *to, uint64_t value)
{
  value = htole64(value);
  memcpy(to, &value, sizeof value);
}

static void put_double(uint8_t *to, double value)
{
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  put_u64(to, bits);
}

static uint32_t get_u32(const uint8_t *from)
{
  uint32_t value;
  memcpy(&value, from, sizeof value);
  return le32toh(value);
}

static uint64_t get_u64(const uint8_t *from)
{
  uint64_t value;
  memcpy(&value, from, sizeof value);
  return le64toh(value);
}

static double get_double(const uint8_t *from)
{
  uint64_t bits = get_u64(from);
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint32_t checksum(const uint8_t *frame, size_t payload)
{
  /* type, length and payload; zlib takes 32-bit lengths */
  const uint8_t *at = frame + sizeof magic;
  size_t left = HEAD_BYTES - sizeof magic + payload;
  uLong sum = crc32(0L, Z_NULL, 0);
  while (left > 0) {
    uInt some = left < ((size_t)1 << 30) ? (uInt)left : (uInt)1 << 30;
    sum = crc32(sum, at, some);
    at += some;
    left -= some;
  }
  return (uint32_t)sum;
}

struct frame {
  uint32_t type;
  const uint8_t *payload;
  size_t size;
};

/* The frame that would stand at `at`, unchecked; false when none fits. */
static bool frame_at(struct frame *frame, const uint8_t *data, size_t size,
                     size_t at)
{
  VQE_ASSERT(at <= size);
  size_t left = size - at;
  if (left < HEAD_BYTES + TAIL_BYTES ||
      memcmp(data + at, magic, sizeof magic) != 0) {
    return false;
  }
  uint64_t length = get_u64(data + at + 8);
  if (length > left - HEAD_BYTES - TAIL_BYTES) {
    return false;
  }
  frame->type = get_u32(data + at + 4);
  frame->payload = data + at + HEAD_BYTES;
  frame->size = (size_t)length;
  return true;
}

/* The next whole frame from *at on, with *at moved to it; false when there is
 * none. What is checksummed in vain is taken from *spare, and the search ends
 * where that is used up: marks without frames must not make it quadratic. */
static bool find_frame(struct frame *frame, size_t *at, size_t *spare,
                       const uint8_t *data, size_t size)
{
  const uint8_t *mark = data;
  while (*at<size && * spare> 0) {
    mark = memmem(data + *at, size - *at, magic, sizeof magic);
    if (mark == NULL) {
      return false;
    }
    *at = (size_t)(mark - data);
    if (frame_at(frame, data, size, *at)) {
      if (checksum(mark, frame->size) ==
          get_u32(frame->payload + frame->size)) {
        return true;
      }
      *spare -= frame->size < *spare ? frame->size : *spare;
    }
    (*at)++;
  }
  return false;
}

/* Parameters are aligned in memory of their own: a payload need not be. */
static int visit_evaluation(vqe_journal_visit visit, void *ctx,
                            const struct frame *frame)
{
  struct vqe_journal_evaluation evaluation = {.iteration = 0};
  double *values = NULL;
  const uint8_t *at = frame->payload;
  if (frame->size < EVALUATION_BYTES) {
    return vqe_error_set(VQE_ERR_INPUT, "an evaluation frame is too short");
  }
  memcpy(evaluation.experiment_id, at, ID_BYTES);
  uint32_t iteration = get_u32(at + ID_BYTES);
  uint32_t nparam = get_u32(at + ID_BYTES + 4);
  uint32_t flags = get_u32(at + ID_BYTES + 8);
  evaluation.energy = get_double(at + ID_BYTES + 12);
  evaluation.std = get_double(at + ID_BYTES + 20);
  size_t count = (size_t)nparam * (flags & HAS_GRADIENT ? 2 : 1);
  if (iteration > INT_MAX || nparam > INT_MAX || flags > HAS_GRADIENT ||
      frame->size != EVALUATION_BYTES + count * sizeof(double)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "an evaluation frame is not as long as it says");
  }
  int status =
      vqe_memory_alloc(&values, count, sizeof *values, "an evaluation");
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < count; k++) {
    values[k] = get_double(at + EVALUATION_BYTES + k * sizeof(double));
  }
  evaluation.iteration = (int)iteration;
  evaluation.nparam = (int)nparam;
  evaluation.parameters = values;
  evaluation.gradient = flags & HAS_GRADIENT ? values + nparam : NULL;
  status = visit(ctx, NULL, &evaluation, NULL);
  free(values);
  return status;
}

static int visit_phase(vqe_journal_visit visit, void *ctx,
                       const struct frame *frame)
{
  struct vqe_journal_phase phase = {.phase = VQE_PHASE_SCF};
  const uint8_t *at = frame->payload + ID_BYTES + ID_BYTES;
  if (frame->size != PHASE_BYTES || get_u32(at + 12) > VQE_PHASE_PROPERTIES ||
      get_u64(at) > INT64_MAX) {
    return vqe_error_set(VQE_ERR_INPUT, "a frame has no phase that is known");
  }
  memcpy(phase.experiment_id, frame->payload, ID_BYTES);
  memcpy(phase.seedless_id, frame->payload + ID_BYTES, ID_BYTES);
  phase.seed = (int64_t)get_u64(at);
  phase.seed_drawn = (get_u32(at + 8) & SEED_DRAWN) != 0;
  phase.phase = (enum vqe_phase)get_u32(at + 12);
  return visit(ctx, NULL, NULL, &phase);
}

static int visit_mark(vqe_journal_visit visit, void *ctx,
                      const struct frame *frame)
{
  struct vqe_journal_phase phase = {.phase = VQE_PHASE_SCF};
  uint32_t number =
      frame->size == MARK_BYTES ? get_u32(frame->payload + ID_BYTES) : 0;
  if (number < VQE_JOURNAL_BEGUN || number > VQE_JOURNAL_STOPS) {
    return vqe_error_set(VQE_ERR_INPUT, "a frame has no mark that is known");
  }
  memcpy(phase.experiment_id, frame->payload, ID_BYTES);
  phase.mark = (enum vqe_journal_mark)number;
  return visit(ctx, NULL, NULL, &phase);
}

static int visit_frame(vqe_journal_visit visit, void *ctx,
                       const struct frame *frame)
{
  struct vqe_result *result;
  int status = VQE_OK;
  if (frame->type == VQE_JOURNAL_EVALUATION) {
    return visit_evaluation(visit, ctx, frame);
  }
  if (frame->type == VQE_JOURNAL_PHASE) {
    return visit_phase(visit, ctx, frame);
  }
  if (frame->type == VQE_JOURNAL_MARK) {
    return visit_mark(visit, ctx, frame);
  }
  if (frame->type != VQE_JOURNAL_RESULT) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "a frame of unknown type %u; it comes from a newer "
                         "version",
                         (unsigned)frame->type);
  }
  status = vqe_codec_decode_result(&result, frame->payload, frame->size);
  return status == VQE_OK ? visit(ctx, result, NULL, NULL) : status;
}

static void note_hole(struct vqe_journal_harm *harm, size_t from, size_t to)
{
  if (harm->holes++ == 0) {
    harm->from = from;
    harm->to = to;
  }
}

/* Walk over whole frames; visit NULL only finds their end. */
static int walk(size_t *end, struct vqe_journal_harm *harm,
                const uint8_t *data, size_t size, vqe_journal_visit visit,
                void *ctx)
{
  struct frame frame;
  size_t spare = size > SIZE_MAX / SEARCHES ? SIZE_MAX : SEARCHES * size;
  size_t at = 0;
  int status = VQE_OK;
  *harm = (struct vqe_journal_harm){.torn = false};
  *end = 0;
  while (status == VQE_OK && find_frame(&frame, &at, &spare, data, size)) {
    if (at > *end) {
      note_hole(harm, *end, at);
    }
    at += HEAD_BYTES + frame.size + TAIL_BYTES;
    *end = at;
    if (visit != NULL) {
      status = visit_frame(visit, ctx, &frame);
    }
  }
  if (status == VQE_OK && spare == 0 && *end < size) {
    /* frames may stand in what was not searched */
    note_hole(harm, *end, size);
    *end = size;
  }
  harm->torn = status == VQE_OK && *end < size;
  return status;
}

int vqe_journal_parse(const uint8_t *data, size_t size,
                      vqe_journal_visit visit, void *ctx,
                      struct vqe_journal_harm *harm)
{
  struct vqe_journal_harm found;
  size_t end;
  int status = walk(&end, &found, data, size, visit, ctx);
  if (harm != NULL) {
    *harm = found;
  }
  return status;
}

/* A file that neither begins like a journal nor holds a frame is somebody's
 * own and is left alone. Zeros count as a beginning: some file systems leave
 * them where a crash caught the first frame. */
static bool is_journal(const uint8_t *data, size_t size)
{
  static const uint8_t zeros[sizeof magic];
  struct frame frame;
  size_t some = size < sizeof magic ? size : sizeof magic;
  size_t at = 0;
  size_t spare = size;
  return memcmp(data, magic, some) == 0 || memcmp(data, zeros, some) == 0 ||
         find_frame(&frame, &at, &spare, data, size);
}

int vqe_journal_read(const char *path, vqe_journal_visit visit, void *ctx,
                     struct vqe_journal_harm *harm)
{
  char *data = NULL;
  size_t size = 0;
  int status = vqe_own_file_read(&data, &size, path, SIZE_MAX / 4, "journal");
  if (status != VQE_OK) {
    return status;
  }
  if (!is_journal((const uint8_t *)data, size)) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "it does not begin like a journal of this version");
  } else {
    status = vqe_journal_parse((const uint8_t *)data, size, visit, ctx, harm);
  }
  free(data);
  return status == VQE_ERR_INPUT
             ? vqe_error_context(
                   status,
                   "journal '%s' cannot be read and is kept; go "
                   "on with the vqe_batch that wrote it, or move "
                   "it away to compute anew",
                   path)
             : status;
}

/* Up to `size` bytes from `from` on into `data`; *got is 0 at the end. */
static int read_piece(size_t *got, uint8_t *data, size_t size, int descriptor,
                      size_t from, const char *path)
{
  *got = 0;
  while (*got < size) {
    ssize_t some =
        pread(descriptor, data + *got, size - *got, (off_t)(from + *got));
    if (some < 0 && errno == EINTR) {
      continue;
    }
    if (some < 0) {
      return vqe_error_set(VQE_ERR_IO, "reading journal '%s': %s", path,
                           strerror(errno));
    }
    if (some == 0) {
      break;
    }
    *got += (size_t)some;
  }
  return VQE_OK;
}

#define PIECE_BYTES ((size_t)64 << 20)

/* In pieces: one that holds no whole frame is read again with the double
 * size. */
static int follow(size_t *from, int descriptor, const char *path,
                  vqe_journal_visit visit, void *ctx)
{
  struct stat info = {.st_size = 0};
  struct vqe_journal_harm harm;
  uint8_t *data = NULL;
  size_t held = 0;
  size_t size = PIECE_BYTES;
  int status = VQE_OK;
  (void)fstat(descriptor, &info);
  while (status == VQE_OK && *from < (size_t)info.st_size) {
    size_t left = (size_t)info.st_size - *from;
    size_t wanted = left < size ? left : size;
    size_t got = 0;
    size_t end = 0;
    if (wanted > held) {
      status = vqe_memory_grow(&data, 0, wanted, 1, "a piece of a journal");
      held = status == VQE_OK ? wanted : held;
    }
    if (status == VQE_OK) {
      status = read_piece(&got, data, wanted, descriptor, *from, path);
    }
    if (status == VQE_OK) {
      status = walk(&end, &harm, data, got, visit, ctx);
    }
    *from += end;
    if (status != VQE_OK || (end == 0 && wanted == left)) {
      break;
    }
    size = end == 0 ? 2 * size : size;
  }
  free(data);
  return status;
}

int vqe_journal_follow(size_t *from, const char *path, vqe_journal_visit visit,
                       void *ctx)
{
  int descriptor;
  int status = vqe_own_file_open(&descriptor, path, O_RDONLY, "journal");
  if (status != VQE_OK) {
    return status;
  }
  status = follow(from, descriptor, path, visit, ctx);
  close(descriptor);
  return status == VQE_ERR_INPUT
             ? vqe_error_context(status, "journal '%s'", path)
             : status;
}

/* Cut off what follows the last whole frame. */
static int cut_tail(int descriptor, const char *path)
{
  char *data = NULL;
  size_t size = 0;
  size_t end = 0;
  struct vqe_journal_harm harm;
  int status =
      vqe_file_read_open(&data, &size, descriptor, path, SIZE_MAX / 4);
  if (status != VQE_OK) {
    return status;
  }
  if (is_journal((const uint8_t *)data, size)) {
    status = walk(&end, &harm, (const uint8_t *)data, size, NULL, NULL);
  } else {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "'%s' is no journal; move it away or name another "
                           "output",
                           path);
  }
  if (status == VQE_OK && end < size &&
      (ftruncate(descriptor, (off_t)end) != 0 || fsync(descriptor) != 0)) {
    status = vqe_error_set(VQE_ERR_IO, "cannot cut the torn end of '%s': %s",
                           path, strerror(errno));
  }
  free(data);
  return status;
}

static void release(struct vqe_journal *journal)
{
  if (journal->descriptor >= 0) {
    close(journal->descriptor);
  }
  free(journal->buffer);
  free(journal->path);
  free(journal);
}

/* The file, held by this process alone: where locks are not to be had, the
 * run goes without. */
static int hold_file(int *descriptor, const char *path)
{
  int status = vqe_own_file_open(descriptor, path, O_RDWR | O_CREAT | O_APPEND,
                                 "journal");
  if (status != VQE_OK) {
    return vqe_error_set(status == VQE_ERR_INPUT ? status : VQE_ERR_IO,
                         "%s, or name another output", vqe_error_message());
  }
  if (flock(*descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return vqe_error_set(VQE_ERR_IO,
                         "journal '%s' is in use by another run; wait for "
                         "it or name another output",
                         path);
  }
  return VQE_OK;
}

int vqe_journal_open(struct vqe_journal **out, const char *path)
{
  struct vqe_journal *journal = NULL;
  int status =
      vqe_memory_alloc(&journal, 1, sizeof *journal, "a journal's handle");
  if (status != VQE_OK) {
    return status;
  }
  status = hold_file(&journal->descriptor, path);
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&journal->path, path);
  }
  if (status == VQE_OK) {
    status = cut_tail(journal->descriptor, path);
  }
  if (status != VQE_OK) {
    release(journal);
    return status;
  }
  vqe_file_sync_parent(path);
  journal->synced = vqe_clock_wall();
  *out = journal;
  return VQE_OK;
}

static int sync_journal(struct vqe_journal *journal)
{
  if (!journal->dirty) {
    return VQE_OK;
  }
  if (fdatasync(journal->descriptor) != 0 && errno != EINVAL) {
    return vqe_error_set(VQE_ERR_IO, "syncing journal '%s': %s", journal->path,
                         strerror(errno));
  }
  journal->dirty = false;
  journal->unsynced = 0.0;
  journal->synced = vqe_clock_wall();
  return VQE_OK;
}

double vqe_journal_lag(const struct vqe_journal *journal)
{
  double since = journal->unsynced;
  double lag = vqe_clock_wall() - since;
  return since > 0.0 && lag > 0.0 ? lag : 0.0;
}

int vqe_journal_tick(struct vqe_journal *journal)
{
  if (journal->dirty && vqe_clock_wall() - journal->synced > SYNC_SECONDS) {
    return sync_journal(journal);
  }
  return VQE_OK;
}

/* A frame that cannot be written whole is taken back, so that later ones
 * stay readable. */
static int append(struct vqe_journal *journal, const uint8_t *frame,
                  size_t size)
{
  const uint8_t *at = frame;
  size_t left = size;
  while (left > 0) {
    ssize_t put = write(journal->descriptor, at, left);
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      int status = vqe_error_set(VQE_ERR_IO, "writing journal '%s': %s",
                                 journal->path, strerror(errno));
      off_t end = lseek(journal->descriptor, 0, SEEK_END);
      if (end >= 0 && left < size) {
        (void)!ftruncate(journal->descriptor, end - (off_t)(size - left));
      }
      return status;
    }
    VQE_ASSERT((size_t)put <= left);
    at += put;
    left -= (size_t)put;
  }
  if (!journal->dirty) {
    journal->unsynced = vqe_clock_wall();
  }
  journal->dirty = true;
  return VQE_OK;
}

static void finish_frame(uint8_t *frame, uint32_t type, size_t payload)
{
  memcpy(frame, magic, sizeof magic);
  put_u32(frame + 4, type);
  put_u64(frame + 8, payload);
  put_u32(frame + HEAD_BYTES + payload, checksum(frame, payload));
}

int vqe_journal_result(struct vqe_journal *journal,
                       const struct vqe_result *result)
{
  uint8_t *payload = NULL;
  uint8_t *frame = NULL;
  size_t size = 0;
  int status = vqe_codec_encode_result(&payload, &size, result);
  if (status != VQE_OK) {
    return status;
  }
  status = vqe_memory_alloc(&frame, HEAD_BYTES + size + TAIL_BYTES, 1,
                            "a journal frame");
  if (status == VQE_OK) {
    memcpy(frame + HEAD_BYTES, payload, size);
    finish_frame(frame, VQE_JOURNAL_RESULT, size);
    status = append(journal, frame, HEAD_BYTES + size + TAIL_BYTES);
  }
  if (status == VQE_OK) {
    status = vqe_journal_tick(journal);
  }
  free(frame);
  free(payload);
  return status;
}

int vqe_journal_evaluation(struct vqe_journal *journal,
                           const char *experiment_id, int iteration,
                           int nparam, const double *parameters, double energy,
                           double std, const double *gradient)
{
  size_t count = (size_t)nparam * (gradient != NULL ? 2 : 1);
  size_t payload = EVALUATION_BYTES + count * sizeof(double);
  size_t size = HEAD_BYTES + payload + TAIL_BYTES;
  if (strlen(experiment_id) != ID_BYTES || nparam < 0 || iteration < 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "journal '%s': an evaluation of experiment '%s', "
                         "iteration %d, %d parameters cannot be recorded",
                         journal->path, experiment_id, iteration, nparam);
  }
  if (size > journal->capacity) {
    int status = vqe_memory_grow(&journal->buffer, 0, size, 1, "a frame");
    if (status != VQE_OK) {
      return status;
    }
    journal->capacity = size;
  }
  VQE_ASSERT(size <= journal->capacity);
  uint8_t *at = journal->buffer + HEAD_BYTES;
  memcpy(at, experiment_id, ID_BYTES);
  put_u32(at + ID_BYTES, (uint32_t)iteration);
  put_u32(at + ID_BYTES + 4, (uint32_t)nparam);
  put_u32(at + ID_BYTES + 8, gradient != NULL ? HAS_GRADIENT : 0);
  put_double(at + ID_BYTES + 12, energy);
  put_double(at + ID_BYTES + 20, std);
  at += EVALUATION_BYTES;
  for (int k = 0; k < nparam; k++) {
    put_double(at + (size_t)k * sizeof(double), parameters[k]);
  }
  at += (size_t)nparam * sizeof(double);
  for (int k = 0; gradient != NULL && k < nparam; k++) {
    put_double(at + (size_t)k * sizeof(double), gradient[k]);
  }
  finish_frame(journal->buffer, VQE_JOURNAL_EVALUATION, payload);
  int status = append(journal, journal->buffer, size);
  if (status == VQE_OK && vqe_clock_wall() - journal->synced >= SYNC_SECONDS) {
    status = sync_journal(journal);
  }
  return status;
}

int vqe_journal_phase(struct vqe_journal *journal,
                      const struct vqe_journal_phase *phase)
{
  uint8_t frame[HEAD_BYTES + PHASE_BYTES + TAIL_BYTES];
  uint8_t *at = frame + HEAD_BYTES;
  if (strlen(phase->experiment_id) != ID_BYTES ||
      strlen(phase->seedless_id) != ID_BYTES) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "journal '%s': a phase of experiment '%s' cannot be "
                         "recorded",
                         journal->path, phase->experiment_id);
  }
  memcpy(at, phase->experiment_id, ID_BYTES);
  memcpy(at + ID_BYTES, phase->seedless_id, ID_BYTES);
  at += ID_BYTES + ID_BYTES;
  put_u64(at, (uint64_t)phase->seed);
  put_u32(at + 8, phase->seed_drawn ? SEED_DRAWN : 0);
  put_u32(at + 12, (uint32_t)phase->phase);
  finish_frame(frame, VQE_JOURNAL_PHASE, PHASE_BYTES);
  int status = append(journal, frame, sizeof frame);
  return status == VQE_OK ? vqe_journal_tick(journal) : status;
}

int vqe_journal_mark(struct vqe_journal *journal, const char *experiment_id,
                     enum vqe_journal_mark mark)
{
  uint8_t frame[HEAD_BYTES + MARK_BYTES + TAIL_BYTES] = {0};
  if (experiment_id != NULL && strlen(experiment_id) != ID_BYTES) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "journal '%s': that experiment '%s' begins or is "
                         "left cannot be recorded",
                         journal->path, experiment_id);
  }
  if (experiment_id != NULL) {
    memcpy(frame + HEAD_BYTES, experiment_id, ID_BYTES);
  }
  put_u32(frame + HEAD_BYTES + ID_BYTES, (uint32_t)mark);
  finish_frame(frame, VQE_JOURNAL_MARK, MARK_BYTES);
  return append(journal, frame, sizeof frame);
}

int vqe_journal_close(struct vqe_journal *journal)
{
  if (journal == NULL) {
    return VQE_OK;
  }
  int status = sync_journal(journal);
  if (close(journal->descriptor) != 0 && status == VQE_OK) {
    status = vqe_error_set(VQE_ERR_IO, "closing journal '%s': %s",
                           journal->path, strerror(errno));
  }
  free(journal->buffer);
  free(journal->path);
  free(journal);
  return status;
}

/* Calls of the system that fail when they are told to. Preloaded into a
 * program (LD_PRELOAD), it counts the calls of one kind and fails one of them:
 *
 *   VQE_FAULTS=KIND:N    the N-th call of that kind fails, 0: none
 *   VQE_FAULTS=KIND:N+   that one and all later ones
 *   VQE_FAULTS=nolock    no file can be locked
 *   VQE_FAULTS_LOG=FILE  gets a line "KIND COUNT PLACE..." when the program
 *                        ends, with the place of each call, and a line
 *                        "failed PLACE" when one fails
 *
 * A place is a hash of the nearest callers, by their addresses within their
 * programs and libraries. One that stands there several times counts once, so
 * that a recursion is one place however deep it goes.
 *
 * KIND: alloc (memory that our own code or jansson asks for; DuckDB, which is
 * linked into the program, takes its by other functions), write (bytes to
 * files of a disk), file (making, opening for writing, naming and cutting
 * files), sync, net (sockets of the internet and names of hosts). */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <inttypes.h>
#include <link.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { NONE, ALLOC, WRITE, FILES, SYNC, NET };

static const char *const names[] = {"none", "alloc", "write",
                                    "file", "sync",  "net"};
static enum kind wanted;
static long fails_at;
static bool and_later;
static bool no_locks;
static atomic_long calls;

/* Whose code calls. */
enum who { PROGRAM = 1, JSON = 2, NETWORK = 4 };
static const struct {
  const char *name;
  enum who who;
} libraries[] = {{"libjansson", JSON},    {"libcurl", NETWORK},
                 {"librdkafka", NETWORK}, {"libssl", NETWORK},
                 {"libcrypto", NETWORK},  {"libnghttp2", NETWORK}};

#define MAX_RANGES 16
static struct {
  uintptr_t begin, end;
  enum who who;
} ranges[MAX_RANGES];
static int nrange;

static int note_object(struct dl_phdr_info *info, size_t size, void *ctx)
{
  enum who who = *(bool *)ctx ? PROGRAM : 0;
  (void)size;
  *(bool *)ctx = false;
  for (size_t k = 0; k < sizeof libraries / sizeof libraries[0]; k++) {
    if (strstr(info->dlpi_name, libraries[k].name) != NULL) {
      who = libraries[k].who;
    }
  }
  if (who == 0) {
    return 0;
  }
  for (int k = 0; k < info->dlpi_phnum && nrange < MAX_RANGES; k++) {
    if (info->dlpi_phdr[k].p_type == PT_LOAD &&
        (info->dlpi_phdr[k].p_flags & PF_X) != 0) {
      ranges[nrange].begin = info->dlpi_addr + info->dlpi_phdr[k].p_vaddr;
      ranges[nrange].end = ranges[nrange].begin + info->dlpi_phdr[k].p_memsz;
      ranges[nrange].who = who;
      nrange++;
    }
  }
  return 0;
}

static bool calls_from(const void *caller, enum who who)
{
  uintptr_t at = (uintptr_t)caller;
  for (int k = 0; k < nrange; k++) {
    if (at >= ranges[k].begin && at < ranges[k].end) {
      return ranges[k].who == who;
    }
  }
  return false;
}

/* ---- places ---- */

#define MAX_DEPTH 64
#define NEAREST 8 /* callers that make a place */
#define MAX_CALLS ((size_t)1 << 24)

static const char *log_path;
static uint64_t *places; /* of the calls, by number; NULL: not asked for */

static uint64_t mix(uint64_t hash, uint64_t value)
{
  hash ^= value;
  hash *= UINT64_C(0x9e3779b97f4a7c15);
  return hash ^ (hash >> 29);
}

/* Where this process stands, without the frames of this file. */
static uint64_t place_now(void)
{
  void *frames[MAX_DEPTH];
  struct dl_find_object object;
  struct dl_find_object own = {0};
  int count = backtrace(frames, MAX_DEPTH);
  (void)_dl_find_object((void *)&wanted, &own);
  uint64_t hash = 1;
  int mixed = 0;
  for (int k = 0; k < count && mixed < NEAREST; k++) {
    bool seen = false;
    for (int j = 0; j < k && !seen; j++) {
      seen = frames[j] == frames[k];
    }
    if (seen || _dl_find_object(frames[k], &object) != 0 ||
        object.dlfo_map_start == own.dlfo_map_start) {
      continue;
    }
    mixed++;
    hash = mix(hash, (uint64_t)((uintptr_t)frames[k] -
                                (uintptr_t)object.dlfo_map_start));
  }
  return hash;
}

/* By the system alone: what fails may be the C library's memory. */
static void log_failure(void)
{
  char text[64];
  int size =
      snprintf(text, sizeof text, "failed %016" PRIx64 "\n", place_now());
  long descriptor = syscall(SYS_openat, AT_FDCWD, log_path,
                            O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor >= 0) {
    (void)syscall(SYS_write, descriptor, text, (size_t)size);
    (void)syscall(SYS_close, descriptor);
  }
}

static void make_places(void)
{
  void *memory = mmap(NULL, MAX_CALLS * sizeof *places, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  void *frame;
  places = memory != MAP_FAILED ? memory : NULL;
  (void)backtrace(&frame, 1); /* loads what it needs */
}

__attribute__((constructor)) static void read_wishes(void)
{
  const char *text = getenv("VQE_FAULTS");
  bool first = true;
  log_path = getenv("VQE_FAULTS_LOG");
  dl_iterate_phdr(note_object, &first);
  if (text == NULL) {
    return;
  }
  no_locks = strcmp(text, "nolock") == 0;
  for (size_t k = 1; k < sizeof names / sizeof names[0]; k++) {
    size_t length = strlen(names[k]);
    if (strncmp(text, names[k], length) == 0 && text[length] == ':') {
      char *end;
      fails_at = strtol(text + length + 1, &end, 10);
      and_later = *end == '+';
      if (log_path != NULL) {
        make_places();
      }
      wanted = (enum kind)k;
    }
  }
}

__attribute__((destructor)) static void report(void)
{
  enum kind kind = wanted;
  size_t count = (size_t)atomic_load(&calls);
  wanted = NONE;
  if (log_path == NULL || kind == NONE || fails_at > 0) {
    return;
  }
  FILE *stream = fopen(log_path, "a");
  if (stream != NULL) {
    fprintf(stream, "%s %zu", names[kind], count);
    for (size_t k = 0; places != NULL && k < count && k < MAX_CALLS; k++) {
      fprintf(stream, " %016" PRIx64, places[k]);
    }
    fprintf(stream, "\n");
    fclose(stream);
  }
}

/* Is this call the one? */
static bool fails(enum kind kind)
{
  if (kind != wanted) {
    return false;
  }
  long number = atomic_fetch_add(&calls, 1) + 1;
  if (fails_at == 0 && places != NULL && (size_t)number <= MAX_CALLS) {
    places[number - 1] = place_now();
  }
  bool now =
      fails_at > 0 && (and_later ? number >= fails_at : number == fails_at);
  if (now && log_path != NULL) {
    log_failure();
  }
  return now;
}

#define NEXT(name)                                                            \
  static __typeof__(&name) next;                                              \
  if (next == NULL) {                                                         \
    *(void **)&next = dlsym(RTLD_NEXT, #name);                                \
  }

#define FROM(who) calls_from(__builtin_return_address(0), who)

/* ---- memory ---- */

/* dlsym itself allocates: the C library's own names instead */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static bool no_memory(void)
{
  bool none = fails(ALLOC);
  if (none) {
    errno = ENOMEM;
  }
  return none;
}

void *malloc(size_t size)
{
  return wanted == ALLOC && FROM(JSON) && no_memory() ? NULL
                                                      : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
  return wanted == ALLOC && FROM(JSON) && no_memory()
             ? NULL
             : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
  return wanted == ALLOC && FROM(JSON) && no_memory()
             ? NULL
             : __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
  return wanted == ALLOC && FROM(PROGRAM) && no_memory()
             ? NULL
             : __libc_memalign(alignment, size);
}

char *strdup(const char *text)
{
  size_t size = strlen(text) + 1;
  char *copy = wanted == ALLOC && FROM(PROGRAM) && no_memory()
                   ? NULL
                   : __libc_malloc(size);
  return copy != NULL ? memcpy(copy, text, size) : NULL;
}

char *strndup(const char *text, size_t limit)
{
  size_t size = strnlen(text, limit);
  char *copy = wanted == ALLOC && FROM(PROGRAM) && no_memory()
                   ? NULL
                   : __libc_malloc(size + 1);
  if (copy != NULL) {
    memcpy(copy, text, size);
    copy[size] = '\0';
  }
  return copy;
}

FILE *open_memstream(char **text, size_t *size)
{
  NEXT(open_memstream)
  return wanted == ALLOC && FROM(PROGRAM) && no_memory() ? NULL
                                                         : next(text, size);
}

int vasprintf(char **out, const char *format, va_list arguments)
{
  NEXT(vasprintf)
  return wanted == ALLOC && FROM(PROGRAM) && no_memory()
             ? -1
             : next(out, format, arguments);
}

int asprintf(char **out, const char *format, ...)
{
  static __typeof__(&vasprintf) next;
  va_list arguments;
  if (wanted == ALLOC && FROM(PROGRAM) && no_memory()) {
    return -1;
  }
  if (next == NULL) {
    *(void **)&next = dlsym(RTLD_NEXT, "vasprintf");
  }
  va_start(arguments, format);
  int printed = next(out, format, arguments);
  va_end(arguments);
  return printed;
}

/* what fortified builds call instead; no header declares them otherwise */
int __vasprintf_chk(char **out, int flag, const char *format,
                    va_list arguments);
int __asprintf_chk(char **out, int flag, const char *format, ...);

int __vasprintf_chk(char **out, int flag, const char *format,
                    va_list arguments)
{
  static __typeof__(&__vasprintf_chk) next;
  if (next == NULL) {
    *(void **)&next = dlsym(RTLD_NEXT, "__vasprintf_chk");
  }
  return wanted == ALLOC && FROM(PROGRAM) && no_memory()
             ? -1
             : next(out, flag, format, arguments);
}

int __asprintf_chk(char **out, int flag, const char *format, ...)
{
  static __typeof__(&__vasprintf_chk) next;
  va_list arguments;
  if (wanted == ALLOC && FROM(PROGRAM) && no_memory()) {
    return -1;
  }
  if (next == NULL) {
    *(void **)&next = dlsym(RTLD_NEXT, "__vasprintf_chk");
  }
  va_start(arguments, format);
  int printed = next(out, flag, format, arguments);
  va_end(arguments);
  return printed;
}

/* ---- files ---- */

static bool is_disk_file(int descriptor)
{
  struct stat info;
  return fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode);
}

static bool disk_full(int descriptor)
{
  if (wanted != WRITE || !is_disk_file(descriptor) || !fails(WRITE)) {
    return false;
  }
  errno = ENOSPC;
  return true;
}

ssize_t write(int descriptor, const void *data, size_t size)
{
  NEXT(write)
  return disk_full(descriptor) ? -1 : next(descriptor, data, size);
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t at)
{
  NEXT(pwrite)
  return disk_full(descriptor) ? -1 : next(descriptor, data, size, at);
}

ssize_t pwrite64(int descriptor, const void *data, size_t size, off64_t at)
{
  NEXT(pwrite64)
  return disk_full(descriptor) ? -1 : next(descriptor, data, size, at);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count)
{
  NEXT(writev)
  return disk_full(descriptor) ? -1 : next(descriptor, parts, count);
}

/* Streams write inside the C library: their end counts instead. */
int fclose(FILE *stream)
{
  NEXT(fclose)
  bool full = wanted == WRITE && FROM(PROGRAM) && fileno(stream) >= 0 &&
              (fcntl(fileno(stream), F_GETFL) & O_ACCMODE) != O_RDONLY &&
              disk_full(fileno(stream));
  int code = next(stream);
  if (full) {
    errno = ENOSPC;
    code = EOF;
  }
  return code;
}

static bool refused(const void *caller)
{
  if (wanted != FILES || !calls_from(caller, PROGRAM) || !fails(FILES)) {
    return false;
  }
  errno = EIO;
  return true;
}

static bool makes(int flags)
{
  return (flags & (O_CREAT | O_WRONLY | O_RDWR)) != 0;
}

#define OPEN_BODY(name, ...)                                                  \
  NEXT(name)                                                                  \
  va_list arguments;                                                          \
  va_start(arguments, flags);                                                 \
  mode_t mode =                                                               \
      (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;   \
  va_end(arguments);                                                          \
  if (makes(flags) && refused(__builtin_return_address(0))) {                 \
    return -1;                                                                \
  }                                                                           \
  return next(__VA_ARGS__, flags, mode)

int open(const char *path, int flags, ...)
{
  OPEN_BODY(open, path);
}

int open64(const char *path, int flags, ...)
{
  OPEN_BODY(open64, path);
}

int openat(int folder, const char *path, int flags, ...)
{
  OPEN_BODY(openat, folder, path);
}

int openat64(int folder, const char *path, int flags, ...)
{
  OPEN_BODY(openat64, folder, path);
}

/* openat2() has no function of its own; its flags lead its third argument. */
long syscall(long number, ...)
{
  NEXT(syscall)
  long with[6];
  va_list arguments;
  va_start(arguments, number);
  for (int k = 0; k < 6; k++) {
    with[k] = va_arg(arguments, long);
  }
  va_end(arguments);
  uint64_t flags = 0;
  if (number == SYS_openat2) {
    memcpy(&flags, (const void *)with[2], sizeof flags);
  }
  if (makes((int)flags) && refused(__builtin_return_address(0))) {
    return -1;
  }
  return next(number, with[0], with[1], with[2], with[3], with[4], with[5]);
}

FILE *fopen(const char *path, const char *mode)
{
  NEXT(fopen)
  return mode[0] != 'r' && refused(__builtin_return_address(0))
             ? NULL
             : next(path, mode);
}

int mkdir(const char *path, mode_t mode)
{
  NEXT(mkdir)
  return refused(__builtin_return_address(0)) ? -1 : next(path, mode);
}

int mkdirat(int folder, const char *path, mode_t mode)
{
  NEXT(mkdirat)
  return refused(__builtin_return_address(0)) ? -1 : next(folder, path, mode);
}

int rename(const char *from, const char *to)
{
  NEXT(rename)
  return refused(__builtin_return_address(0)) ? -1 : next(from, to);
}

int renameat(int from, const char *name, int to, const char *other)
{
  NEXT(renameat)
  return refused(__builtin_return_address(0)) ? -1
                                              : next(from, name, to, other);
}

int renameat2(int from, const char *name, int to, const char *other,
              unsigned flags)
{
  NEXT(renameat2)
  return refused(__builtin_return_address(0))
             ? -1
             : next(from, name, to, other, flags);
}

int link(const char *from, const char *to)
{
  NEXT(link)
  return refused(__builtin_return_address(0)) ? -1 : next(from, to);
}

int linkat(int from, const char *name, int to, const char *other, int flags)
{
  NEXT(linkat)
  return refused(__builtin_return_address(0))
             ? -1
             : next(from, name, to, other, flags);
}

int ftruncate(int descriptor, off_t size)
{
  NEXT(ftruncate)
  return refused(__builtin_return_address(0)) ? -1 : next(descriptor, size);
}

static bool not_synced(void)
{
  bool failed = wanted == SYNC && fails(SYNC);
  if (failed) {
    errno = EIO;
  }
  return failed;
}

int fsync(int descriptor)
{
  NEXT(fsync)
  return not_synced() ? -1 : next(descriptor);
}

int fdatasync(int descriptor)
{
  NEXT(fdatasync)
  return not_synced() ? -1 : next(descriptor);
}

int flock(int descriptor, int operation)
{
  NEXT(flock)
  if (no_locks) {
    errno = ENOLCK;
    return -1;
  }
  return next(descriptor, operation);
}

/* ---- the network ---- */

static bool cut(const void *caller, int descriptor, int reason)
{
  int family = 0;
  socklen_t size = sizeof family;
  if (wanted != NET || !calls_from(caller, NETWORK) ||
      getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0 ||
      (family != AF_INET && family != AF_INET6) || !fails(NET)) {
    return false;
  }
  errno = reason;
  return true;
}

int connect(int descriptor, const struct sockaddr *address, socklen_t size)
{
  NEXT(connect)
  return cut(__builtin_return_address(0), descriptor, ECONNREFUSED)
             ? -1
             : next(descriptor, address, size);
}

ssize_t send(int descriptor, const void *data, size_t size, int flags)
{
  NEXT(send)
  return cut(__builtin_return_address(0), descriptor, EPIPE)
             ? -1
             : next(descriptor, data, size, flags);
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags)
{
  NEXT(sendmsg)
  return cut(__builtin_return_address(0), descriptor, EPIPE)
             ? -1
             : next(descriptor, message, flags);
}

ssize_t recv(int descriptor, void *data, size_t size, int flags)
{
  NEXT(recv)
  return cut(__builtin_return_address(0), descriptor, ECONNRESET)
             ? -1
             : next(descriptor, data, size, flags);
}

ssize_t recvmsg(int descriptor, struct msghdr *message, int flags)
{
  NEXT(recvmsg)
  return cut(__builtin_return_address(0), descriptor, ECONNRESET)
             ? -1
             : next(descriptor, message, flags);
}

int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **found)
{
  NEXT(getaddrinfo)
  return wanted == NET && FROM(NETWORK) && fails(NET)
             ? EAI_AGAIN
             : next(node, service, hints, found);
}

/* A page as a PDF: browsers know best how to print one, so one does it. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/temporary.h"
#include "lake_commands.h"

extern char **environ;

#define PDF_LIMIT ((size_t)256 << 20)

/* Chromium starts in a second or two, and prints as fast as it draws. */
#define PDF_SECONDS 300
#define LOOK_NANOSECONDS 50000000L

/* What a browser needs of the environment, by how the names begin. It is a
 * large program, which keeps dumps of its crashes: secrets are not for it. */
static bool is_for_browsers(const char *variable)
{
  static const char *const begins[] = {
      "HOME=", "PATH=", "TMPDIR=",     "LANG=",           "LANGUAGE=",
      "LC_",   "XDG_",  "FONTCONFIG_", "LD_LIBRARY_PATH="};
  for (size_t k = 0; k < sizeof begins / sizeof begins[0]; k++) {
    if (strncmp(variable, begins[k], strlen(begins[k])) == 0) {
      return true;
    }
  }
  return false;
}

/* The array alone is the caller's to free; NULL without memory. */
static char **environment_for_browsers(void)
{
  char **out = NULL;
  size_t count = 0;
  size_t kept = 0;
  while (environ[count] != NULL) {
    count++;
  }
  if (vqe_memory_alloc(&out, count + 1, sizeof *out, "an environment") !=
      VQE_OK) {
    return NULL;
  }
  for (size_t k = 0; k < count; k++) {
    if (is_for_browsers(environ[k])) {
      out[kept++] = environ[k];
    }
  }
  return out;
}

/* Start the browser as a group of processes, as it starts others; 0, or an
 * errno. */
static int start(pid_t *child, const char *program, char **words)
{
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t plain;
  char **environment = environment_for_browsers();
  int code =
      environment != NULL ? posix_spawn_file_actions_init(&actions) : ENOMEM;
  if (code != 0) {
    free(environment);
    return code;
  }
  code = posix_spawnattr_init(&attributes);
  if (code != 0) {
    posix_spawn_file_actions_destroy(&actions);
    free(environment);
    return code;
  }
  sigemptyset(&plain);
  sigaddset(&plain, SIGXFSZ); /* which this program ignores */
  (void)posix_spawnattr_setsigdefault(&attributes, &plain);
  (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP |
                                                  POSIX_SPAWN_SETSIGDEF);
  code = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1, 0);
  if (code == 0) {
    code = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0);
  }
  if (code == 0) {
    words[0] = (char *)program;
    code = posix_spawnp(child, program, &actions, &attributes, words,
                        environment);
  }
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  free(environment);
  return code;
}

/* Wait for the browser, for so long; then end it and what it has started. */
static int await(int *code, pid_t child)
{
  const struct timespec pause = {.tv_nsec = LOOK_NANOSECONDS};
  double until = vqe_clock_wall() + PDF_SECONDS;
  for (;;) {
    pid_t ended = waitpid(child, code, WNOHANG);
    if (ended == child) {
      return VQE_OK;
    }
    if (ended < 0 && errno != EINTR) {
      return vqe_error_set(VQE_ERR_IO, "cannot wait for Chromium: %s",
                           strerror(errno));
    }
    if (vqe_clock_wall() > until) {
      (void)kill(-child, SIGKILL);
      (void)waitpid(child, code, 0);
      return vqe_error_set(VQE_ERR_IO,
                           "Chromium has not printed the page in %d s: write "
                           "HTML (-o report.html) and print it from a browser",
                           PDF_SECONDS);
    }
    (void)nanosleep(&pause, NULL);
  }
}

static int start_any(pid_t *child, char **words)
{
  static const char *const programs[] = {
      "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"};
  const char *named = getenv("VQE_CHROMIUM");
  int code = ENOENT;
  if (named != NULL && named[0] != '\0') {
    code = start(child, named, words);
    return code == 0 ? VQE_OK
                     : vqe_error_set(VQE_ERR_UNSUPPORTED,
                                     "VQE_CHROMIUM=%s cannot be started: %s",
                                     named, strerror(code));
  }
  for (size_t k = 0; code != 0 && k < sizeof programs / sizeof programs[0];
       k++) {
    code = start(child, programs[k], words);
  }
  return code == 0
             ? VQE_OK
             : vqe_error_set(VQE_ERR_UNSUPPORTED,
                             "a PDF takes Chromium, which is not on PATH: "
                             "install it, set VQE_CHROMIUM, or write HTML "
                             "(-o report.html) and print it from a browser");
}

static int run(const char *folder, const char *page, const char *pdf)
{
  char *profile = NULL;
  char *target = NULL;
  char *source = NULL;
  pid_t child = 0;
  int code = 0;
  int status = vqe_memory_print(&profile, "--user-data-dir=%s", folder);
  if (status == VQE_OK) {
    status = vqe_memory_print(&target, "--print-to-pdf=%s", pdf);
  }
  if (status == VQE_OK) {
    status = vqe_memory_print(&source, "file://%s", page);
  }
  if (status == VQE_OK) {
    char *words[] = {NULL, "--headless", "--disable-gpu", "--no-first-run",
                     "--disable-background-networking",
                     "--disable-component-update", "--disable-sync",
                     "--no-pdf-header-footer", profile, target, source,
                     /* its sandbox refuses root, and the page is ours */
                     geteuid() == 0 ? "--no-sandbox" : NULL, NULL};
    status = start_any(&child, words);
  }
  if (status == VQE_OK) {
    status = await(&code, child);
  }
  if (status == VQE_OK && (!WIFEXITED(code) || WEXITSTATUS(code) != 0)) {
    status = vqe_error_set(VQE_ERR_IO,
                           "Chromium did not print the page (status %d): "
                           "write HTML (-o report.html) and print it from a "
                           "browser",
                           WIFEXITED(code) ? WEXITSTATUS(code) : -1);
  }
  free(source);
  free(target);
  free(profile);
  return status;
}

int vqe_cmd_lake_pdf(const char *path, const char *html, size_t size)
{
  struct vqe_temporary folder = {NULL, -1};
  char *place = NULL;
  char *prefix = NULL;
  char *page = NULL;
  char *pdf = NULL;
  char *data = NULL;
  size_t length = 0;
  /* as Chromium runs elsewhere, it needs the whole path */
  int status = vqe_memory_strdup(&place, vqe_temporary_place());
  char *whole = status == VQE_OK ? realpath(place, NULL) : NULL;
  if (status == VQE_OK && whole == NULL) {
    status = vqe_file_errno(errno, "cannot use the folder", place);
  }
  if (status == VQE_OK) {
    status = vqe_memory_print(&prefix, "%s/vqe-report-", whole);
  }
  if (status == VQE_OK) {
    status = vqe_temporary_make(&folder, prefix);
  }
  if (status == VQE_OK) {
    status = vqe_memory_print(&page, "%s/report.html", folder.path);
  }
  if (status == VQE_OK) {
    status = vqe_memory_print(&pdf, "%s/report.pdf", folder.path);
  }
  if (status == VQE_OK) {
    status = vqe_file_write(page, html, size);
  }
  if (status == VQE_OK) {
    status = run(folder.path, page, pdf);
  }
  if (status == VQE_OK) {
    status = vqe_file_read_regular(&data, &length, pdf, PDF_LIMIT);
  }
  if (status == VQE_OK) {
    status = vqe_file_write(path, data, length);
  }
  vqe_temporary_remove(&folder);
  free(data);
  free(pdf);
  free(page);
  free(prefix);
  free(whole);
  free(place);
  return status;
}

/* A page as a PDF: browsers know best how to print one, so one does it. */
#include <errno.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "lake_commands.h"

extern char **environ;

#define PDF_LIMIT ((size_t)256 << 20)

static int remove_one(const char *path, const struct stat *info, int kind,
                      struct FTW *place)
{
  (void)info;
  (void)kind;
  (void)place;
  (void)remove(path);
  return 0;
}

static int make_folder(char **out)
{
  const char *base = getenv("TMPDIR");
  int status =
      vqe_memory_print(out, "%s/vqe-report-XXXXXX",
                       base != NULL && base[0] == '/' ? base : "/tmp");
  if (status == VQE_OK && mkdtemp(*out) == NULL) {
    status = vqe_file_errno(errno, "cannot make the folder", *out);
    free(*out);
    *out = NULL;
  }
  return status;
}

/* Start the browser; 0, or an errno. */
static int start(pid_t *child, const char *program, char **words)
{
  posix_spawn_file_actions_t actions;
  int code = posix_spawn_file_actions_init(&actions);
  if (code != 0) {
    return code;
  }
  code = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1, 0);
  if (code == 0) {
    code = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0);
  }
  if (code == 0) {
    words[0] = (char *)program;
    code = posix_spawnp(child, program, &actions, NULL, words, environ);
  }
  posix_spawn_file_actions_destroy(&actions);
  return code;
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
  while (status == VQE_OK && waitpid(child, &code, 0) < 0) {
    if (errno != EINTR) {
      status = vqe_error_set(VQE_ERR_IO, "cannot wait for Chromium: %s",
                             strerror(errno));
    }
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
  char *folder = NULL;
  char *page = NULL;
  char *pdf = NULL;
  char *data = NULL;
  size_t length = 0;
  int status = make_folder(&folder);
  if (status == VQE_OK) {
    status = vqe_memory_print(&page, "%s/report.html", folder);
  }
  if (status == VQE_OK) {
    status = vqe_memory_print(&pdf, "%s/report.pdf", folder);
  }
  if (status == VQE_OK) {
    status = vqe_file_write(page, html, size);
  }
  if (status == VQE_OK) {
    status = run(folder, page, pdf);
  }
  if (status == VQE_OK) {
    status = vqe_file_read_regular(&data, &length, pdf, PDF_LIMIT);
  }
  if (status == VQE_OK) {
    status = vqe_file_write(path, data, length);
  }
  if (folder != NULL) {
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  }
  free(data);
  free(pdf);
  free(page);
  free(folder);
  return status;
}

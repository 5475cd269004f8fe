/* tests/integration/s3_faults.py for the tests in C: start it, command it. */
#ifndef VQE_TEST_S3_SERVER_H
#define VQE_TEST_S3_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define S3_SERVER VQE_TEST_DATA "/../integration/s3_faults.py"

struct s3_server {
  pid_t pid;
  FILE *orders;
  FILE *responses;
  char endpoint[64];
  char ca_file[128];
};

static inline void s3_server_start(struct s3_server *server, int tls)
{
  int in[2];
  int out[2];
  int port = 0;
  char line[256] = "";
  memset(server, 0, sizeof *server);
  assert_int_equal(pipe2(in, O_CLOEXEC), 0);
  assert_int_equal(pipe2(out, O_CLOEXEC), 0);
  server->pid = fork();
  assert_true(server->pid >= 0);
  if (server->pid == 0) {
    dup2(in[0], 0);
    dup2(out[1], 1);
    unsetenv("LD_PRELOAD");
    execlp("python3", "python3", S3_SERVER, tls ? "--tls" : NULL, NULL);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  server->orders = fdopen(in[1], "w");
  server->responses = fdopen(out[0], "r");
  assert_non_null(fgets(line, sizeof line, server->responses));
  assert_true(sscanf(line, "%d %127s", &port, server->ca_file) >= 1);
  snprintf(server->endpoint, sizeof server->endpoint, "%s://127.0.0.1:%d",
           tls ? "https" : "http", port);
  setenv("AWS_ACCESS_KEY_ID", "GKtestkey", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "secret/of+the=test", 1);
  setenv("no_proxy", "127.0.0.1", 1);
  unsetenv("AWS_SESSION_TOKEN");
  unsetenv("AWS_CA_BUNDLE");
}

static inline void s3_server_stop(struct s3_server *server)
{
  fclose(server->orders);
  fclose(server->responses);
  waitpid(server->pid, NULL, 0);
}

/* Send a command, return the count `name` of the response. */
static inline long s3_server_order(struct s3_server *server,
                                   const char *command, const char *name)
{
  char line[512];
  fprintf(server->orders, "%s\n", command);
  fflush(server->orders);
  assert_non_null(fgets(line, sizeof line, server->responses));
  json_t *response = json_loads(line, 0, NULL);
  assert_non_null(response);
  long count = (long)json_integer_value(json_object_get(response, name));
  json_decref(response);
  return count;
}

static inline long s3_server_count(struct s3_server *server, const char *name)
{
  return s3_server_order(server, "{\"report\": true}", name);
}

/* The next `times` requests of `method` fail by `kind`: a status or a word
 * in quotes. */
static inline void s3_server_fault(struct s3_server *server, const char *kind,
                                   const char *method, int times)
{
  char command[256];
  snprintf(command, sizeof command,
           "{\"fault\": %s, \"method\": \"%s\", \"times\": %d}", kind, method,
           times);
  s3_server_order(server, command, "requests");
}

#endif

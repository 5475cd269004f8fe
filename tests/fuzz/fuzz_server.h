/* A server on loopback whose responses are the parts of a fuzz input, one a
 * request: parts are divided by a byte 1. One that begins with 'r' is sent as
 * it stands, from the status line on; any other is the body of a 200, or of
 * the status that its first three digits are. */
#ifndef VQE_TESTS_FUZZ_FUZZ_SERVER_H
#define VQE_TESTS_FUZZ_FUZZ_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define FUZZ_PATIENCE_MS 2000

struct fuzz_server {
  int listener;
  char url[64];
  pthread_mutex_t lock;
  const uint8_t *data; /* of the responses that are left */
  size_t size;
};

/* A copy of the next part: the input goes while a response may still be on
 * its way. Free *part by free(). */
static inline size_t fuzz_next_part(uint8_t **part, struct fuzz_server *server)
{
  pthread_mutex_lock(&server->lock);
  const uint8_t *end =
      server->size == 0 ? NULL : memchr(server->data, 1, server->size);
  size_t length = end == NULL ? server->size : (size_t)(end - server->data);
  size_t used = end == NULL ? length : length + 1;
  *part = malloc(length + 1);
  if (*part == NULL) {
    abort();
  }
  if (length > 0) {
    memcpy(*part, server->data, length);
  }
  (*part)[length] = '\0';
  server->data = used == 0 ? server->data : server->data + used;
  server->size -= used;
  pthread_mutex_unlock(&server->lock);
  return length;
}

/* Reads a request to its end; false when there is none. *is_head: nothing but
 * a head may be the response. */
static inline bool fuzz_read_request(bool *is_head, int socket_fd)
{
  char head[16384];
  size_t used = 0;
  const char *end = NULL;
  while (end == NULL && used < sizeof head - 1) {
    struct pollfd wait = {.fd = socket_fd, .events = POLLIN};
    if (poll(&wait, 1, FUZZ_PATIENCE_MS) <= 0) {
      return false;
    }
    ssize_t got = recv(socket_fd, head + used, sizeof head - 1 - used, 0);
    if (got <= 0) {
      return false;
    }
    used += (size_t)got;
    head[used] = '\0';
    end = strstr(head, "\r\n\r\n");
  }
  *is_head = strncmp(head, "HEAD ", 5) == 0;
  const char *at = strcasestr(head, "content-length:");
  size_t length = at == NULL ? 0 : strtoul(at + 15, NULL, 10);
  if (strcasestr(head, "expect: 100-continue") != NULL) {
    const char *go = "HTTP/1.1 100 Continue\r\n\r\n";
    (void)send(socket_fd, go, strlen(go), MSG_NOSIGNAL);
  }
  size_t body = end == NULL ? 0 : used - (size_t)(end + 4 - head);
  while (body < length) {
    char rest[4096];
    ssize_t got = recv(socket_fd, rest, sizeof rest, 0);
    if (got <= 0) {
      return false;
    }
    body += (size_t)got;
  }
  return true;
}

/* Sends one part; false when the connection ends with it. */
static inline bool fuzz_send(int socket_fd, bool is_head, const uint8_t *part,
                             size_t length)
{
  char head[128];
  int status = 200;
  if (length > 0 && part[0] == 'r') {
    (void)send(socket_fd, part + 1, length - 1, MSG_NOSIGNAL);
    return false;
  }
  if (length >= 3 && part[0] >= '2' && part[0] <= '5' && part[1] >= '0' &&
      part[1] <= '9' && part[2] >= '0' && part[2] <= '9') {
    status = (part[0] - '0') * 100 + (part[1] - '0') * 10 + part[2] - '0';
    part += 3;
    length -= 3;
  }
  int used =
      snprintf(head, sizeof head,
               "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n", status, length);
  bool has_body = length > 0 && !is_head;
  (void)send(socket_fd, head, (size_t)used,
             MSG_NOSIGNAL | (has_body ? MSG_MORE : 0));
  if (has_body) {
    (void)send(socket_fd, part, length, MSG_NOSIGNAL);
  }
  return true;
}

static inline bool fuzz_respond(int socket_fd, struct fuzz_server *server)
{
  uint8_t *part = NULL;
  bool is_head = false;
  if (!fuzz_read_request(&is_head, socket_fd)) {
    return false;
  }
  size_t length = fuzz_next_part(&part, server);
  bool more = fuzz_send(socket_fd, is_head, part, length);
  free(part);
  return more;
}

/* Is there another request on the connection, before there is another
 * connection? A client may leave one open that it does not use again. */
static inline bool fuzz_has_more(int socket_fd, int listener)
{
  struct pollfd wait[] = {{.fd = socket_fd, .events = POLLIN},
                          {.fd = listener, .events = POLLIN}};
  return poll(wait, 2, FUZZ_PATIENCE_MS) > 0 && wait[0].revents != 0;
}

static inline void *fuzz_serve(void *ctx)
{
  struct fuzz_server *server = ctx;
  for (;;) {
    int socket_fd = accept(server->listener, NULL, NULL);
    if (socket_fd < 0) {
      return NULL;
    }
    while (fuzz_has_more(socket_fd, server->listener) &&
           fuzz_respond(socket_fd, server)) {
    }
    close(socket_fd);
  }
}

/* Runs until the program ends. */
static inline void fuzz_start(struct fuzz_server *server)
{
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  pthread_t thread;
  setenv("no_proxy", "127.0.0.1", 1);
  pthread_mutex_init(&server->lock, NULL);
  server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (server->listener < 0 ||
      bind(server->listener, (struct sockaddr *)&address, sizeof address) !=
          0 ||
      listen(server->listener, 16) != 0 ||
      getsockname(server->listener, (struct sockaddr *)&address, &size) != 0 ||
      pthread_create(&thread, NULL, fuzz_serve, server) != 0) {
    abort();
  }
  pthread_detach(thread);
  snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d",
           ntohs(address.sin_port));
}

static inline void fuzz_set(struct fuzz_server *server, const uint8_t *data,
                            size_t size)
{
  pthread_mutex_lock(&server->lock);
  server->data = data;
  server->size = size;
  pthread_mutex_unlock(&server->lock);
}

#endif

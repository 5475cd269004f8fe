/* An HTTP server on loopback whose responses the test writes. */
#ifndef VQE_TESTS_HTTP_HTTP_SERVER_H
#define VQE_TESTS_HTTP_HTTP_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define HTTP_SCRIPTS 16
#define HTTP_DROP (-1) /* close without a response */

struct http_script {
  int status;
  const char *body;
  int delay_ms;
  const char *headers; /* further lines, each with "\r\n"; NULL: none */
};

struct http_request {
  char method[8];
  char path[256];
  char authorization[256];
  char head[4096]; /* request line and headers */
  char body[65536];
};

struct http_server {
  int listener;
  int port;
  char url[64];
  pthread_t thread;
  pthread_mutex_t lock;
  /* responses to the next requests, in order; then `otherwise` */
  struct http_script scripts[HTTP_SCRIPTS];
  int nscript, next;
  /* status and body for a request without a script */
  struct http_script (*otherwise)(const struct http_request *request);
  int requests;
  struct http_request last;
  size_t last_sent; /* bytes of the last body that the other side took */
  bool stop;
};

/* All of `text`, unless the other side ends it before; the bytes sent. */
static inline size_t http_send(int socket_fd, const char *text)
{
  size_t size = strlen(text);
  size_t used = 0;
  ssize_t put = 1;
  while (used < size && put > 0) {
    put = send(socket_fd, text + used, size - used, MSG_NOSIGNAL);
    used += put > 0 ? (size_t)put : 0;
  }
  return used;
}

static inline void http_serve_one(struct http_server *server, int socket_fd)
{
  struct http_request *request = calloc(1, sizeof *request);
  char *text = calloc(1, 131072);
  size_t used = 0;
  size_t length = 0;
  char *body = NULL;
  while (body == NULL || used < (size_t)(body - text) + length) {
    ssize_t got = recv(socket_fd, text + used, 131071 - used, 0);
    if (got <= 0) {
      break;
    }
    used += (size_t)got;
    if (body == NULL && (body = strstr(text, "\r\n\r\n")) != NULL) {
      body += 4;
      const char *at = strcasestr(text, "content-length:");
      length = at == NULL || at > body ? 0 : strtoul(at + 15, NULL, 10);
      if (strcasestr(text, "expect: 100-continue") != NULL) {
        const char *go = "HTTP/1.1 100 Continue\r\n\r\n";
        (void)send(socket_fd, go, strlen(go), MSG_NOSIGNAL);
      }
    }
  }
  sscanf(text, "%7s %255s", request->method, request->path);
  const char *at = strcasestr(text, "authorization: ");
  if (at != NULL) {
    sscanf(at + 15, "%255[^\r]", request->authorization);
  }
  snprintf(request->head, sizeof request->head, "%.*s",
           body == NULL ? 0 : (int)(body - text), text);
  snprintf(request->body, sizeof request->body, "%s",
           body == NULL ? "" : body);
  pthread_mutex_lock(&server->lock);
  server->requests++;
  server->last = *request;
  struct http_script script = server->next < server->nscript
                                  ? server->scripts[server->next++]
                                  : server->otherwise(request);
  pthread_mutex_unlock(&server->lock);
  if (script.delay_ms > 0) {
    const struct timespec pause = {script.delay_ms / 1000,
                                   (script.delay_ms % 1000) * 1000000L};
    nanosleep(&pause, NULL);
  }
  if (script.status != HTTP_DROP) {
    char head[1024];
    snprintf(head, sizeof head,
             "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\nConnection: close\r\n",
             script.status, strlen(script.body));
    (void)send(socket_fd, head, strlen(head), MSG_NOSIGNAL);
    if (script.headers != NULL) {
      (void)http_send(socket_fd, script.headers);
    }
    (void)send(socket_fd, "\r\n", 2, MSG_NOSIGNAL);
    size_t sent = http_send(socket_fd, script.body);
    pthread_mutex_lock(&server->lock);
    server->last_sent = sent;
    pthread_mutex_unlock(&server->lock);
  }
  free(text);
  free(request);
}

static inline void *http_serve(void *ctx)
{
  struct http_server *server = ctx;
  for (;;) {
    struct pollfd wait = {.fd = server->listener, .events = POLLIN};
    int ready = poll(&wait, 1, 50);
    pthread_mutex_lock(&server->lock);
    bool stop = server->stop;
    pthread_mutex_unlock(&server->lock);
    if (stop) {
      return NULL;
    }
    if (ready > 0) {
      int socket_fd = accept(server->listener, NULL, NULL);
      if (socket_fd >= 0) {
        http_serve_one(server, socket_fd);
        close(socket_fd);
      }
    }
  }
}

/* port 0: any */
static inline void
http_start(struct http_server *server, int port,
           struct http_script (*otherwise)(const struct http_request *))
{
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int on = 1;
  memset(server, 0, sizeof *server);
  server->otherwise = otherwise;
  pthread_mutex_init(&server->lock, NULL);
  server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(server->listener >= 0);
  setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  assert_int_equal(
      bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(server->listener, 16), 0);
  assert_int_equal(
      getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
  server->port = ntohs(address.sin_port);
  snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d",
           server->port);
  assert_int_equal(pthread_create(&server->thread, NULL, http_serve, server),
                   0);
}

static inline void http_stop(struct http_server *server)
{
  pthread_mutex_lock(&server->lock);
  server->stop = true;
  pthread_mutex_unlock(&server->lock);
  pthread_join(server->thread, NULL);
  close(server->listener);
  pthread_mutex_destroy(&server->lock);
}

static inline void http_script(struct http_server *server, int status,
                               const char *body, int delay_ms)
{
  pthread_mutex_lock(&server->lock);
  assert_true(server->nscript < HTTP_SCRIPTS);
  server->scripts[server->nscript++] =
      (struct http_script){status, body, delay_ms, NULL};
  pthread_mutex_unlock(&server->lock);
}

/* The same, with headers of its own. */
static inline void http_script_with(struct http_server *server, int status,
                                    const char *body, const char *headers)
{
  http_script(server, status, body, 0);
  pthread_mutex_lock(&server->lock);
  server->scripts[server->nscript - 1].headers = headers;
  pthread_mutex_unlock(&server->lock);
}

static inline int http_count(struct http_server *server)
{
  pthread_mutex_lock(&server->lock);
  int count = server->requests;
  pthread_mutex_unlock(&server->lock);
  return count;
}

#endif

#include "metrics/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/thread.h"
#include "metrics/exposition.h"

#define MOST_CONNECTIONS 16
#define TIMEOUT_S 10
#define CONNECTION_BYTES ((size_t)32 << 10) /* request and headers */
#define BACKLOG 16

struct vqe_metrics_listener {
  struct MHD_Daemon *daemon;
  struct vqe_metrics *metrics;
};

/* ---- responses ---- */

static enum MHD_Result queue(struct MHD_Connection *connection,
                             unsigned status, const char *type,
                             struct MHD_Response *response)
{
  if (response == NULL) {
    return MHD_NO; /* the connection is closed */
  }
  (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
  if (status == MHD_HTTP_METHOD_NOT_ALLOWED) {
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW,
                                  "GET, HEAD");
  }
  enum MHD_Result result = MHD_queue_response(connection, status, response);
  MHD_destroy_response(response);
  return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection,
                              unsigned status, const char *text)
{
  /* constant texts; libmicrohttpd does not write into them */
  return queue(connection, status, "text/plain; charset=utf-8",
               MHD_create_response_from_buffer(strlen(text), (void *)text,
                                               MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result give_page(struct MHD_Connection *connection,
                                 struct vqe_metrics *metrics)
{
  char *text = NULL;
  size_t size = 0;
  if (vqe_metrics_text(&text, &size, metrics, true) != VQE_OK) {
    return refuse(connection, MHD_HTTP_INTERNAL_SERVER_ERROR,
                  "no memory for the page\n");
  }
  struct MHD_Response *response =
      MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
  if (response == NULL) {
    free(text);
  }
  return queue(connection, MHD_HTTP_OK, VQE_EXPOSITION_TYPE, response);
}

static enum MHD_Result respond(void *ctx, struct MHD_Connection *connection,
                               const char *url, const char *method,
                               const char *version, const char *upload,
                               size_t *upload_size, void **request)
{
  static int seen; /* its address marks a request whose headers are read */
  struct vqe_metrics_listener *listener = ctx;
  (void)version;
  (void)upload;
  if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
      strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
    if (*request == NULL) {
      return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                    "GET /metrics is all there is\n");
    }
    return MHD_NO;
  }
  if (*request == NULL) {
    *request = &seen;
    return MHD_YES;
  }
  if (*upload_size > 0) {
    return MHD_NO; /* nobody sends a body with GET */
  }
  if (strcmp(url, "/metrics") != 0) {
    return refuse(connection, MHD_HTTP_NOT_FOUND,
                  "the metrics are at /metrics\n");
  }
  return give_page(connection, listener->metrics);
}

/* ---- the socket ---- */

static int resolve(struct sockaddr_storage *out, socklen_t *size,
                   const char *address, int port)
{
  struct sockaddr_in *v4 = (struct sockaddr_in *)out;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
  memset(out, 0, sizeof *out);
  if (strcmp(address, "localhost") == 0) {
    address = "127.0.0.1";
  }
  if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons((uint16_t)port);
    *size = sizeof *v4;
    return VQE_OK;
  }
  if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    *size = sizeof *v6;
    return VQE_OK;
  }
  return vqe_error_set(VQE_ERR_INPUT,
                       "metrics: '%s' is no address; give one of this machine "
                       "in digits, such as 127.0.0.1 or 0.0.0.0",
                       address);
}

/* A socket of our own, as the reason why there is none is lost in the
 * library. */
static int listen_on(int *out, int *bound, const char *address, int port)
{
  struct sockaddr_storage place;
  socklen_t size = 0;
  int on = 1;
  *out = -1;
  int status = resolve(&place, &size, address, port);
  if (status != VQE_OK) {
    return status;
  }
  int one = socket(place.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (one < 0 || setsockopt(one, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
      bind(one, (struct sockaddr *)&place, size) != 0 ||
      listen(one, BACKLOG) != 0 ||
      getsockname(one, (struct sockaddr *)&place, &size) != 0) {
    int code = errno;
    status = vqe_error_set(code == EADDRINUSE ? VQE_ERR_EXISTS : VQE_ERR_INPUT,
                           "metrics cannot be served on %s, port %d: %s; %s",
                           address, port, strerror(code),
                           code == EADDRINUSE
                               ? "name another port, or 0 for one that is free"
                               : "name an address of this machine and a port "
                                 "that its users may take");
  }
  if (status == VQE_OK) {
    in_port_t number = place.ss_family == AF_INET
                           ? ((struct sockaddr_in *)&place)->sin_port
                           : ((struct sockaddr_in6 *)&place)->sin6_port;
    *bound = ntohs(number);
    *out = one;
  } else if (one >= 0) {
    close(one);
  }
  return status;
}

/* Signals are the program's own: the thread of the library gets none. */
static struct MHD_Daemon *start(struct vqe_metrics_listener *listener, int one)
{
  sigset_t before;
  vqe_thread_hold_signals(&before);
  struct MHD_Daemon *daemon = MHD_start_daemon(
      MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC, 0, NULL,
      NULL, respond, listener, MHD_OPTION_LISTEN_SOCKET, one,
      MHD_OPTION_CONNECTION_LIMIT, (unsigned)MOST_CONNECTIONS,
      MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, MHD_OPTION_END);
  vqe_thread_release_signals(&before);
  return daemon;
}

int vqe_metrics_listener_open(struct vqe_metrics_listener **out, int *bound,
                              struct vqe_metrics *metrics, const char *address,
                              int port)
{
  struct vqe_metrics_listener *listener = NULL;
  int one = -1;
  *out = NULL;
  int status = vqe_memory_alloc(&listener, 1, sizeof *listener, "a listener");
  if (status != VQE_OK) {
    return status;
  }
  listener->metrics = metrics;
  status = listen_on(&one, bound, address, port);
  if (status == VQE_OK) {
    listener->daemon = start(listener, one);
    if (listener->daemon == NULL) {
      close(one);
      status = vqe_error_set(VQE_ERR_IO, "metrics cannot be served: "
                                         "libmicrohttpd does not start");
    }
  }
  if (status != VQE_OK) {
    free(listener);
    return status;
  }
  *out = listener;
  return VQE_OK;
}

void vqe_metrics_listener_close(struct vqe_metrics_listener *listener)
{
  if (listener != NULL) {
    MHD_stop_daemon(listener->daemon); /* closes the socket too */
    free(listener);
  }
}

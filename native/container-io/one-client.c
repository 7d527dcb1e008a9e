/* Carries bytes between one client and one process, slowing down whichever end is faster. */
#define _GNU_SOURCE
#include "one-client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define QUEUE_LIMIT (64 * 1024)
/* A terminal hands over its last bytes a moment after its process is gone. */
#define TERMINAL_DRAIN_MS 1000

void client_open(struct client *client, const struct spec *spec) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(spec->socket) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    die(spec->socket);
  }
  strcpy(address.sun_path, spec->socket);
  memset(client, 0, sizeof *client);
  client->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (client->socket < 0 || connect(client->socket, (struct sockaddr *)&address, sizeof address) < 0) die(spec->socket);
  set_nonblocking(client->socket);
  frame_add(&client->out, FRAME_HELLO, spec->token, strlen(spec->token));
}

void client_close(struct client *client) {
  while (bytes_waiting(&client->out) > 0) {
    struct pollfd ready = {.fd = client->socket, .events = POLLOUT};
    if (poll(&ready, 1, -1) < 0 && errno != EINTR) break;
    if (ready.revents & (POLLHUP | POLLERR) || !bytes_write(&client->out, client->socket)) break;
  }
  hang_up(client->socket, -1);
}

enum source { OPEN, EMPTY, ENDED };

/* Reads what one end offers into frames; says whether more may come. */
static enum source take(int fd, struct bytes *out, enum frame kind) {
  char chunk[FRAME_MAX];
  while (bytes_waiting(out) < QUEUE_LIMIT) {
    ssize_t got = read(fd, chunk, sizeof chunk);
    if (got > 0) frame_add(out, kind, chunk, (size_t)got);
    else if (got == 0) return ENDED;
    else if (errno == EAGAIN) return EMPTY;
    else if (errno != EINTR) return ENDED;
  }
  return OPEN;
}

struct input {
  struct bytes waiting;
  bool over;
};

static void close_input(struct pump *pump) {
  if (pump->ends.in < 0) return;
  if (pump->is_socket) shutdown(pump->ends.in, SHUT_WR);
  else if (!pump->tty) close(pump->ends.in);
  pump->ends.in = -1;
}

/* Everything the client sent; false when it speaks no frames. */
static bool obey(struct pump *pump, struct input *input) {
  struct bytes *in = &pump->client->in;
  const char *data;
  size_t length;
  for (int kind; (kind = frame_next(in, &data, &length)) != -1; bytes_drop(in, FRAME_HEADER + length)) {
    if (kind == -2) return false;
    if (kind == FRAME_STDIN && pump->ends.in >= 0 && !input->over) bytes_add(&input->waiting, data, length);
    if (kind == FRAME_END_STDIN) input->over = true;
    if (kind == FRAME_RESIZE && pump->tty) resize_terminal(pump->ends.out, data, length);
  }
  return true;
}

static bool receive(struct pump *pump, struct input *input) {
  char chunk[FRAME_MAX];
  ssize_t got = read(pump->client->socket, chunk, sizeof chunk);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  bytes_add(&pump->client->in, chunk, (size_t)got);
  return obey(pump, input);
}

static void watch(struct pollfd *set, int fd, bool readable, bool writable) {
  set->fd = fd;
  set->events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
}

bool pump_run(struct pump *pump) {
  struct client *client = pump->client;
  struct ends *ends = &pump->ends;
  struct input input = {0};
  bool out_open = true, err_open = ends->err >= 0, running = pump->ended >= 0, gone = false;
  set_nonblocking(ends->out);
  if (err_open) set_nonblocking(ends->err);
  if (ends->in >= 0) set_nonblocking(ends->in);
  while ((out_open || err_open || running) && !gone) {
    bool room = bytes_waiting(&client->out) < QUEUE_LIMIT;
    bool after_end = pump->ended >= 0 && !running;
    struct pollfd set[5];
    watch(&set[0], client->socket, bytes_waiting(&input.waiting) < QUEUE_LIMIT, bytes_waiting(&client->out) > 0);
    watch(&set[1], out_open && room ? ends->out : -1, true, false);
    watch(&set[2], err_open && room ? ends->err : -1, true, false);
    watch(&set[3], bytes_waiting(&input.waiting) > 0 ? ends->in : -1, false, true);
    watch(&set[4], running ? pump->ended : -1, true, false);
    /* After the end only what is there already still counts: a background process may hold the pipes open for ever. */
    int ready = poll(set, 5, after_end && room ? (pump->tty ? TERMINAL_DRAIN_MS : 0) : -1);
    if (ready < 0 && errno != EINTR) die("poll");
    if (ready == 0) break;
    if (ready < 0) continue;
    if (set[4].revents) running = false;
    if (set[1].revents && take(ends->out, &client->out, FRAME_STDOUT) == ENDED) out_open = false;
    if (set[2].revents && take(ends->err, &client->out, FRAME_STDERR) == ENDED) err_open = false;
    if (set[3].revents && !bytes_write(&input.waiting, ends->in)) {
      bytes_drop(&input.waiting, bytes_waiting(&input.waiting));
      input.over = true;
    }
    if (set[0].revents & POLLIN) gone = !receive(pump, &input);
    else if (set[0].revents & (POLLHUP | POLLERR)) gone = true;
    if (!gone) gone = !bytes_write(&client->out, client->socket);
    if (input.over && bytes_waiting(&input.waiting) == 0) close_input(pump);
  }
  return !gone;
}

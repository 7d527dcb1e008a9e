/* The first process of a container, and the one aside that keeps its log and serves those who attach. */
#define _GNU_SOURCE
#include "container-io.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Given by the parent: words of a failed start go into the first; the second is open as long as output is carried. */
#define REPORT_FD 3
#define CARRIED_FD 4

#define CLIENTS_MAX 16
/* A client that lags this far behind is sent away; the container does not wait for it. */
#define CLIENT_QUEUE_LIMIT (4 * 1024 * 1024)
#define STDIN_QUEUE_LIMIT (64 * 1024)

struct attached {
  int socket; /* -1: a free place */
  bool gave_stdin;
  struct bytes in, out;
};

struct keeper {
  const struct spec *spec;
  struct ends ends;
  int listener;
  struct log log;
  struct log_line out_line, err_line;
  struct attached clients[CLIENTS_MAX];
  struct bytes input;
  /* Nothing more is added to the input. */
  bool input_over;
};

static int listen_at(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address.sun_path, path);
  unlink(path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, CLIENTS_MAX) < 0) return -1;
  return fd;
}

static void leave(struct keeper *keeper, struct attached *client) {
  close(client->socket);
  client->socket = -1;
  free(client->in.data);
  free(client->out.data);
  if (client->gave_stdin && keeper->spec->stdin_once) keeper->input_over = true;
}

/* Once what waits is written. A terminal has no end of its own. */
static void end_input(struct keeper *keeper) {
  if (!keeper->input_over || keeper->ends.in < 0 || bytes_waiting(&keeper->input) > 0) return;
  if (!keeper->spec->tty) close(keeper->ends.in);
  keeper->ends.in = -1;
}

static void join(struct keeper *keeper) {
  int fd = accept4(keeper->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  for (struct attached *client = keeper->clients; client < keeper->clients + CLIENTS_MAX; client++)
    if (client->socket < 0) {
      *client = (struct attached){.socket = fd};
      frame_add(&client->out, FRAME_STARTED, "", 0);
      return;
    }
  close(fd);
}

/* Obeys a client's frames; false when it is gone. */
static bool hear(struct keeper *keeper, struct attached *client) {
  char chunk[FRAME_MAX];
  ssize_t got = read(client->socket, chunk, sizeof chunk);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  bytes_add(&client->in, chunk, (size_t)got);
  const char *data;
  size_t length;
  for (int kind; (kind = frame_next(&client->in, &data, &length)) != -1; bytes_drop(&client->in, FRAME_HEADER + length)) {
    if (kind == -2) return false;
    if (kind == FRAME_RESIZE && keeper->spec->tty) resize_terminal(keeper->ends.out, data, length);
    if (kind == FRAME_END_STDIN && keeper->spec->stdin_once) keeper->input_over = true;
    if (kind != FRAME_STDIN || keeper->ends.in < 0 || keeper->input_over) continue;
    client->gave_stdin = true;
    bytes_add(&keeper->input, data, length);
  }
  return true;
}

/* Output goes to the log first, then to everybody. False at its end. */
static bool carry(struct keeper *keeper, int fd, enum frame kind, struct log_line *line) {
  char chunk[FRAME_MAX];
  ssize_t got = read(fd, chunk, sizeof chunk);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (got <= 0) {
    log_finish(&keeper->log, line);
    return false;
  }
  log_add(&keeper->log, line, chunk, (size_t)got);
  for (struct attached *client = keeper->clients; client < keeper->clients + CLIENTS_MAX; client++) {
    if (client->socket < 0) continue;
    frame_add(&client->out, kind, chunk, (size_t)got);
    if (bytes_waiting(&client->out) > CLIENT_QUEUE_LIMIT) leave(keeper, client);
  }
  return true;
}

static void serve_clients(struct keeper *keeper, const struct pollfd *set) {
  for (int index = 0; index < CLIENTS_MAX; index++) {
    struct attached *client = &keeper->clients[index];
    if (client->socket < 0 || set[index].fd != client->socket || !set[index].revents) continue;
    bool stays = set[index].revents & POLLIN ? hear(keeper, client) : !(set[index].revents & (POLLHUP | POLLERR));
    if (!stays || !bytes_write(&client->out, client->socket)) leave(keeper, client);
  }
}

static void keep(struct keeper *keeper) {
  bool out_open = true, err_open = keeper->ends.err >= 0;
  while (out_open || err_open) {
    bool may_ask = bytes_waiting(&keeper->input) < STDIN_QUEUE_LIMIT;
    struct pollfd set[4 + CLIENTS_MAX];
    set[0] = (struct pollfd){.fd = out_open ? keeper->ends.out : -1, .events = POLLIN};
    set[1] = (struct pollfd){.fd = err_open ? keeper->ends.err : -1, .events = POLLIN};
    set[2] = (struct pollfd){.fd = keeper->listener, .events = POLLIN};
    set[3] = (struct pollfd){.fd = bytes_waiting(&keeper->input) > 0 ? keeper->ends.in : -1, .events = POLLOUT};
    for (int index = 0; index < CLIENTS_MAX; index++) {
      struct attached *client = &keeper->clients[index];
      short events = (short)((may_ask ? POLLIN : 0) | (bytes_waiting(&client->out) > 0 ? POLLOUT : 0));
      set[4 + index] = (struct pollfd){.fd = client->socket, .events = events};
    }
    if (poll(set, 4 + CLIENTS_MAX, -1) < 0) continue;
    if (set[0].revents) out_open = carry(keeper, keeper->ends.out, FRAME_STDOUT, &keeper->out_line);
    if (set[1].revents) err_open = carry(keeper, keeper->ends.err, FRAME_STDERR, &keeper->err_line);
    if (set[2].revents) join(keeper);
    if (set[3].revents && !bytes_write(&keeper->input, keeper->ends.in)) keeper->ends.in = -1;
    if (keeper->ends.in < 0) bytes_drop(&keeper->input, bytes_waiting(&keeper->input));
    serve_clients(keeper, set + 4);
    end_input(keeper);
  }
}

/* Who is still attached learns of the end; nobody is waited for longer than a moment. */
static void say_goodbye(struct keeper *keeper) {
  for (struct attached *client = keeper->clients; client < keeper->clients + CLIENTS_MAX; client++) {
    if (client->socket < 0) continue;
    frame_add(&client->out, FRAME_EXIT, "e\0\0\0", 5);
    struct pollfd ready = {.fd = client->socket, .events = POLLOUT};
    while (bytes_waiting(&client->out) > 0 && poll(&ready, 1, 1000) > 0 && bytes_write(&client->out, client->socket)) continue;
    hang_up(client->socket, 1000);
  }
}

static void __attribute__((noreturn)) be_keeper(struct keeper *keeper) {
  setsid();
  hide_program(keeper->spec);
  close(REPORT_FD);
  signal(SIGPIPE, SIG_IGN);
  set_nonblocking(keeper->ends.out);
  if (keeper->ends.err >= 0) set_nonblocking(keeper->ends.err);
  if (keeper->ends.in >= 0) set_nonblocking(keeper->ends.in);
  keep(keeper);
  say_goodbye(keeper);
  if (keeper->spec->socket) unlink(keeper->spec->socket);
  _exit(0);
}

int run_container(const struct spec *spec) {
  static struct keeper keeper;
  struct process_ends its;
  fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC);
  fcntl(CARRIED_FD, F_SETFD, FD_CLOEXEC);
  complaints = REPORT_FD;
  keeper.spec = spec;
  keeper.out_line.stream = "stdout";
  keeper.err_line.stream = "stderr";
  for (int index = 0; index < CLIENTS_MAX; index++) keeper.clients[index].socket = -1;
  make_ends(spec, &keeper.ends, &its);
  if (!log_open(&keeper.log, spec->log)) die(spec->log);
  keeper.listener = spec->socket ? listen_at(spec->socket) : -1;
  if (spec->socket && keeper.listener < 0) die(spec->socket);
  /* Twice, so that the container does not have a child that it never started. */
  pid_t between = fork();
  if (between < 0) die("fork");
  if (between == 0) {
    if (fork() != 0) _exit(0);
    close_process_ends(&its);
    be_keeper(&keeper);
  }
  while (waitpid(between, NULL, 0) < 0 && errno == EINTR) continue;
  become(spec, &its, REPORT_FD);
}

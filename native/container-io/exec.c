/* Runs a further process of a container for one client; it does not outlive a client that goes away. */
#define _GNU_SOURCE
#include "one-client.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void refuse(struct client *client, const char *words, size_t length) __attribute__((noreturn));
static void refuse(struct client *client, const char *words, size_t length) {
  frame_add(&client->out, FRAME_FAILED, words, length);
  client_close(client);
  _exit(0);
}

static void tell_exit(struct client *client, int status) {
  unsigned value = (unsigned)(WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  char frame[5] = {WIFSIGNALED(status) ? 's' : 'e', (char)(value >> 24), (char)(value >> 16), (char)(value >> 8), (char)value};
  frame_add(&client->out, FRAME_EXIT, frame, sizeof frame);
}

int run_exec(const struct spec *spec) {
  struct client client;
  client_open(&client, spec);
  signal(SIGPIPE, SIG_IGN);
  sigset_t child_ends;
  sigemptyset(&child_ends);
  sigaddset(&child_ends, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child_ends, NULL);
  int ended = signalfd(-1, &child_ends, SFD_CLOEXEC);
  struct ends ours;
  struct process_ends its;
  int report[2];
  make_ends(spec, &ours, &its);
  if (ended < 0 || pipe2(report, O_CLOEXEC) < 0) die("pipe");
  pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) {
    setsid();
    become(spec, &its, report[1]);
  }
  close_process_ends(&its);
  hide_program(spec);
  close(report[1]);
  char words[FRAME_MAX];
  ssize_t length = read(report[0], words, sizeof words);
  close(report[0]);
  if (length > 0) refuse(&client, words, (size_t)length);
  frame_add(&client.out, FRAME_STARTED, "", 0);
  struct pump pump = {.client = &client, .ends = ours, .tty = spec->tty, .ended = ended};
  if (!pump_run(&pump)) {
    /* The whole session's group: a shell would go on, and nobody could end it any more. */
    kill(-child, SIGHUP);
    kill(-child, SIGKILL);
    return 1;
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  tell_exit(&client, status);
  client_close(&client);
  return 0;
}

/* Connects to a port of the loopback; -1 with errno. */
static int connect_to(bool six, int port) {
  int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr_in6 other = {.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  int failed = six ? connect(fd, (struct sockaddr *)&other, sizeof other) : connect(fd, (struct sockaddr *)&four, sizeof four);
  if (failed == 0) return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

/* strerror's words as Go writes them. */
static const char *lower(char *text, size_t size, int error) {
  snprintf(text, size, "%s", strerror(error));
  if (text[0] >= 'A' && text[0] <= 'Z') text[0] = (char)(text[0] + 'a' - 'A');
  return text;
}

int run_dial(const struct spec *spec, int port) {
  struct client client;
  client_open(&client, spec);
  signal(SIGPIPE, SIG_IGN);
  char words[512], four[128], six[128];
  if (!enter_net(spec)) {
    int length = snprintf(words, sizeof words, "network namespace %s: %s", spec->net, lower(four, sizeof four, errno));
    refuse(&client, words, (size_t)length);
  }
  int fd = connect_to(false, port);
  int first = errno;
  if (fd < 0) fd = connect_to(true, port);
  if (fd < 0) {
    int second = errno;
    int length = snprintf(words, sizeof words, "IPv4: dial tcp4 127.0.0.1:%d: connect: %s IPv6 dial tcp6 [::1]:%d: connect: %s",
                          port, lower(four, sizeof four, first), port, lower(six, sizeof six, second));
    refuse(&client, words, (size_t)length);
  }
  frame_add(&client.out, FRAME_STARTED, "", 0);
  struct pump pump = {.client = &client, .ends = {.in = fd, .out = fd, .err = -1}, .is_socket = true, .ended = -1};
  if (!pump_run(&pump)) return 1;
  tell_exit(&client, 0);
  client_close(&client);
  return 0;
}

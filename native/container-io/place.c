/* Where a process runs: its terminal or pipes, its namespace, its root, and the words when it cannot be started. */
#define _GNU_SOURCE
#include "container-io.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* As the container runtime of a cluster allows it: a reader that lags stops the writer, not us. */
static void make_pipe(int *reader, int *writer) {
  int both[2];
  if (pipe2(both, O_CLOEXEC) < 0) die("pipe");
  *reader = both[0];
  *writer = both[1];
}

void make_ends(const struct spec *spec, struct ends *ours, struct process_ends *its) {
  its->terminal = -1;
  if (spec->tty) {
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) die("terminal");
    char name[64];
    if (ptsname_r(master, name, sizeof name) != 0) die("terminal");
    int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0) die(name);
    *ours = (struct ends){.in = spec->use_stdin ? master : -1, .out = master, .err = -1};
    *its = (struct process_ends){.in = slave, .out = slave, .err = slave, .terminal = slave};
    return;
  }
  make_pipe(&ours->out, &its->out);
  make_pipe(&ours->err, &its->err);
  ours->in = -1;
  if (spec->use_stdin) make_pipe(&its->in, &ours->in);
  else if ((its->in = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0) die("/dev/null");
}

void close_process_ends(const struct process_ends *its) {
  close(its->in);
  if (its->terminal >= 0) return;
  close(its->out);
  close(its->err);
}

void resize_terminal(int terminal, const char *frame, size_t length) {
  const unsigned char *at = (const unsigned char *)frame;
  if (length != 4) return;
  struct winsize size = {.ws_row = (unsigned short)(at[0] << 8 | at[1]), .ws_col = (unsigned short)(at[2] << 8 | at[3])};
  ioctl(terminal, TIOCSWINSZ, &size);
}

bool enter_net(const struct spec *spec) {
  if (!spec->net) return true;
  int file = open(spec->net, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  bool entered = setns(file, CLONE_NEWNET) == 0;
  int error = errno;
  close(file);
  errno = error;
  return entered;
}

static void __attribute__((noreturn, format(printf, 2, 3))) refuse(int report, const char *format, ...) {
  va_list words;
  va_start(words, format);
  vdprintf(report, format, words);
  va_end(words);
  _exit(127);
}

/* A message of strerror begins with a capital; those of the container runtimes do not. */
static const char *reason(int error) {
  static char text[128];
  snprintf(text, sizeof text, "%s", strerror(error));
  if (text[0] >= 'A' && text[0] <= 'Z') text[0] = (char)(text[0] + 'a' - 'A');
  return text;
}

void become(const struct spec *spec, const struct process_ends *its, int report) {
  const char *program = spec->argv[0];
  const char *wd = spec->wd ? spec->wd : "/";
  if (!enter_net(spec)) refuse(report, "network namespace %s: %s", spec->net, reason(errno));
  if (spec->hostname && (unshare(CLONE_NEWUTS) < 0 || sethostname(spec->hostname, strlen(spec->hostname)) < 0))
    refuse(report, "hostname %s: %s", spec->hostname, reason(errno));
  if (spec->root && (chdir(spec->root) < 0 || chroot(".") < 0)) refuse(report, "root %s: %s", spec->root, reason(errno));
  if (chdir(wd) < 0) refuse(report, "chdir to cwd (\"%s\") set in config.json failed: %s", wd, reason(errno));
  if (its->terminal >= 0) {
    ioctl(its->terminal, TIOCSCTTY, 0);
    setenv("TERM", "xterm", 0);
  }
  if (dup2(its->in, 0) < 0 || dup2(its->out, 1) < 0 || dup2(its->err, 2) < 0) refuse(report, "standard streams: %s", reason(errno));
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  /* What the shell that started us in the background ignores (Ctrl-C) would stay ignored. */
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  execvp(program, spec->argv);
  int error = errno;
  struct stat found;
  if (strchr(program, '/') && stat(program, &found) < 0) refuse(report, "exec: \"%s\": stat %s: %s", program, program, reason(errno));
  if (error == ENOENT && !strchr(program, '/')) refuse(report, "exec: \"%s\": executable file not found in $PATH", program);
  if (error == ENOENT || error == ENOEXEC) refuse(report, "exec %s: %s", program, reason(error));
  refuse(report, "exec: \"%s\": %s", program, reason(error));
}

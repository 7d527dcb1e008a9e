/*
 * Carries out for the agent what `ip -batch` would, without a process for each batch and in any network namespace.
 * stdin: "ID FORCE[ NETNS]", then lines of `ip -batch`, then an empty line. stdout, in any order: "ID done", "ID failed LINE REASON" (the lines
 * before it are carried out; with FORCE 1 every line is tried, and this comes only when the namespace cannot be entered), or "ID unspoken LINE"
 * (nothing was done: `ip` itself is needed). Two questions are lines of their own, answered with "ID done" or "ID absent": "device NAME", and "holder ADDRESS" for whether a device
 * has an IPv4 address. Ends with stdin.
 */
#define _GNU_SOURCE
#include "ip-batch.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STACK_BYTES (256 * 1024)

struct request {
  char id[24], netns[1100];
  int force;
  char *text;
  size_t length, room;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t idle = PTHREAD_COND_INITIALIZER;
static int running;

static void answer(const struct request *request, const char *outcome, int line, const char *reason) {
  char text[512];
  int size = line ? snprintf(text, sizeof text, "%s %s %d %s\n", request->id, outcome, line, reason)
                  : snprintf(text, sizeof text, "%s %s\n", request->id, outcome);
  if (size >= (int)sizeof text) text[(size = sizeof text - 1) - 1] = '\n';
  /* Shorter than PIPE_BUF, so that answers do not mix. */
  if (write(STDOUT_FILENO, text, (size_t)size) < 0) _exit(1);
}

static int split(char *line, char **words) {
  int count = 0;
  char *rest = NULL;
  for (char *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
    if (count == MOST_WORDS - 8) return -1;
    words[count++] = word;
  }
  /* Whoever reads past the last word finds none. */
  memset(words + count, 0, (size_t)(MOST_WORDS - count) * sizeof *words);
  return count;
}

/* Calls `each` for the words of every line; ends with the number of the line for which it is not 0, or 0. */
static int for_lines(const struct request *request, int (*each)(void *, char **), void *context) {
  char line[2048], *words[MOST_WORDS];
  int number = 0;
  for (const char *at = request->text; *at;) {
    size_t length = strcspn(at, "\n");
    number++;
    if (length >= sizeof line) return number;
    memcpy(line, at, length);
    line[length] = 0;
    if (split(line, words) < 0 || each(context, words)) return number;
    at += length + (at[length] == '\n');
  }
  return 0;
}

struct work {
  struct kernel kernel;
  struct reason reason;
  int force;
};

static int is_unspoken(void *context, char **words) {
  return carry_out(NULL, words, &((struct work *)context)->reason) == NOT_SPOKEN;
}

static int fails(void *context, char **words) {
  struct work *work = context;
  return carry_out(&work->kernel, words, &work->reason) != DONE && !work->force;
}

static int is_absent(void *context, char **words) {
  struct kernel *kernel = &((struct work *)context)->kernel;
  struct in_addr address;
  if (!words[1]) return 1;
  if (!strcmp(words[0], "device")) return !kernel_device(kernel, words[1]);
  return inet_pton(AF_INET, words[1], &address) != 1 || kernel_holds(kernel, address.s_addr) != 1;
}

/* The thread alone moves; every thread does so before it opens anything. */
static int enter(const char *netns, struct reason *reason) {
  int fd = open(netns, O_RDONLY | O_CLOEXEC);
  if (fd >= 0 && !setns(fd, CLONE_NEWNET)) return close(fd);
  snprintf(reason->text, sizeof reason->text, "network namespace %.180s: %s", netns, strerror(errno));
  if (fd >= 0) close(fd);
  return -1;
}

static void serve(const struct request *request) {
  struct work work = {.kernel = {-1, -1, 0}, .force = request->force};
  int asks = !strncmp(request->text, "device ", 7) || !strncmp(request->text, "holder ", 7), line = asks ? 0 : for_lines(request, is_unspoken, &work);
  if (line) {
    answer(request, "unspoken", line, "");
    return;
  }
  if (*request->netns && enter(request->netns, &work.reason)) {
    answer(request, "failed", 1, work.reason.text);
    return;
  }
  if (kernel_open(&work.kernel)) answer(request, "failed", 1, strerror(errno));
  else if (asks) answer(request, for_lines(request, is_absent, &work) ? "absent" : "done", 0, "");
  else if ((line = for_lines(request, fails, &work))) answer(request, "failed", line, work.reason.text);
  else answer(request, "done", 0, "");
  kernel_close(&work.kernel);
}

static void *run(void *context) {
  struct request *request = context;
  serve(request);
  free(request->text);
  free(request);
  pthread_mutex_lock(&lock);
  if (--running == 0) pthread_cond_signal(&idle);
  pthread_mutex_unlock(&lock);
  return NULL;
}

static void start(struct request *request) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  pthread_mutex_lock(&lock);
  running++;
  pthread_mutex_unlock(&lock);
  if (pthread_create(&thread, &attributes, run, request)) {
    answer(request, "failed", 1, "no thread for it");
    exit(1);
  }
  pthread_attr_destroy(&attributes);
}

static void append(struct request *request, const char *line, size_t length) {
  if (request->length + length + 1 > request->room) {
    request->room = (request->length + length + 1) * 2;
    if (!(request->text = realloc(request->text, request->room))) exit(1);
  }
  memcpy(request->text + request->length, line, length + 1);
  request->length += length;
}

int main(void) {
  char *line = NULL;
  size_t room = 0;
  ssize_t length;
  struct request *request = NULL;
  while ((length = getline(&line, &room, stdin)) > 0) {
    if (!request) {
      if (!(request = calloc(1, sizeof *request))) return 1;
      append(request, "", 0);
      if (sscanf(line, "%23s %d %1099s", request->id, &request->force, request->netns) < 2) return 1;
    } else if (length == 1) {
      start(request);
      request = NULL;
    } else
      append(request, line, (size_t)length);
  }
  pthread_mutex_lock(&lock);
  while (running) pthread_cond_wait(&idle, &lock);
  return 0;
}

/*
 * For the benchmark `cni`: starts CNI plugins as a container runtime does, with next to no cost of its own, and tells what each took.
 * A request is a line with a count and then one line per call, fields separated by tabs: plugin, command, container id, namespace, arguments,
 * file with the configuration. All calls of a request are started at once. The answer is one line per call: its place, nanoseconds from start to
 * exit, microseconds of processor time of the plugin and what it waited for, exit code.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 512
#define FIELDS 6

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (long long)time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long micros(struct timeval time) { return (long long)time.tv_sec * 1000000LL + time.tv_usec; }

static pid_t start(char *const *field, const char *path, char *const *kept, int kept_count) {
  static const char *const names[] = {"CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_ARGS"};
  char variables[4][2048], cni_path[1024], *environment[16];
  int count = 0;
  for (int i = 0; i < 4; i++) {
    snprintf(variables[i], sizeof variables[i], "%s=%s", names[i], field[i + 1]);
    environment[count++] = variables[i];
  }
  snprintf(cni_path, sizeof cni_path, "CNI_PATH=%s", path);
  environment[count++] = cni_path;
  environment[count++] = "CNI_IFNAME=eth0";
  for (int i = 0; i < kept_count; i++) environment[count++] = kept[i];
  environment[count] = NULL;
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, field[5], O_RDONLY, 0);
  /* A result goes nowhere; an error result is worth reading. */
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  char *argv[] = {field[0], NULL};
  pid_t pid = 0;
  if (posix_spawn(&pid, field[0], &files, NULL, argv, environment)) {
    fprintf(stderr, "cni-launch: %s cannot be started\n", field[0]);
    exit(2);
  }
  posix_spawn_file_actions_destroy(&files);
  return pid;
}

/* PLUGIN_PATH [VARIABLE=VALUE ...]: what every call gets besides its own. */
int main(int argc, char **argv) {
  static char lines[MOST][8192];
  static char *fields[MOST][FIELDS];
  static pid_t pids[MOST];
  static long long began[MOST];
  char head[64];
  if (argc < 2 || argc > 8) return 2;
  while (fgets(head, sizeof head, stdin)) {
    int count = atoi(head);
    if (count < 1 || count > MOST) return 2;
    for (int i = 0; i < count; i++) {
      if (!fgets(lines[i], sizeof lines[i], stdin)) return 2;
      lines[i][strcspn(lines[i], "\n")] = 0;
      char *rest = lines[i];
      for (int k = 0; k < FIELDS; k++)
        if (!(fields[i][k] = strsep(&rest, "\t"))) return 2;
    }
    for (int i = 0; i < count; i++) {
      began[i] = now();
      pids[i] = start(fields[i], argv[1], argv + 2, argc - 2);
    }
    for (int left = count; left > 0;) {
      int status;
      struct rusage used;
      pid_t pid = wait4(-1, &status, 0, &used);
      long long end = now();
      for (int i = 0; i < count; i++)
        if (pids[i] == pid) {
          printf("%d %lld %lld %d\n", i, end - began[i], micros(used.ru_utime) + micros(used.ru_stime),
                 WIFEXITED(status) ? WEXITSTATUS(status) : 128);
          left--;
        }
    }
    fflush(stdout);
  }
  return 0;
}

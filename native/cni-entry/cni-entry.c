/*
 * The CNI plugin that the container runtime starts: frames one call for the resident agent, with time-outs, and nothing else.
 * Environment, besides CNI_*: TKE_ENI_AGENT_SOCKET, TKE_ENI_AGENT_TOMBSTONES, TKE_ENI_AGENT_TIMEOUT_SECONDS (1 to 60).
 * Exit code 0 exactly when the agent answered 200, or VERSION, or a deletion was recorded.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_SOCKET "/run/tke-eni-agent/agent.sock"
#define DEFAULT_TOMBSTONES "/var/lib/cni/tke-eni-agent/tombstones"
#define MAX_BODY (1024 * 1024)
#define MAX_HEADERS (64 * 1024)
#define DEADLINE_SECONDS 60

static const char *const FIELDS[][2] = {
    {"X-CNI-Command", "CNI_COMMAND"}, {"X-CNI-ContainerID", "CNI_CONTAINERID"}, {"X-CNI-Netns", "CNI_NETNS"},
    {"X-CNI-IfName", "CNI_IFNAME"},   {"X-CNI-Args", "CNI_ARGS"},               {"X-CNI-Path", "CNI_PATH"},
};
#define FIELD_COUNT (sizeof FIELDS / sizeof FIELDS[0])

struct text {
  char *bytes;
  size_t length;
};

static double deadline;

static double monotonic(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const char *environment(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

/* Text inside a JSON string; what would need escaping is left out, since it only ever is a name or a reason. */
static void put_plain(const char *text) {
  for (const char *at = text; *at; at++)
    if ((unsigned char)*at >= 0x20 && *at != '"' && *at != '\\') putchar(*at);
}

/* A CNI error result on stdout; the version is the newest we speak, because the configuration may be unreadable. */
static int fail(int code, const char *message, const char *subject, const char *reason) {
  printf("{\"cniVersion\":\"1.1.0\",\"code\":%d,\"msg\":\"%s", code, message);
  put_plain(subject);
  if (*reason) printf(": ");
  put_plain(reason);
  printf("\"}\n");
  return 1;
}

/* 0 when `fd` is ready; -1 with ETIMEDOUT at the deadline. */
static int wait_until(int fd, short events) {
  for (;;) {
    double left = deadline - monotonic();
    struct pollfd entry = {fd, events, 0};
    int ready = left <= 0 ? 0 : poll(&entry, 1, (int)(left * 1000) + 1);
    if (ready > 0) return 0;
    if (ready == 0) return errno = ETIMEDOUT, -1;
    if (errno != EINTR) return -1;
  }
}

static int write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, bytes, length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return -1;
    bytes += written;
    length -= (size_t)written;
  }
  return 0;
}

/* Reads to the end or to the deadline, at most `limit` bytes; -1 with EFBIG when there is more. */
static int read_all(int fd, struct text *into, size_t limit) {
  size_t room = 16384;
  into->length = 0;
  if (!(into->bytes = malloc(room + 1))) return -1;
  for (;;) {
    if (wait_until(fd, POLLIN)) return -1;
    if (into->length == room) {
      char *grown = realloc(into->bytes, room * 2 + 1);
      if (!grown) return -1;
      into->bytes = grown;
      room *= 2;
    }
    ssize_t got = read(fd, into->bytes + into->length, room - into->length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    into->length += (size_t)got;
    if (into->length > limit) return errno = EFBIG, -1;
  }
  into->bytes[into->length] = 0;
  return 0;
}

static const char *setting(const char *name, const char *fallback) {
  const char *value = environment(name);
  return *value ? value : fallback;
}

static int timeout_seconds(void) {
  int seconds = atoi(environment("TKE_ENI_AGENT_TIMEOUT_SECONDS"));
  return seconds >= 1 && seconds < DEADLINE_SECONDS ? seconds : DEADLINE_SECONDS;
}

static int connect_agent(void) {
  const char *path = setting("TKE_ENI_AGENT_SOCKET", DEFAULT_SOCKET);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return errno = ENAMETOOLONG, -1;
  memcpy(address.sun_path, path, strlen(path) + 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  /* Bounds the wait for a full queue of connections, and each write. */
  struct timeval wait = {timeout_seconds(), 0};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  int reason = errno;
  close(fd);
  return errno = reason, -1;
}

/* "Name: value" lines for every CNI_* variable that is set; -1, with its name in `bad`, when a value would break the framing. */
static int header_lines(struct text *into, const char **bad) {
  into->bytes = malloc(MAX_HEADERS);
  into->length = 0;
  if (!into->bytes) return -1;
  for (size_t i = 0; i < FIELD_COUNT; i++) {
    const char *value = environment(*bad = FIELDS[i][1]);
    if (!*value) continue;
    if (strpbrk(value, "\r\n")) return -1;
    int size = snprintf(into->bytes + into->length, MAX_HEADERS - into->length, "%s: %s\r\n", FIELDS[i][0], value);
    if (size < 0 || (size_t)size >= MAX_HEADERS - into->length) return -1;
    into->length += (size_t)size;
  }
  return 0;
}

static int ask(int fd, const struct text *headers, const struct text *body, struct text *reply) {
  char start[128];
  int size = snprintf(start, sizeof start,
                      "POST /cni HTTP/1.1\r\nHost: agent\r\nConnection: close\r\nContent-Length: %zu\r\n", body->length);
  if (write_all(fd, start, (size_t)size) || write_all(fd, headers->bytes, headers->length) ||
      write_all(fd, "\r\n", 2) || write_all(fd, body->bytes, body->length))
    return -1;
  return read_all(fd, reply, MAX_BODY + MAX_HEADERS);
}

/* The agent answers with Content-Length and closes; anything else is a broken answer. */
static int parse_reply(const struct text *reply, int *status, const char **body, size_t *length) {
  char *end = strstr(reply->bytes, "\r\n\r\n");
  if (!end || sscanf(reply->bytes, "HTTP/1.%*d %d", status) != 1) return -1;
  *body = end + 4;
  *length = reply->length - (size_t)(*body - reply->bytes);
  for (char *line = reply->bytes; line < end; line = strstr(line, "\r\n") + 2)
    if (!strncasecmp(line, "Content-Length:", 15)) return strtoul(line + 15, NULL, 10) == *length ? 0 : -1;
  return -1;
}

static int safe_name(const char *name) {
  if (!*name || *name == '.' || strlen(name) > 200) return 0;
  return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == strlen(name);
}

static void make_parents(const char *path) {
  char copy[4096];
  snprintf(copy, sizeof copy, "%s", path);
  for (char *at = copy + 1; *at; at++)
    if (*at == '/') {
      *at = 0;
      mkdir(copy, 0700);
      *at = '/';
    }
  mkdir(copy, 0700);
}

/* Deletion must not depend on the agent: it is recorded so that it survives a power cut, and done when the agent is back. */
static int leave_tombstone(const struct text *headers, const struct text *body) {
  const char *folder = setting("TKE_ENI_AGENT_TOMBSTONES", DEFAULT_TOMBSTONES), *id = environment("CNI_CONTAINERID");
  char path[4096], temporary[4200];
  if (!safe_name(id)) return fail(4, "CNI_CONTAINERID is not a container id: ", id, "");
  make_parents(folder);
  snprintf(path, sizeof path, "%s/%s", folder, id);
  snprintf(temporary, sizeof temporary, "%s/.%s.%d", folder, id, (int)getpid());
  int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  int failed = fd < 0 || write_all(fd, headers->bytes, headers->length) || write_all(fd, "\r\n", 2) ||
               write_all(fd, body->bytes, body->length) || fsync(fd);
  if (fd >= 0 && close(fd)) failed = 1;
  if (failed || rename(temporary, path)) {
    const char *reason = strerror(errno);
    unlink(temporary);
    return fail(5, "tke-eni-agent is not reachable, and the deletion could not be recorded in ", folder, reason);
  }
  int parent = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent >= 0) fsync(parent), close(parent);
  return 0;
}

static int unreachable(const char *command, const struct text *headers, const struct text *body) {
  const char *reason = strerror(errno);
  if (!strcmp(command, "DEL")) return leave_tombstone(headers, body);
  return fail(strcmp(command, "STATUS") ? 11 : 50, "tke-eni-agent is not reachable at ",
              setting("TKE_ENI_AGENT_SOCKET", DEFAULT_SOCKET), reason);
}

static int is_one_of(const char *word, const char *const *words) {
  while (*words && strcmp(word, *words)) words++;
  return *words != NULL;
}

/* The IPAM name exists because network configurations carry it; addresses are handed out inside ADD of tke-route-eni. */
static int is_ipam(const char *program) {
  const char *slash = strrchr(program, '/');
  return !strcmp(slash ? slash + 1 : program, "tke-eni-ipamc");
}

int main(int argc, char **argv) {
  static const char *const commands[] = {"ADD", "DEL", "CHECK", "STATUS", "GC", NULL};
  const char *command = environment("CNI_COMMAND"), *bad = "";
  struct text body, headers, reply;
  deadline = monotonic() + timeout_seconds();
  if (read_all(STDIN_FILENO, &body, MAX_BODY))
    return fail(6, "the network configuration on stdin (at most 1 MiB) could not be read: ", strerror(errno), "");
  if (!strcmp(command, "VERSION")) {
    puts("{\"cniVersion\":\"1.1.0\",\"supportedVersions\":[\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}");
    return 0;
  }
  if (!is_one_of(command, commands))
    return fail(4, "CNI_COMMAND must be ADD, DEL, CHECK, STATUS, GC or VERSION, not: ", command, "");
  if (argc > 0 && is_ipam(argv[0]))
    return !strcmp(command, "DEL") ? 0 : fail(7, "tke-eni-ipamc is no plugin of its own: use type tke-route-eni", "", "");
  if (header_lines(&headers, &bad)) return fail(4, "holds a line break or is too long: ", bad, "");
  int fd = connect_agent();
  if (fd < 0 || ask(fd, &headers, &body, &reply)) return unreachable(command, &headers, &body);
  int status = 0;
  const char *content = "";
  size_t length = 0;
  if (parse_reply(&reply, &status, &content, &length)) return errno = EPROTO, unreachable(command, &headers, &body);
  if (write_all(STDOUT_FILENO, content, length)) return 1;
  return status == 200 ? 0 : 1;
}

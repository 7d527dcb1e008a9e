/* The CNI plugin that the container runtime starts: frames one call for the resident agent, with time-outs, and nothing else. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
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

/* A CNI error result on stdout; the version is the newest we speak, because the configuration may be unreadable. */
static int fail(int code, const char *message, const char *details) {
  printf("{\"cniVersion\":\"1.1.0\",\"code\":%d,\"msg\":\"%s\",\"details\":\"", code, message);
  for (const char *at = details; *at; at++)
    if ((unsigned char)*at >= 0x20 && *at != '"' && *at != '\\') putchar(*at);
  printf("\"}\n");
  return 1;
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

/* Reads to the end, at most `limit` bytes; -1 with EFBIG when there is more. */
static int read_all(int fd, struct text *into, size_t limit, int timed) {
  size_t room = 16384;
  into->length = 0;
  if (!(into->bytes = malloc(room + 1))) return -1;
  for (;;) {
    if (timed) {
      double left = deadline - monotonic();
      if (left <= 0) return errno = ETIMEDOUT, -1;
      struct timeval wait = {(time_t)left, (suseconds_t)((left - (double)(time_t)left) * 1e6) + 1};
      setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    }
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

static int connect_agent(void) {
  const char *path = environment("TKE_ENI_AGENT_SOCKET");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (!*path) path = DEFAULT_SOCKET;
  if (strlen(path) >= sizeof address.sun_path) return errno = ENAMETOOLONG, -1;
  memcpy(address.sun_path, path, strlen(path) + 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  struct timeval wait = {DEADLINE_SECONDS, 0};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  int reason = errno;
  close(fd);
  return errno = reason, -1;
}

/* "Name: value" lines for every CNI_* variable; -1 when a value would break the framing. */
static int header_lines(struct text *into) {
  into->bytes = malloc(MAX_HEADERS);
  into->length = 0;
  if (!into->bytes) return -1;
  for (size_t i = 0; i < FIELD_COUNT; i++) {
    const char *value = environment(FIELDS[i][1]);
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
  return read_all(fd, reply, MAX_BODY + MAX_HEADERS, 1);
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
  const char *folder = environment("TKE_ENI_AGENT_TOMBSTONES"), *id = environment("CNI_CONTAINERID");
  char path[4096], temporary[4200];
  if (!*folder) folder = DEFAULT_TOMBSTONES;
  if (!safe_name(id)) return fail(4, "CNI_CONTAINERID is no container id", id);
  make_parents(folder);
  snprintf(path, sizeof path, "%s/%s", folder, id);
  snprintf(temporary, sizeof temporary, "%s/.%s.%d", folder, id, (int)getpid());
  int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  int failed = fd < 0 || write_all(fd, headers->bytes, headers->length) || write_all(fd, "\r\n", 2) ||
               write_all(fd, body->bytes, body->length) || fsync(fd);
  if (fd >= 0 && close(fd)) failed = 1;
  if (failed || rename(temporary, path)) return unlink(temporary), fail(5, "the deletion could not be recorded", strerror(errno));
  int parent = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent >= 0) fsync(parent), close(parent);
  return 0;
}

static int unreachable(const char *command, const struct text *headers, const struct text *body) {
  const char *reason = strerror(errno);
  if (!strcmp(command, "DEL")) return leave_tombstone(headers, body);
  if (!strcmp(command, "STATUS")) return fail(50, "the agent of this node does not answer", reason);
  return fail(11, "the agent of this node does not answer; try again", reason);
}

int main(void) {
  const char *command = environment("CNI_COMMAND");
  struct text body, headers, reply;
  deadline = monotonic() + DEADLINE_SECONDS;
  if (read_all(STDIN_FILENO, &body, MAX_BODY, 0))
    return fail(6, "the network configuration on stdin could not be read (at most 1 MiB)", strerror(errno));
  if (!strcmp(command, "VERSION")) {
    puts("{\"cniVersion\":\"1.1.0\",\"supportedVersions\":[\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}");
    return 0;
  }
  if (header_lines(&headers)) return fail(4, "a CNI_ variable holds a line break or is too long", command);
  int fd = connect_agent();
  if (fd < 0 || ask(fd, &headers, &body, &reply)) return unreachable(command, &headers, &body);
  int status = 0;
  const char *content = "";
  size_t length = 0;
  if (parse_reply(&reply, &status, &content, &length)) return errno = EPROTO, unreachable(command, &headers, &body);
  if (write_all(STDOUT_FILENO, content, length)) return 1;
  return status == 200 ? 0 : 1;
}

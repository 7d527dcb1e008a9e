/* Lines with time and stream, in files of limited size of which the oldest go. */
#define _GNU_SOURCE
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

bool log_open(struct log *log, const char *path) {
  struct stat found;
  log->path = path;
  log->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (log->fd < 0 || fstat(log->fd, &found) < 0) return false;
  log->size = (size_t)found.st_size;
  return true;
}

/* Makes way for a new file. What cannot be renamed goes on growing, since losing output would be worse. */
static void rotate(struct log *log) {
  struct timespec now;
  struct tm parts;
  char stamp[32], *name = NULL;
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &parts);
  strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &parts);
  if (asprintf(&name, "%s.%s-%09ld", log->path, stamp, now.tv_nsec) < 0) return;
  if (rename(log->path, name) < 0) {
    free(name);
    return;
  }
  int fresh = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (fresh >= 0) {
    close(log->fd);
    log->fd = fresh;
    log->size = 0;
  }
  if (log->rotated[log->next]) unlink(log->rotated[log->next]);
  free(log->rotated[log->next]);
  log->rotated[log->next] = name;
  log->next = (log->next + 1) % LOG_FILES_KEPT;
}

static void put_line(struct bytes *batch, struct log_line *line, char tag) {
  struct timespec now;
  struct tm parts;
  char stamp[32], head[80];
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &parts);
  strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &parts);
  int length = snprintf(head, sizeof head, "%s.%09ldZ %s %c ", stamp, now.tv_nsec, line->stream, tag);
  bytes_add(batch, head, (size_t)length);
  bytes_add(batch, line->text, line->length);
  bytes_add(batch, "\n", 1);
  line->length = 0;
}

static void write_batch(struct log *log, struct bytes *batch) {
  log->size += bytes_waiting(batch);
  while (bytes_waiting(batch) > 0) {
    ssize_t written = write(log->fd, batch->data + batch->start, bytes_waiting(batch));
    if (written < 0 && errno != EINTR) break; /* A full disk: the container goes on, as it does on a node. */
    if (written > 0) bytes_drop(batch, (size_t)written);
  }
  free(batch->data);
  if (log->size >= LOG_FILE_MAX) rotate(log);
}

void log_add(struct log *log, struct log_line *line, const char *data, size_t length) {
  struct bytes batch = {0};
  while (length > 0) {
    const char *newline = memchr(data, '\n', length);
    size_t whole = newline ? (size_t)(newline - data) : length;
    size_t room = LOG_LINE_MAX - line->length;
    size_t part = whole < room ? whole : room;
    memcpy(line->text + line->length, data, part);
    line->length += part;
    data += part;
    length -= part;
    if (part < whole) put_line(&batch, line, 'P');
    else if (newline) {
      put_line(&batch, line, 'F');
      data++;
      length--;
    }
  }
  write_batch(log, &batch);
}

void log_finish(struct log *log, struct log_line *line) {
  struct bytes batch = {0};
  if (line->length > 0) put_line(&batch, line, 'P');
  write_batch(log, &batch);
}

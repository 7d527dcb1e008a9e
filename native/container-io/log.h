/* The log of a container, as container runtimes write it for the kubelet. */
#ifndef LOG_H
#define LOG_H

#include "container-io.h"

#define LOG_LINE_MAX (16 * 1024)
#define LOG_FILE_MAX (10 * 1024 * 1024)
/* Beside the one that is written. */
#define LOG_FILES_KEPT 4

struct log {
  const char *path;
  int fd;
  size_t size;
  char *rotated[LOG_FILES_KEPT];
  size_t next;
};

/* The unfinished line of one stream. */
struct log_line {
  const char *stream;
  char text[LOG_LINE_MAX];
  size_t length;
};

/* Opens the file to append to; false with errno. */
bool log_open(struct log *log, const char *path);
/* Adds output: `TIME STREAM F text` for each whole line, `P` for a part of one that is longer than LOG_LINE_MAX. */
void log_add(struct log *log, struct log_line *line, const char *data, size_t length);
/* The stream has ended: what has no end of line yet is written as a part of one. */
void log_finish(struct log *log, struct log_line *line);

#endif

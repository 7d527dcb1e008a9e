/* Queues of bytes, and the frames in them. */
#include "container-io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int complaints = 2;

void die(const char *what) {
  dprintf(complaints, "container-io: %s: %s\n", what, strerror(errno));
  _exit(1);
}

void hide_program(const struct spec *spec) {
  for (char **word = spec->argv; *word; word++) memset(*word, 0, strlen(*word));
}

void set_nonblocking(int fd) {
  if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0) die("non-blocking descriptor");
}

void bytes_add(struct bytes *queue, const void *data, size_t length) {
  if (queue->start == queue->end) queue->start = queue->end = 0;
  if (queue->end + length > queue->size) {
    size_t waiting = bytes_waiting(queue);
    memmove(queue->data, queue->data + queue->start, waiting);
    queue->start = 0;
    queue->end = waiting;
    if (waiting + length > queue->size) {
      queue->size = (waiting + length) * 2;
      queue->data = realloc(queue->data, queue->size);
      if (!queue->data) die("memory");
    }
  }
  memcpy(queue->data + queue->end, data, length);
  queue->end += length;
}

void bytes_drop(struct bytes *queue, size_t length) { queue->start += length; }

bool bytes_write(struct bytes *queue, int fd) {
  while (bytes_waiting(queue) > 0) {
    ssize_t written = write(fd, queue->data + queue->start, bytes_waiting(queue));
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN;
    }
    bytes_drop(queue, (size_t)written);
  }
  return true;
}

void frame_add(struct bytes *queue, enum frame kind, const void *data, size_t length) {
  unsigned char header[FRAME_HEADER] = {(unsigned char)kind, (unsigned char)(length >> 24), (unsigned char)(length >> 16),
                                        (unsigned char)(length >> 8), (unsigned char)length};
  bytes_add(queue, header, sizeof header);
  bytes_add(queue, data, length);
}

int frame_next(const struct bytes *queue, const char **data, size_t *length) {
  if (bytes_waiting(queue) < FRAME_HEADER) return -1;
  const unsigned char *header = (const unsigned char *)queue->data + queue->start;
  *length = (size_t)header[1] << 24 | (size_t)header[2] << 16 | (size_t)header[3] << 8 | header[4];
  if (*length > FRAME_MAX) return -2;
  if (bytes_waiting(queue) < FRAME_HEADER + *length) return -1;
  *data = (const char *)header + FRAME_HEADER;
  return header[0];
}

void hang_up(int socket, int longest_ms) {
  char unread[FRAME_MAX];
  struct pollfd ready = {.fd = socket, .events = POLLIN};
  shutdown(socket, SHUT_WR);
  for (;;) {
    int turned = poll(&ready, 1, longest_ms);
    if (turned < 0 && errno == EINTR) continue;
    if (turned <= 0) break;
    ssize_t got = read(socket, unread, sizeof unread);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) break;
  }
  close(socket);
}

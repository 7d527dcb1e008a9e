/*
 * What the parts of container-io share. One program carries the input and output of one process of a container:
 *
 *   container-io exec --socket=PATH --token=TEXT [PLACE] [--tty] [--stdin] -- PROGRAM [ARG...]
 *     Runs a further process of a container for one client, which listens at PATH and is told TEXT.
 *   container-io run --log=FILE [--socket=PATH] [PLACE] [--tty] [--stdin] [--stdin-once] -- PROGRAM [ARG...]
 *     Becomes the container's first process; an aside process writes FILE and serves any number of clients at PATH.
 *   container-io dial --socket=PATH --token=TEXT [PLACE] PORT
 *     Connects to PORT of the loopback of a network namespace for one client.
 *
 * PLACE: --net=FILE enters a network namespace, --root=DIR a root directory, --wd=DIR a directory inside it; --hostname=NAME gives a name
 * of its own to the machine that the process sees.
 *
 * Clients and container-io speak in frames: one byte of kind, four of length (big endian), then as many bytes.
 */
#ifndef CONTAINER_IO_H
#define CONTAINER_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum frame {
  FRAME_STDIN = 0,     /* to us: bytes for the process */
  FRAME_STDOUT = 1,    /* from us */
  FRAME_STDERR = 2,    /* from us */
  FRAME_END_STDIN = 3, /* to us: nothing more comes */
  FRAME_RESIZE = 4,    /* to us: rows, columns, two bytes each */
  FRAME_STARTED = 5,   /* from us: the process runs */
  FRAME_FAILED = 6,    /* from us: it does not, for the reason in words */
  FRAME_EXIT = 7,      /* from us: 'e' and the exit code, or 's' and the signal, four bytes */
  FRAME_HELLO = 8,     /* from us: the token */
};

#define FRAME_HEADER 5
#define FRAME_MAX (32 * 1024)

/* Where and how the process runs. */
struct spec {
  const char *net, *root, *wd, *hostname, *socket, *token, *log;
  bool tty, use_stdin, stdin_once;
  char **argv;
};

/* A growing queue of bytes. */
struct bytes {
  char *data;
  size_t start, end, size;
};

void bytes_add(struct bytes *queue, const void *data, size_t length);
void bytes_drop(struct bytes *queue, size_t length);
static inline size_t bytes_waiting(const struct bytes *queue) { return queue->end - queue->start; }
/* Writes what the descriptor takes; false when its other end is gone. */
bool bytes_write(struct bytes *queue, int fd);

void frame_add(struct bytes *queue, enum frame kind, const void *data, size_t length);
/* The next complete frame of what was received: its kind, or -1 when more must come, or -2 when it cannot be one. */
int frame_next(const struct bytes *queue, const char **data, size_t *length);
/* Ends a connection once its other end has read everything: closing at once would take what is unread from one that still writes. longest_ms: -1 has no limit. */
void hang_up(int socket, int longest_ms);

/* Where `die` says what went wrong: standard error unless something better is there. */
extern int complaints;
/* The process's own command line is not ours any more: who looks for the process by it must find the process alone. */
void hide_program(const struct spec *spec);
void die(const char *what) __attribute__((noreturn));
void set_nonblocking(int fd);

/* The three ends of a started process that are ours; -1 where there is none. With a terminal, in and out are one. */
struct ends {
  int in, out, err;
};
/* Their other halves, for the process. */
struct process_ends {
  int in, out, err, terminal;
};
void make_ends(const struct spec *spec, struct ends *ours, struct process_ends *its);
void close_process_ends(const struct process_ends *its);
void resize_terminal(int terminal, const char *frame, size_t length);

/* Enters the network namespace; false with errno. */
bool enter_net(const struct spec *spec);
/* Takes the ends as standard input, output and error, goes to its place and becomes the program. Returns only to say why not. */
void become(const struct spec *spec, const struct process_ends *its, int report) __attribute__((noreturn));

int run_exec(const struct spec *spec);
int run_container(const struct spec *spec);
int run_dial(const struct spec *spec, int port);

#endif

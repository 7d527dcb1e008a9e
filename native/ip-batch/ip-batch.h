/* What the parts of ip-batch share: one request of the agent, its lines, and one connection to the kernel's rtnetlink. */
#ifndef IP_BATCH_H
#define IP_BATCH_H
#include <linux/netlink.h>
#include <stddef.h>

#define MOST_WORDS 40
#define MOST_MESSAGE 1024

/* Why a line failed; empty when it did not. */
struct reason {
  char text[256];
};

/* rtnetlink in the network namespace that the thread was in when it was opened. */
struct kernel {
  int netlink;
  /* For the numbers of devices. */
  int inet;
  unsigned sequence;
};

int kernel_open(struct kernel *kernel);
void kernel_close(struct kernel *kernel);
/* The number of a device; 0 when there is none of that name. */
int kernel_device(struct kernel *kernel, const char *name);

/* A message under construction. Too much for it shows in `broken`. */
struct message {
  union {
    struct nlmsghdr header;
    char bytes[MOST_MESSAGE];
  };
  int broken;
};

void message_start(struct message *message, int type, int flags, const void *body, size_t size);
void message_add(struct message *message, int type, const void *value, size_t size);
/* Everything added until `message_end` is inside. */
struct nlattr *message_nest(struct message *message, int type);
void message_append(struct message *message, const void *bytes, size_t size);
void message_end(struct message *message, struct nlattr *nest);

/* 0, or the kernel's errno with its words. */
int kernel_ask(struct kernel *kernel, struct message *message, struct reason *reason);
/* 1 when a device has this IPv4 address, 0 when none has, -1 when the kernel does not say. */
int kernel_holds(struct kernel *kernel, unsigned address);
/* Deletes every IPv4 route of a table. */
int kernel_flush_table(struct kernel *kernel, unsigned table, struct reason *reason);

enum outcome { DONE, FAILED, NOT_SPOKEN };

/* Carries one line of `ip -batch` out. With `kernel` NULL it only tells whether the line is spoken here. `words` ends with NULL. */
enum outcome carry_out(struct kernel *kernel, char **words, struct reason *reason);

#endif

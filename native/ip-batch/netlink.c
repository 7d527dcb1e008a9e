/* rtnetlink: messages built, sent one at a time, and answered. */
#define _GNU_SOURCE
#include "ip-batch.h"
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int kernel_open(struct kernel *kernel) {
  int on = 1;
  struct sockaddr_nl own = {.nl_family = AF_NETLINK};
  kernel->sequence = 0;
  kernel->netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  kernel->inet = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (kernel->netlink < 0 || kernel->inet < 0 || bind(kernel->netlink, (struct sockaddr *)&own, sizeof own)) return -1;
  /* Both are comfort: words with an error, and the request not told back with it. */
  setsockopt(kernel->netlink, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  setsockopt(kernel->netlink, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  return 0;
}

void kernel_close(struct kernel *kernel) {
  if (kernel->netlink >= 0) close(kernel->netlink);
  if (kernel->inet >= 0) close(kernel->inet);
}

int kernel_device(struct kernel *kernel, const char *name) {
  struct ifreq request = {0};
  if (strlen(name) >= sizeof request.ifr_name) return 0;
  strcpy(request.ifr_name, name);
  return ioctl(kernel->inet, SIOCGIFINDEX, &request) ? 0 : request.ifr_ifindex;
}

void message_append(struct message *message, const void *bytes, size_t size) {
  size_t at = NLMSG_ALIGN(message->header.nlmsg_len);
  if (at + size > MOST_MESSAGE) {
    message->broken = 1;
    return;
  }
  memcpy(message->bytes + at, bytes, size);
  message->header.nlmsg_len = (unsigned)(at + size);
}

void message_start(struct message *message, int type, int flags, const void *body, size_t size) {
  memset(message, 0, sizeof *message);
  message->header.nlmsg_len = NLMSG_HDRLEN;
  message->header.nlmsg_type = (unsigned short)type;
  message->header.nlmsg_flags = (unsigned short)(NLM_F_REQUEST | flags);
  message_append(message, body, size);
}

void message_add(struct message *message, int type, const void *value, size_t size) {
  struct nlattr attribute = {(unsigned short)(NLA_HDRLEN + size), (unsigned short)type};
  message_append(message, &attribute, sizeof attribute);
  message_append(message, value, size);
}

struct nlattr *message_nest(struct message *message, int type) {
  size_t at = NLMSG_ALIGN(message->header.nlmsg_len);
  message_add(message, type, "", 0);
  return (struct nlattr *)(message->bytes + at);
}

void message_end(struct message *message, struct nlattr *nest) {
  if (!message->broken) nest->nla_len = (unsigned short)(message->bytes + message->header.nlmsg_len - (char *)nest);
}

/* The kernel's words, where it has some. */
static void read_words(const struct nlmsghdr *answer, struct reason *reason) {
  const struct nlmsgerr *told = NLMSG_DATA(answer);
  snprintf(reason->text, sizeof reason->text, "%s", strerror(-told->error));
  if (!(answer->nlmsg_flags & NLM_F_ACK_TLVS)) return;
  size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof *told);
  if (!(answer->nlmsg_flags & NLM_F_CAPPED)) at += NLMSG_ALIGN(told->msg.nlmsg_len) - NLMSG_HDRLEN;
  while (at + NLA_HDRLEN <= answer->nlmsg_len) {
    const struct nlattr *attribute = (const void *)((const char *)answer + at);
    if (attribute->nla_len < NLA_HDRLEN || at + attribute->nla_len > answer->nlmsg_len) return;
    if ((attribute->nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG)
      snprintf(reason->text, sizeof reason->text, "%s: %.*s", strerror(-told->error),
               (int)strnlen((const char *)(attribute + 1), attribute->nla_len - NLA_HDRLEN), (const char *)(attribute + 1));
    at += NLA_ALIGN(attribute->nla_len);
  }
}

static int send_out(struct kernel *kernel, struct message *message, struct reason *reason) {
  message->header.nlmsg_seq = ++kernel->sequence;
  if (message->broken) errno = EMSGSIZE;
  if (!message->broken && send(kernel->netlink, message->bytes, message->header.nlmsg_len, 0) >= 0) return 0;
  snprintf(reason->text, sizeof reason->text, "%s", strerror(errno));
  return errno;
}

int kernel_ask(struct kernel *kernel, struct message *message, struct reason *reason) {
  union {
    struct nlmsghdr header;
    char bytes[8192];
  } answer;
  message->header.nlmsg_flags |= NLM_F_ACK;
  int failed = send_out(kernel, message, reason);
  while (!failed) {
    ssize_t size = recv(kernel->netlink, answer.bytes, sizeof answer.bytes, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)) || answer.header.nlmsg_type != NLMSG_ERROR) {
      snprintf(reason->text, sizeof reason->text, "the kernel gave no answer");
      return EPROTO;
    }
    if (answer.header.nlmsg_seq != kernel->sequence) continue;
    const struct nlmsgerr *told = NLMSG_DATA(&answer.header);
    if (told->error) read_words(&answer.header, reason);
    return -told->error;
  }
  return failed;
}

static unsigned table_of(const struct nlmsghdr *header) {
  const struct rtmsg *route = NLMSG_DATA(header);
  int left = (int)RTM_PAYLOAD(header);
  for (const struct rtattr *at = RTM_RTA(route); RTA_OK(at, left); at = RTA_NEXT(at, left))
    if (at->rta_type == RTA_TABLE) return *(const unsigned *)RTA_DATA(at);
  return route->rtm_table;
}

/* A route as the kernel told it names itself: told back, it is deleted. Few at a time, since a list that is read must not change. */
static int collect(struct kernel *kernel, unsigned table, struct message *found, int most, struct reason *reason) {
  struct rtmsg all = {.rtm_family = AF_INET};
  struct message list;
  static _Thread_local union {
    struct nlmsghdr header;
    char bytes[32768];
  } answer;
  int count = 0;
  message_start(&list, RTM_GETROUTE, NLM_F_DUMP, &all, sizeof all);
  message_add(&list, RTA_TABLE, &table, sizeof table);
  if (send_out(kernel, &list, reason)) return -1;
  for (;;) {
    ssize_t size = recv(kernel->netlink, answer.bytes, sizeof answer.bytes, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return -1;
    int left = (int)size;
    for (struct nlmsghdr *at = &answer.header; NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
      if (at->nlmsg_type == NLMSG_DONE || at->nlmsg_type == NLMSG_ERROR) return count;
      if (at->nlmsg_type != RTM_NEWROUTE || table_of(at) != table || count == most) continue;
      if (at->nlmsg_len > MOST_MESSAGE) continue;
      memset(&found[count], 0, sizeof found[count]);
      memcpy(found[count].bytes, at, at->nlmsg_len);
      count++;
    }
  }
}

int kernel_flush_table(struct kernel *kernel, unsigned table, struct reason *reason) {
  struct message found[8];
  for (;;) {
    int count = collect(kernel, table, found, 8, reason);
    if (count <= 0) return count;
    for (int i = 0; i < count; i++) {
      found[i].header.nlmsg_type = RTM_DELROUTE;
      found[i].header.nlmsg_flags = NLM_F_REQUEST;
      int failed = kernel_ask(kernel, &found[i], reason);
      if (failed && failed != ESRCH) return failed;
    }
  }
}

int kernel_holds(struct kernel *kernel, unsigned address) {
  struct ifaddrmsg all = {.ifa_family = AF_INET};
  struct message list;
  struct reason reason;
  union {
    struct nlmsghdr header;
    char bytes[16384];
  } answer;
  int holds = 0;
  message_start(&list, RTM_GETADDR, NLM_F_DUMP, &all, sizeof all);
  if (send_out(kernel, &list, &reason)) return -1;
  for (;;) {
    ssize_t size = recv(kernel->netlink, answer.bytes, sizeof answer.bytes, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return -1;
    int left = (int)size;
    for (struct nlmsghdr *at = &answer.header; NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
      if (at->nlmsg_type == NLMSG_DONE) return holds;
      if (at->nlmsg_type == NLMSG_ERROR) return -1;
      struct ifaddrmsg *found = NLMSG_DATA(at);
      int rest = (int)IFA_PAYLOAD(at);
      for (struct rtattr *own = IFA_RTA(found); RTA_OK(own, rest); own = RTA_NEXT(own, rest))
        if (own->rta_type == IFA_LOCAL && !memcmp(RTA_DATA(own), &address, sizeof address)) holds = 1;
    }
  }
}

/* The lines of `ip -batch` that the agent writes, each as one message. What is not spoken here is left to `ip` itself, with the whole batch. */
#define _GNU_SOURCE
#include "ip-batch.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is(const char *word, const char *wanted) { return word && !strcmp(word, wanted); }

static enum outcome failed_with(struct reason *reason, const char *what, const char *name) {
  snprintf(reason->text, sizeof reason->text, "%s %s", what, name);
  return FAILED;
}

static enum outcome ask(struct kernel *kernel, struct message *message, struct reason *reason) {
  return kernel_ask(kernel, message, reason) ? FAILED : DONE;
}

static int read_number(const char *word, unsigned *number) {
  char *end;
  errno = 0;
  unsigned long value = word && *word ? strtoul(word, &end, 10) : 0;
  *number = (unsigned)value;
  return word && *word && !*end && !errno && value <= 0xffffffffUL;
}

static int read_mac(const char *word, unsigned char mac[6]) {
  char rest;
  return word && sscanf(word, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5, &rest) == 6;
}

/* ADDRESS or ADDRESS/LENGTH. */
static int read_prefix(const char *word, struct in_addr *address, unsigned char *length) {
  char copy[INET_ADDRSTRLEN + 4];
  unsigned bits = 32;
  if (!word || strlen(word) >= sizeof copy) return 0;
  strcpy(copy, word);
  char *slash = strchr(copy, '/');
  if (slash) *slash++ = 0;
  if (slash && (!read_number(slash, &bits) || bits > 32)) return 0;
  *length = (unsigned char)bits;
  return inet_pton(AF_INET, copy, address) == 1;
}

static int is_name(const char *word) { return word && *word && strlen(word) < IFNAMSIZ; }

struct end {
  const char *name, *netns;
  unsigned mtu;
  unsigned char mac[6];
  int has_mac;
};

/* [mtu N] [address MAC] [netns PATH], up to another word. */
static int read_end(char ***at, struct end *end) {
  char **word = *at;
  for (; *word; word += 2) {
    if (is(word[0], "mtu")) {
      if (!read_number(word[1], &end->mtu)) return 0;
    } else if (is(word[0], "address")) {
      if (!(end->has_mac = read_mac(word[1], end->mac))) return 0;
    } else if (is(word[0], "netns") && word[1] && word[1][0] == '/')
      end->netns = word[1];
    else
      break;
  }
  *at = word;
  return is_name(end->name);
}

static void add_end(struct message *message, const struct end *end) {
  message_add(message, IFLA_IFNAME, end->name, strlen(end->name) + 1);
  if (end->mtu) message_add(message, IFLA_MTU, &end->mtu, sizeof end->mtu);
  if (end->has_mac) message_add(message, IFLA_ADDRESS, end->mac, sizeof end->mac);
}

/* NAME ... type veth peer name NAME ... */
static enum outcome add_veth(struct kernel *kernel, char **word, struct reason *reason) {
  struct end host = {.name = *word++}, peer = {0};
  if (!read_end(&word, &host) || host.netns || !is(word[0], "type") || !is(word[1], "veth")) return NOT_SPOKEN;
  if (!is(word[2], "peer") || !is(word[3], "name")) return NOT_SPOKEN;
  peer.name = word[4];
  word += word[4] ? 5 : 4;
  if (!read_end(&word, &peer) || *word) return NOT_SPOKEN;
  if (!kernel) return DONE;
  int netns = peer.netns ? open(peer.netns, O_RDONLY | O_CLOEXEC) : -1;
  if (peer.netns && netns < 0) return failed_with(reason, strerror(errno), peer.netns);
  struct ifinfomsg link = {.ifi_family = AF_UNSPEC};
  struct message message;
  message_start(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
  add_end(&message, &host);
  struct nlattr *info = message_nest(&message, IFLA_LINKINFO);
  message_add(&message, IFLA_INFO_KIND, "veth", 4);
  struct nlattr *data = message_nest(&message, IFLA_INFO_DATA), *other = message_nest(&message, VETH_INFO_PEER);
  message_append(&message, &link, sizeof link);
  add_end(&message, &peer);
  if (netns >= 0) message_add(&message, IFLA_NET_NS_FD, &netns, sizeof netns);
  message_end(&message, other);
  message_end(&message, data);
  message_end(&message, info);
  enum outcome outcome = ask(kernel, &message, reason);
  if (netns >= 0) close(netns);
  return outcome;
}

/* link PARENT name NAME address MAC type vlan id N */
static enum outcome add_vlan(struct kernel *kernel, char **word, struct reason *reason) {
  struct end own = {0};
  const char *parent = word[1];
  unsigned id, index;
  if (!parent || !is(word[2], "name")) return NOT_SPOKEN;
  own.name = word[3];
  word += word[3] ? 4 : 3;
  if (!read_end(&word, &own) || own.netns || !is(word[0], "type") || !is(word[1], "vlan") || !is(word[2], "id")) return NOT_SPOKEN;
  if (!read_number(word[3], &id) || id > 4094 || word[4]) return NOT_SPOKEN;
  if (!kernel) return DONE;
  if (!(index = (unsigned)kernel_device(kernel, parent))) return failed_with(reason, "Cannot find device", parent);
  struct ifinfomsg link = {.ifi_family = AF_UNSPEC};
  struct message message;
  unsigned short number = (unsigned short)id;
  message_start(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
  message_add(&message, IFLA_LINK, &index, sizeof index);
  add_end(&message, &own);
  struct nlattr *info = message_nest(&message, IFLA_LINKINFO);
  message_add(&message, IFLA_INFO_KIND, "vlan", 4);
  struct nlattr *data = message_nest(&message, IFLA_INFO_DATA);
  message_add(&message, IFLA_VLAN_ID, &number, sizeof number);
  message_end(&message, data);
  message_end(&message, info);
  return ask(kernel, &message, reason);
}

/* set NAME up|down, set NAME name NAME, delete NAME */
static enum outcome change_link(struct kernel *kernel, char **word, struct reason *reason) {
  int deletes = is(word[0], "delete");
  const char *name = word[1], *what = name ? word[2] : NULL, *renamed = is(what, "name") ? word[3] : NULL;
  if (!is_name(name) || (deletes && what)) return NOT_SPOKEN;
  if (!deletes && !is_name(renamed) && !is(what, "up") && !is(what, "down")) return NOT_SPOKEN;
  if (!deletes && word[renamed ? 4 : 3]) return NOT_SPOKEN;
  if (!kernel) return DONE;
  struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_index = kernel_device(kernel, name)};
  if (!link.ifi_index) return failed_with(reason, "Cannot find device", name);
  if (is(what, "up") || is(what, "down")) {
    link.ifi_change = IFF_UP;
    link.ifi_flags = is(what, "up") ? IFF_UP : 0;
  }
  struct message message;
  message_start(&message, deletes ? RTM_DELLINK : RTM_NEWLINK, 0, &link, sizeof link);
  if (renamed) message_add(&message, IFLA_IFNAME, renamed, strlen(renamed) + 1);
  return ask(kernel, &message, reason);
}

/* replace ADDRESS/LENGTH dev NAME */
static enum outcome replace_address(struct kernel *kernel, char **word, struct reason *reason) {
  struct ifaddrmsg body = {.ifa_family = AF_INET};
  struct in_addr address;
  struct message message;
  if (!is(word[0], "replace") || !read_prefix(word[1], &address, &body.ifa_prefixlen)) return NOT_SPOKEN;
  if (!is(word[2], "dev") || !is_name(word[3]) || word[4]) return NOT_SPOKEN;
  if (!kernel) return DONE;
  if (!(body.ifa_index = (unsigned)kernel_device(kernel, word[3]))) return failed_with(reason, "Cannot find device", word[3]);
  message_start(&message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof body);
  message_add(&message, IFA_LOCAL, &address, sizeof address);
  message_add(&message, IFA_ADDRESS, &address, sizeof address);
  return ask(kernel, &message, reason);
}

/* replace ADDRESS lladdr MAC dev NAME nud permanent */
static enum outcome replace_neighbour(struct kernel *kernel, char **word, struct reason *reason) {
  struct ndmsg body = {.ndm_family = AF_INET, .ndm_state = NUD_PERMANENT};
  struct in_addr address;
  struct message message;
  unsigned char mac[6], length;
  if (!is(word[0], "replace") || !read_prefix(word[1], &address, &length) || length != 32) return NOT_SPOKEN;
  if (!is(word[2], "lladdr") || !read_mac(word[3], mac) || !is(word[4], "dev") || !is_name(word[5])) return NOT_SPOKEN;
  if (!is(word[6], "nud") || !is(word[7], "permanent") || word[8]) return NOT_SPOKEN;
  if (!kernel) return DONE;
  if (!(body.ndm_ifindex = kernel_device(kernel, word[5]))) return failed_with(reason, "Cannot find device", word[5]);
  message_start(&message, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof body);
  message_add(&message, NDA_DST, &address, sizeof address);
  message_add(&message, NDA_LLADDR, mac, sizeof mac);
  return ask(kernel, &message, reason);
}

/* replace PREFIX|default [via ADDRESS] dev NAME [scope link] [table N], flush table N */
static enum outcome change_route(struct kernel *kernel, char **word, struct reason *reason) {
  struct rtmsg body = {.rtm_family = AF_INET, .rtm_protocol = RTPROT_BOOT, .rtm_type = RTN_UNICAST};
  struct in_addr to, via;
  struct message message;
  unsigned table = RT_TABLE_MAIN, index = 0;
  unsigned char length;
  const char *device = NULL;
  int has_via = 0;
  if (is(word[0], "flush"))
    return !is(word[1], "table") || !read_number(word[2], &table) || word[3] ? NOT_SPOKEN
           : !kernel || !kernel_flush_table(kernel, table, reason)           ? DONE
                                                                             : FAILED;
  if (!is(word[0], "replace") || !word[1]) return NOT_SPOKEN;
  if (!is(word[1], "default") && !read_prefix(word[1], &to, &body.rtm_dst_len)) return NOT_SPOKEN;
  for (word += 2; *word; word += 2) {
    if (is(word[0], "via")) {
      if (!read_prefix(word[1], &via, &length) || length != 32) return NOT_SPOKEN;
      has_via = 1;
    } else if (is(word[0], "dev") && is_name(word[1]))
      device = word[1];
    else if (!(is(word[0], "scope") && is(word[1], "link")) && !(is(word[0], "table") && read_number(word[1], &table)))
      return NOT_SPOKEN;
  }
  if (!device) return NOT_SPOKEN;
  if (!kernel) return DONE;
  if (!(index = (unsigned)kernel_device(kernel, device))) return failed_with(reason, "Cannot find device", device);
  body.rtm_scope = has_via ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  body.rtm_table = table < 256 ? (unsigned char)table : RT_TABLE_UNSPEC;
  message_start(&message, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof body);
  if (body.rtm_dst_len) message_add(&message, RTA_DST, &to, sizeof to);
  if (has_via) message_add(&message, RTA_GATEWAY, &via, sizeof via);
  message_add(&message, RTA_OIF, &index, sizeof index);
  message_add(&message, RTA_TABLE, &table, sizeof table);
  return ask(kernel, &message, reason);
}

/* add|del pref N [iif NAME] [from PREFIX] [to PREFIX] lookup TABLE | blackhole */
static enum outcome change_rule(struct kernel *kernel, char **word, struct reason *reason) {
  struct fib_rule_hdr body = {.family = AF_INET};
  struct in_addr from, to;
  struct message message;
  unsigned preference = 0, table = 0;
  const char *device = NULL;
  int adds = is(word[0], "add");
  if ((!adds && !is(word[0], "del")) || !is(word[1], "pref") || !read_number(word[2], &preference)) return NOT_SPOKEN;
  for (word += 3; *word && !is(*word, "blackhole") && !is(*word, "lookup"); word += 2) {
    if (is(word[0], "iif") && is_name(word[1])) device = word[1];
    else if (!(is(word[0], "from") && read_prefix(word[1], &from, &body.src_len)) &&
             !(is(word[0], "to") && read_prefix(word[1], &to, &body.dst_len)))
      return NOT_SPOKEN;
  }
  int drops = is(word[0], "blackhole");
  if (!drops && !is(word[0], "lookup")) return NOT_SPOKEN;
  if (!drops && is(word[1], "main")) table = RT_TABLE_MAIN;
  else if (!drops && !read_number(word[1], &table)) return NOT_SPOKEN;
  if (word[drops ? 1 : 2]) return NOT_SPOKEN;
  if (!kernel) return DONE;
  body.action = drops ? FR_ACT_BLACKHOLE : adds ? FR_ACT_TO_TBL : FR_ACT_UNSPEC;
  body.table = table < 256 ? (unsigned char)table : RT_TABLE_UNSPEC;
  message_start(&message, adds ? RTM_NEWRULE : RTM_DELRULE, adds ? NLM_F_CREATE | NLM_F_EXCL : 0, &body, sizeof body);
  message_add(&message, FRA_PRIORITY, &preference, sizeof preference);
  if (device) message_add(&message, FRA_IIFNAME, device, strlen(device) + 1);
  if (body.src_len) message_add(&message, FRA_SRC, &from, sizeof from);
  if (body.dst_len) message_add(&message, FRA_DST, &to, sizeof to);
  if (!drops) message_add(&message, FRA_TABLE, &table, sizeof table);
  return ask(kernel, &message, reason);
}

enum outcome carry_out(struct kernel *kernel, char **words, struct reason *reason) {
  char **rest = words + 1;
  if (!words[0] || !words[1]) return NOT_SPOKEN;
  if (is(words[0], "route")) return change_route(kernel, rest, reason);
  if (is(words[0], "rule")) return change_rule(kernel, rest, reason);
  if (is(words[0], "address")) return replace_address(kernel, rest, reason);
  if (is(words[0], "neighbour")) return replace_neighbour(kernel, rest, reason);
  if (!is(words[0], "link")) return NOT_SPOKEN;
  if (!is(rest[0], "add")) return is(rest[0], "set") || is(rest[0], "delete") ? change_link(kernel, rest, reason) : NOT_SPOKEN;
  return is(rest[1], "link") ? add_vlan(kernel, rest + 1, reason) : rest[1] ? add_veth(kernel, rest + 1, reason) : NOT_SPOKEN;
}

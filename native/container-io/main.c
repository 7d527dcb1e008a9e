/* Reads the command line. */
#define _GNU_SOURCE
#include "container-io.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int usage(const char *what) {
  fprintf(stderr, "container-io: %s; usage: container-io exec|run|dial [OPTIONS] -- PROGRAM [ARG...] (or PORT for dial)\n", what);
  return 2;
}

int main(int argc, char **argv) {
  static const struct option options[] = {
      {"net", required_argument, NULL, 'n'},    {"root", required_argument, NULL, 'r'}, {"wd", required_argument, NULL, 'w'},
      {"hostname", required_argument, NULL, 'h'},
      {"socket", required_argument, NULL, 's'}, {"token", required_argument, NULL, 'k'}, {"log", required_argument, NULL, 'l'},
      {"tty", no_argument, NULL, 't'},          {"stdin", no_argument, NULL, 'i'},      {"stdin-once", no_argument, NULL, 'o'},
      {0},
  };
  if (argc < 2) return usage("no mode given");
  const char *mode = argv[1];
  struct spec spec = {0};
  for (int option; (option = getopt_long(argc - 1, argv + 1, "+", options, NULL)) != -1;) switch (option) {
      case 'n': spec.net = optarg; break;
      case 'r': spec.root = optarg; break;
      case 'w': spec.wd = optarg; break;
      case 'h': spec.hostname = optarg; break;
      case 's': spec.socket = optarg; break;
      case 'k': spec.token = optarg; break;
      case 'l': spec.log = optarg; break;
      case 't': spec.tty = true; break;
      case 'i': spec.use_stdin = true; break;
      case 'o': spec.stdin_once = true; break;
      default: return usage("unknown option");
    }
  spec.argv = argv + 1 + optind;
  if (!spec.argv[0]) return usage("no program given");
  bool one_client = spec.socket && spec.token;
  if (strcmp(mode, "exec") == 0) return one_client ? run_exec(&spec) : usage("exec needs --socket and --token");
  if (strcmp(mode, "dial") == 0) return one_client ? run_dial(&spec, atoi(spec.argv[0])) : usage("dial needs --socket and --token");
  if (strcmp(mode, "run") == 0) return spec.log ? run_container(&spec) : usage("run needs --log");
  return usage("unknown mode");
}

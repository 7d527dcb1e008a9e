/* One client's end of the frames, as exec and dial have it. */
#ifndef ONE_CLIENT_H
#define ONE_CLIENT_H

#include "container-io.h"

struct client {
  int socket;
  struct bytes in, out;
};

/* Connects to the client's socket and says hello. */
void client_open(struct client *client, const struct spec *spec);
/* Sends what is waiting, however long it takes, and ends the connection. */
void client_close(struct client *client);

/* What the pump does with the client's frames beside stdin, and how it ends. */
struct pump {
  struct client *client;
  struct ends ends;
  bool tty;
  /* Ends are sockets: what is ended is one direction of them. */
  bool is_socket;
  /* A descriptor that becomes readable when the process ended; -1: the end of output is the end. */
  int ended;
};

/* Carries bytes until the process has ended and its output is sent. False when the client went away before. */
bool pump_run(struct pump *pump);

#endif

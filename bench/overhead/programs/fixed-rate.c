// Offers requests at a fixed rate, whether the service keeps up or not, and counts each latency from the moment when
// the request was due: so a service that stalls cannot hide the requests that it made wait (no coordinated omission).
//
// It is written in C because it must not be what is measured: it sleeps until the next request is due, to some
// microseconds, compiles nothing and collects nothing; seven tenths of its core at 35,000 a second are the kernel's,
// its own are three hundredths. A client in JavaScript has stalls of its own, and must turn without a pause, because its
// timers are a millisecond late.
//
//   cc -O2 -o fixed-rate fixed-rate.c
//   ./fixed-rate PORT ROUTE RATE_PER_SECOND WARM_SECONDS SECONDS
//
// Requests that were due in the warm seconds do not count. Prints {"p50Ms":…,"p99Ms":…}; fails when an answer was no 200.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 64, ANSWER_MAX = 65536, FIRST_ANSWER_MS = 300, DRAIN_MS = 3000 };

struct connection {
  int socket;
  /** Which request it carries, counted from the first. */
  long carries;
  long received;
};

static struct connection connections[CONNECTIONS];
static int idle[CONNECTIONS], idle_count;
/** Requests that were due when no connection was idle. */
static long *waiting, waiting_from, waiting_to;
/** Of each request, by its number; below zero: no answer so far. */
static double *latencies_ms;
static char request[512];
static size_t request_bytes;
/** All answers of a route are equally long here, headers and all. */
static long answer_bytes;
static long answered;
static double start_ms, gap_ms;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static double due_ms(long number) { return start_ms + number * gap_ms; }

static int open_connection(int port) {
  int socket_number = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_number, (struct sockaddr *)&address, sizeof address) != 0) fail("cannot connect");
  int on = 1;
  setsockopt(socket_number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket_number;
}

static void send_request(int socket_number) {
  if (write(socket_number, request, request_bytes) != (ssize_t)request_bytes) fail("cannot send");
}

static void ask(int number, long carries) {
  connections[number].carries = carries;
  connections[number].received = 0;
  send_request(connections[number].socket);
}

static long length_of_answer(int socket_number) {
  static char answer[ANSWER_MAX];
  send_request(socket_number);
  usleep(FIRST_ANSWER_MS * 1000);
  long bytes = read(socket_number, answer, sizeof answer);
  if (bytes <= 0) fail("no answer to the first request");
  return bytes;
}

/** What of an answer is there. */
static void receive(int number) {
  static char answer[ANSWER_MAX];
  struct connection *connection = &connections[number];
  long bytes = read(connection->socket, answer, sizeof answer);
  if (bytes <= 0) fail("a connection ended");
  if (connection->received == 0 && (bytes < 12 || memcmp(answer + 9, "200", 3) != 0)) {
    fprintf(stderr, "an answer was no 200: %.*s\n", (int)(bytes < 80 ? bytes : 80), answer);
    exit(1);
  }
  connection->received += bytes;
  if (connection->received < answer_bytes) return;
  latencies_ms[connection->carries] = now_ms() - due_ms(connection->carries);
  answered++;
  if (waiting_from < waiting_to) ask(number, waiting[waiting_from++]);
  else idle[idle_count++] = number;
}

static void open_connections(int ready, int port) {
  for (int number = 0; number < CONNECTIONS; number++) {
    int socket_number = connections[number].socket = open_connection(port);
    if (number == 0) answer_bytes = length_of_answer(socket_number);
    fcntl(socket_number, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    epoll_ctl(ready, EPOLL_CTL_ADD, socket_number, &event);
    idle[idle_count++] = number;
  }
}

/** Takes what answers there are; sleeps until there is one, for so long at most. */
static void wait_for_answers(int ready, double ms) {
  if (ms < 0) ms = 0;
  struct timespec at_most = {.tv_sec = ms / 1e3};
  at_most.tv_nsec = (ms - at_most.tv_sec * 1e3) * 1e6;
  struct epoll_event events[CONNECTIONS];
  int count = epoll_pwait2(ready, events, CONNECTIONS, &at_most, NULL);
  for (int index = 0; index < count; index++) receive(events[index].data.u32);
}

/** Offers all requests, each when it is due, and waits for the answers. */
static void offer(int ready, long all) {
  start_ms = now_ms();
  double end_ms = due_ms(all) + DRAIN_MS;
  long offered = 0;
  while (answered < all && now_ms() < end_ms) {
    for (double now = now_ms(); offered < all && due_ms(offered) <= now; offered++) {
      if (idle_count > 0) ask(idle[--idle_count], offered);
      else waiting[waiting_to++] = offered;
    }
    wait_for_answers(ready, offered < all ? due_ms(offered) - now_ms() : 1);
  }
  // What has not been answered by now took at least so long.
  for (long number = 0; number < all; number++) {
    if (latencies_ms[number] < 0) latencies_ms[number] = now_ms() - due_ms(number);
  }
}

static int by_size(const void *one, const void *other) {
  double difference = *(const double *)one - *(const double *)other;
  return difference < 0 ? -1 : difference > 0;
}

int main(int count, char **arguments) {
  if (count != 6) {
    fprintf(stderr, "fixed-rate PORT ROUTE RATE_PER_SECOND WARM_SECONDS SECONDS\n");
    return 2;
  }
  int port = atoi(arguments[1]);
  double rate = atof(arguments[3]);
  long warm = rate * atof(arguments[4]);
  long all = warm + rate * atof(arguments[5]);
  if (port <= 0 || rate <= 0 || all <= warm) {
    fprintf(stderr, "fixed-rate: a port, a rate and seconds above zero, not %s, %s and %s\n", arguments[1], arguments[3], arguments[5]);
    return 2;
  }
  gap_ms = 1000 / rate;
  // Linux lets a sleep take fifty microseconds longer otherwise.
  prctl(PR_SET_TIMERSLACK, 1);
  latencies_ms = malloc(all * sizeof *latencies_ms);
  waiting = malloc(all * sizeof *waiting);
  if (latencies_ms == NULL || waiting == NULL) fail("too many requests");
  for (long number = 0; number < all; number++) latencies_ms[number] = -1;
  request_bytes = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nhost: 127.0.0.1:%d\r\n\r\n", arguments[2], port);

  int ready = epoll_create1(0);
  open_connections(ready, port);
  offer(ready, all);
  double *counted = latencies_ms + warm;
  long counted_count = all - warm;
  qsort(counted, counted_count, sizeof *counted, by_size);
  printf("{\"p50Ms\":%.4f,\"p99Ms\":%.4f}\n", counted[(long)((counted_count - 1) * 0.5)],
         counted[(long)((counted_count - 1) * 0.99)]);
  return 0;
}

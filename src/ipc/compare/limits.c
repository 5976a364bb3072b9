/* What the machine itself allows: 64 bytes there and back between two processes, in microseconds.
   limits KIND COUNT   with KIND futex, pipe, fifo, signal, unix or tcp */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void take(int fd, char *data) {
  for (size_t done = 0; done < 64;) {
    ssize_t count = read(fd, data + done, 64 - done);
    if (count <= 0) _exit(0);
    done += count;
  }
}

static void echo(int in, int out, long count) {
  char data[64];
  for (long i = 0; i < count; i++) {
    take(in, data);
    if (write(out, data, 64) != 64) _exit(1);
  }
}

static void ask(int in, int out, long count) {
  char data[64] = {0};
  for (long i = 0; i < count; i++) {
    if (write(out, data, 64) != 64) exit(1);
    take(in, data);
  }
}

static double over(int server_in, int server_out, int client_in, int client_out, long count) {
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    echo(server_in, server_out, count);
    _exit(0);
  }
  double started = now();
  ask(client_in, client_out, count);
  double took = now() - started;
  waitpid(child, NULL, 0);
  return took;
}

static long futex(_Atomic int *word, int op, int value) { return syscall(SYS_futex, word, op, value, NULL, NULL, 0); }

static void bell(_Atomic int *word) {
  atomic_fetch_add(word, 1);
  futex(word, FUTEX_WAKE, 1);
}

static void await(_Atomic int *word, int seen) {
  while (atomic_load(word) == seen) futex(word, FUTEX_WAIT, seen);
}

static double by_futex(long count) {
  char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  _Atomic int *there = (_Atomic int *)memory, *back = (_Atomic int *)(memory + 64);
  char data[64] = {0};
  pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < count; i++) {
      await(there, i);
      memcpy(memory + 256, memory + 128, 64);
      bell(back);
    }
    _exit(0);
  }
  double started = now();
  for (int i = 0; i < count; i++) {
    memcpy(memory + 128, data, 64);
    bell(there);
    await(back, i);
    memcpy(data, memory + 256, 64);
  }
  double took = now() - started;
  waitpid(child, NULL, 0);
  return took;
}

static double by_signal(long count) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  sigprocmask(SIG_BLOCK, &set, NULL);
  int number;
  pid_t parent = getpid(), child = fork();
  if (child == 0) {
    for (long i = 0; i < count; i++) {
      sigwait(&set, &number);
      kill(parent, SIGUSR2);
    }
    _exit(0);
  }
  double started = now();
  for (long i = 0; i < count; i++) {
    kill(child, SIGUSR2);
    sigwait(&set, &number);
  }
  double took = now() - started;
  waitpid(child, NULL, 0);
  return took;
}

static double by_fifo(long count) {
  char folder[] = "/tmp/limits-XXXXXX", a[64], b[64];
  if (mkdtemp(folder) == NULL) exit(1);
  snprintf(a, sizeof a, "%s/a", folder);
  snprintf(b, sizeof b, "%s/b", folder);
  mkfifo(a, 0600);
  mkfifo(b, 0600);
  int there = open(a, O_RDWR), back = open(b, O_RDWR);
  double took = over(there, back, back, there, count);
  unlink(a);
  unlink(b);
  rmdir(folder);
  return took;
}

static double by_tcp(long count) {
  int one = 1, server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  bind(server, (struct sockaddr *)&address, sizeof address);
  listen(server, 1);
  getsockname(server, (struct sockaddr *)&address, &length);
  connect(client, (struct sockaddr *)&address, sizeof address);
  int peer = accept(server, NULL, NULL);
  setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return over(peer, peer, client, client, count);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  long count = atol(argv[2]);
  const char *kind = argv[1];
  int a[2], b[2];
  double took;
  if (strcmp(kind, "futex") == 0) took = by_futex(count);
  else if (strcmp(kind, "signal") == 0) took = by_signal(count);
  else if (strcmp(kind, "fifo") == 0) took = by_fifo(count);
  else if (strcmp(kind, "tcp") == 0) took = by_tcp(count);
  else if (strcmp(kind, "unix") == 0) {
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, a) != 0) return 1;
    took = over(a[1], a[1], a[0], a[0], count);
  } else if (strcmp(kind, "pipe") == 0) {
    if (pipe(a) != 0 || pipe(b) != 0) return 1;
    took = over(a[0], b[1], b[0], a[1], count);
  } else return 2;
  printf("%.3f\n", took / count);
  return 0;
}

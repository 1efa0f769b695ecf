/* What both programs share: arguments, sockets, and the bridge between standard input and output and TLS.
 *
 *   PROGRAM client|server PORT 12|13 SUITE CA CERT KEY ask ALPN NAME retry SESSIONS
 *
 * "-" stands for an argument that is not given. On standard input a piece that is the byte 1 changes the write key,
 * the byte 2 ends the session and begins the next, end of file sends close_notify; anything else is data.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct options {
    int server, port, tls13, ask, retry, sessions;
    const char *suite, *ca, *cert, *key, *alpn, *name;
};

enum { TLS_CLOSED = 0, TLS_FAILED = -1, TLS_AGAIN = -2 };
enum { BRIDGE_ENDED, BRIDGE_NEXT };

/* Bytes, or one of the above. */
static int tls_read(void *tls, unsigned char *buffer, int size);
static int tls_write(void *tls, const unsigned char *bytes, int len);
static int tls_close(void *tls);
static int tls_update_key(void *tls);

static void fail(const char *what, int code) {
    fprintf(stderr, "%s: %d (-0x%x)\n", what, code, -code);
    exit(1);
}

/* The handshake failed. Bytes that were not read would turn the close into a reset, which eats the alert. */
static void fail_on(int fd, int code) {
    char rest[4096];
    shutdown(fd, SHUT_WR);
    while (read(fd, rest, sizeof rest) > 0) {
    }
    fail("handshake", code);
}

static const char *optional(const char *argument) { return strcmp(argument, "-") == 0 ? NULL : argument; }

static struct options parse(int argc, char **argv) {
    struct options options = {0};
    if (argc != 13) fail("wrong number of arguments", argc);
    options.server = strcmp(argv[1], "server") == 0;
    options.port = atoi(argv[2]);
    options.tls13 = strcmp(argv[3], "13") == 0;
    options.suite = optional(argv[4]);
    options.ca = optional(argv[5]);
    options.cert = optional(argv[6]);
    options.key = optional(argv[7]);
    options.ask = optional(argv[8]) != NULL;
    options.alpn = optional(argv[9]);
    options.name = optional(argv[10]);
    options.retry = optional(argv[11]) != NULL;
    options.sessions = atoi(argv[12]);
    signal(SIGPIPE, SIG_IGN);
    return options;
}

/* A connected socket; the listener stays open for the next one. */
static int open_socket(const struct options *options) {
    static int listener = -1;
    int fd, one = 1;
    struct sockaddr_in address = {0};
    address.sin_family = AF_INET;
    address.sin_port = htons(options->port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!options->server) {
        fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) fail("connect", 0);
    } else {
        if (listener < 0) {
            listener = socket(AF_INET, SOCK_STREAM, 0);
            setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
            if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0) fail("bind", 0);
            listen(listener, 4);
        }
        fd = accept(listener, NULL, NULL);
        if (fd < 0) fail("accept", fd);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void set_nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

static void wait_for(int fd, short events) {
    struct pollfd one = {fd, events, 0};
    poll(&one, 1, 1000);
}

static void send_all(void *tls, int fd, const unsigned char *bytes, int len) {
    while (len > 0) {
        int n = tls_write(tls, bytes, len);
        if (n == TLS_AGAIN) {
            wait_for(fd, POLLOUT);
        } else if (n < 0) {
            fail("write", n);
        } else {
            bytes += n;
            len -= n;
        }
    }
}

/* Receives until nothing more comes at once. Returns whether the peer has closed. */
static int receive_all(void *tls) {
    unsigned char buffer[16384];
    int n;
    while ((n = tls_read(tls, buffer, sizeof buffer)) > 0) {
        if (write(STDOUT_FILENO, buffer, n) != n) fail("stdout", n);
    }
    if (n == TLS_FAILED) fail("read", n);
    return n == TLS_CLOSED;
}

/* The socket is nonblocking by now. */
static int bridge(void *tls, int fd) {
    unsigned char buffer[16384];
    int input = 1, open = 1;
    while (input || open) {
        struct pollfd fds[2] = {{input ? STDIN_FILENO : -1, POLLIN, 0}, {open ? fd : -1, POLLIN, 0}};
        if (open && receive_all(tls)) {
            open = 0;
            continue;
        }
        poll(fds, 2, 1000);
        if (fds[0].revents == 0) continue;
        int n = read(STDIN_FILENO, buffer, sizeof buffer);
        if (n <= 0) {
            tls_close(tls);
            input = 0;
        } else if (n == 1 && buffer[0] == 1) {
            int code = tls_update_key(tls);
            if (code != 0) fail("update key", code);
        } else if (n == 1 && buffer[0] == 2) {
            tls_close(tls);
            return BRIDGE_NEXT;
        } else {
            send_all(tls, fd, buffer, n);
        }
    }
    return BRIDGE_ENDED;
}

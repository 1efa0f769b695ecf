/* A C library as a peer: src/peer/c.rs has the other side of this. */
#include <stddef.h>

struct bytes {
    const unsigned char *at;
    size_t len;
};

struct setup {
    int tls13, resume;
    /* In the library's own words. */
    const char *suite;
    const char *name;
    /* DER; the key is PKCS #8. */
    struct bytes ca, cert, key;
};

/* Bytes, or 0: it would block. Negative: it failed, and tells why on standard error. */
struct library {
    void *(*context)(const struct setup *setup, int server);
    void *(*connection)(void *context, void *wire);
    /* 1: done. */
    int (*handshake)(void *tls);
    int (*write)(void *tls, const unsigned char *data, size_t len);
    int (*read)(void *tls, unsigned char *out, size_t len);
    int (*resumed)(void *tls);
    const char *(*suite)(void *tls);
    /* Keeps the client's session in the context, if it is to be resumed. */
    void (*free)(void *tls);
};

/* The transport; -1: it would block. */
ptrdiff_t bench_wire_send(void *wire, const unsigned char *data, size_t len);
ptrdiff_t bench_wire_recv(void *wire, unsigned char *out, size_t len);

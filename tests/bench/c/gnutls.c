/* GnuTLS; see peer.h. */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>

#include "peer.h"

struct context {
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priority;
    gnutls_datum_t ticket_key, session;
    int server, resume;
    const char *name;
};

struct tls {
    gnutls_session_t tls;
    struct context *context;
    void *wire;
    int done;
};

static void check(int code, const char *what) {
    if (code >= 0) return;
    fprintf(stderr, "GnuTLS: %s: %s\n", what, gnutls_strerror(code));
    abort();
}

static ssize_t send_to(gnutls_transport_ptr_t of, const void *data, size_t len) {
    struct tls *tls = of;
    ptrdiff_t n = bench_wire_send(tls->wire, data, len);
    if (n < 0) gnutls_transport_set_errno(tls->tls, EAGAIN);
    return n;
}

static ssize_t receive_from(gnutls_transport_ptr_t of, void *out, size_t len) {
    struct tls *tls = of;
    ptrdiff_t n = bench_wire_recv(tls->wire, out, len);
    if (n < 0) gnutls_transport_set_errno(tls->tls, EAGAIN);
    return n;
}

static gnutls_datum_t datum(struct bytes bytes) {
    return (gnutls_datum_t){(unsigned char *)bytes.at, (unsigned)bytes.len};
}

static void *new_context(const struct setup *setup, int server) {
    struct context *context = calloc(1, sizeof *context);
    gnutls_datum_t ca = datum(setup->ca), cert = datum(setup->cert), key = datum(setup->key);
    context->server = server;
    context->resume = setup->resume;
    context->name = setup->name;
    check(gnutls_priority_init(&context->priority, setup->suite, NULL), "priority");
    check(gnutls_certificate_allocate_credentials(&context->credentials), "credentials");
    if (server) {
        check(gnutls_certificate_set_x509_key_mem(context->credentials, &cert, &key, GNUTLS_X509_FMT_DER), "key");
        check(gnutls_session_ticket_key_generate(&context->ticket_key), "ticket key");
    } else {
        check(gnutls_certificate_set_x509_trust_mem(context->credentials, &ca, GNUTLS_X509_FMT_DER), "ca");
    }
    return context;
}

static void *new_connection(void *from, void *wire) {
    struct context *context = from;
    struct tls *tls = calloc(1, sizeof *tls);
    tls->context = context;
    tls->wire = wire;
    check(gnutls_init(&tls->tls, (context->server ? GNUTLS_SERVER : GNUTLS_CLIENT) | GNUTLS_NONBLOCK), "init");
    check(gnutls_priority_set(tls->tls, context->priority), "priority");
    check(gnutls_credentials_set(tls->tls, GNUTLS_CRD_CERTIFICATE, context->credentials), "credentials");
    if (context->server) {
        check(gnutls_session_ticket_enable_server(tls->tls, &context->ticket_key), "ticket");
    } else {
        gnutls_session_set_verify_cert(tls->tls, context->name, 0);
        if (context->session.size) check(gnutls_session_set_data(tls->tls, context->session.data, context->session.size), "session");
    }
    gnutls_transport_set_ptr(tls->tls, tls);
    gnutls_transport_set_push_function(tls->tls, send_to);
    gnutls_transport_set_pull_function(tls->tls, receive_from);
    return tls;
}

static int answer(ssize_t n, const char *what) {
    if (n > 0) return (int)n;
    if (n == GNUTLS_E_AGAIN) return 0;
    fprintf(stderr, "GnuTLS: %s: %s\n", what, gnutls_strerror((int)n));
    return -1;
}

static int handshake(void *of) {
    struct tls *tls = of;
    if (tls->done) return 1;
    int code = gnutls_handshake(tls->tls);
    if (code != GNUTLS_E_SUCCESS) return answer(code, "handshake");
    tls->done = 1;
    return 1;
}

static int write_some(void *of, const unsigned char *data, size_t len) {
    return answer(gnutls_record_send(((struct tls *)of)->tls, data, len), "write");
}

static int read_some(void *of, unsigned char *out, size_t len) {
    return answer(gnutls_record_recv(((struct tls *)of)->tls, out, len), "read");
}

static int resumed(void *of) { return gnutls_session_is_resumed(((struct tls *)of)->tls); }
static const char *suite(void *of) { return gnutls_ciphersuite_get(((struct tls *)of)->tls); }

static void free_connection(void *of) {
    struct tls *tls = of;
    struct context *context = tls->context;
    if (context->resume && !context->server && tls->done) {
        gnutls_free(context->session.data);
        context->session = (gnutls_datum_t){NULL, 0};
        check(gnutls_session_get_data2(tls->tls, &context->session), "session");
    }
    gnutls_deinit(tls->tls);
    free(tls);
}

const struct library bench_gnutls = {
    new_context, new_connection, handshake, write_some, read_some, resumed, suite, free_connection,
};

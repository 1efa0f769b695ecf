/* wolfSSL; see peer.h. */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <stdio.h>
#include <stdlib.h>

#include "peer.h"

struct context {
    WOLFSSL_CTX *shared;
    WOLFSSL_SESSION *session;
    int server, tls13, resume;
    const char *name;
};

struct tls {
    WOLFSSL *tls;
    struct context *context;
};

static void check(int code, const char *what) {
    if (code == WOLFSSL_SUCCESS) return;
    fprintf(stderr, "wolfSSL: %s: %d\n", what, code);
    abort();
}

static int send_to(WOLFSSL *tls, char *data, int len, void *wire) {
    (void)tls;
    ptrdiff_t n = bench_wire_send(wire, (unsigned char *)data, len);
    return n < 0 ? WOLFSSL_CBIO_ERR_WANT_WRITE : (int)n;
}

static int receive_from(WOLFSSL *tls, char *out, int len, void *wire) {
    (void)tls;
    ptrdiff_t n = bench_wire_recv(wire, (unsigned char *)out, len);
    return n < 0 ? WOLFSSL_CBIO_ERR_WANT_READ : (int)n;
}

static WOLFSSL_METHOD *method(int server, int tls13) {
    if (server) return tls13 ? wolfTLSv1_3_server_method() : wolfTLSv1_2_server_method();
    return tls13 ? wolfTLSv1_3_client_method() : wolfTLSv1_2_client_method();
}

static void *new_context(const struct setup *setup, int server) {
    struct context *context = calloc(1, sizeof *context);
    wolfSSL_Init();
    WOLFSSL_CTX *shared = wolfSSL_CTX_new(method(server, setup->tls13));
    *context = (struct context){shared, NULL, server, setup->tls13, setup->resume, setup->name};
    check(wolfSSL_CTX_set_cipher_list(shared, setup->suite), "suite");
    if (server) {
        check(wolfSSL_CTX_use_certificate_buffer(shared, setup->cert.at, setup->cert.len, WOLFSSL_FILETYPE_ASN1), "cert");
        check(wolfSSL_CTX_use_PrivateKey_buffer(shared, setup->key.at, setup->key.len, WOLFSSL_FILETYPE_ASN1), "key");
        wolfSSL_CTX_set_verify(shared, WOLFSSL_VERIFY_NONE, NULL);
    } else {
        check(wolfSSL_CTX_load_verify_buffer(shared, setup->ca.at, setup->ca.len, WOLFSSL_FILETYPE_ASN1), "ca");
        wolfSSL_CTX_set_verify(shared, WOLFSSL_VERIFY_PEER, NULL);
        if (!setup->tls13) check(wolfSSL_CTX_UseSessionTicket(shared), "ticket");
    }
    wolfSSL_CTX_SetIOSend(shared, send_to);
    wolfSSL_CTX_SetIORecv(shared, receive_from);
    return context;
}

static void *new_connection(void *from, void *wire) {
    int groups[] = {WOLFSSL_ECC_X25519, WOLFSSL_ECC_SECP256R1};
    struct context *context = from;
    struct tls *tls = malloc(sizeof *tls);
    *tls = (struct tls){wolfSSL_new(context->shared), context};
    wolfSSL_SetIOReadCtx(tls->tls, wire);
    wolfSSL_SetIOWriteCtx(tls->tls, wire);
    wolfSSL_set_using_nonblock(tls->tls, 1);
    if (!context->server) {
        check(wolfSSL_check_domain_name(tls->tls, context->name), "name");
        if (context->tls13) {
            check(wolfSSL_set_groups(tls->tls, groups, 2), "groups");
            check(wolfSSL_UseKeyShare(tls->tls, groups[0]), "key share");
        } else {
            check(wolfSSL_UseSupportedCurve(tls->tls, groups[0]), "group");
            check(wolfSSL_UseSupportedCurve(tls->tls, groups[1]), "group");
        }
        if (context->session) check(wolfSSL_set_session(tls->tls, context->session), "session");
    }
    return tls;
}

static int answer(struct tls *tls, int n, const char *what) {
    if (n > 0) return n;
    int error = wolfSSL_get_error(tls->tls, n);
    if (error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE) return 0;
    fprintf(stderr, "wolfSSL: %s: %d %s\n", what, error, wolfSSL_ERR_reason_error_string(error));
    return -1;
}

static int handshake(void *of) {
    struct tls *tls = of;
    int code = tls->context->server ? wolfSSL_accept(tls->tls) : wolfSSL_connect(tls->tls);
    return answer(tls, code, "handshake");
}

static int write_some(void *of, const unsigned char *data, size_t len) {
    struct tls *tls = of;
    return answer(tls, wolfSSL_write(tls->tls, data, (int)len), "write");
}

static int read_some(void *of, unsigned char *out, size_t len) {
    struct tls *tls = of;
    return answer(tls, wolfSSL_read(tls->tls, out, (int)len), "read");
}

static int resumed(void *of) { return wolfSSL_session_reused(((struct tls *)of)->tls); }
static const char *suite(void *of) { return wolfSSL_get_cipher_name(((struct tls *)of)->tls); }

static void free_connection(void *of) {
    struct tls *tls = of;
    struct context *context = tls->context;
    if (context->resume && !context->server && wolfSSL_is_init_finished(tls->tls)) {
        wolfSSL_SESSION_free(context->session);
        context->session = wolfSSL_get1_session(tls->tls);
    }
    wolfSSL_free(tls->tls);
    free(tls);
}

const struct library bench_wolfssl = {
    new_context, new_connection, handshake, write_some, read_some, resumed, suite, free_connection,
};

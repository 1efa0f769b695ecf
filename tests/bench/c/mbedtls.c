/* Mbed TLS 2.28, which speaks TLS 1.2; see peer.h. */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>

#include <stdio.h>
#include <stdlib.h>

#include "peer.h"

struct context {
    mbedtls_ssl_config config;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_x509_crt ca, cert;
    mbedtls_pk_context key;
    mbedtls_ssl_ticket_context ticket;
    mbedtls_ssl_session session;
    int suites[2];
    int server, resume, has_session;
    const char *name;
};

struct tls {
    mbedtls_ssl_context tls;
    struct context *context;
    /* A suite that was offered is no proof: this is what the handshake ended with. */
    int resumed, done;
};

static void check(int code, const char *what) {
    if (code == 0) return;
    fprintf(stderr, "Mbed TLS: %s: -0x%x\n", what, -code);
    abort();
}

static int send_to(void *wire, const unsigned char *data, size_t len) {
    ptrdiff_t n = bench_wire_send(wire, data, len);
    return n < 0 ? MBEDTLS_ERR_SSL_WANT_WRITE : (int)n;
}

static int receive_from(void *wire, unsigned char *out, size_t len) {
    ptrdiff_t n = bench_wire_recv(wire, out, len);
    return n < 0 ? MBEDTLS_ERR_SSL_WANT_READ : (int)n;
}

static void *new_context(const struct setup *setup, int server) {
    /* The key exchange takes the first; the certificate's curve has to be among them. */
    static const mbedtls_ecp_group_id groups[] = {MBEDTLS_ECP_DP_CURVE25519, MBEDTLS_ECP_DP_SECP256R1,
                                                  MBEDTLS_ECP_DP_NONE};
    struct context *context = calloc(1, sizeof *context);
    mbedtls_ssl_config *config = &context->config;
    context->server = server;
    context->resume = setup->resume;
    context->name = setup->name;
    context->suites[0] = mbedtls_ssl_get_ciphersuite_id(setup->suite);
    mbedtls_entropy_init(&context->entropy);
    mbedtls_ctr_drbg_init(&context->random);
    mbedtls_ssl_config_init(config);
    mbedtls_x509_crt_init(&context->ca);
    mbedtls_x509_crt_init(&context->cert);
    mbedtls_pk_init(&context->key);
    mbedtls_ssl_ticket_init(&context->ticket);
    mbedtls_ssl_session_init(&context->session);
    check(mbedtls_ctr_drbg_seed(&context->random, mbedtls_entropy_func, &context->entropy, NULL, 0), "seed");
    int role = server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT;
    check(mbedtls_ssl_config_defaults(config, role, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT), "config");
    mbedtls_ssl_conf_rng(config, mbedtls_ctr_drbg_random, &context->random);
    mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_ciphersuites(config, context->suites);
    mbedtls_ssl_conf_curves(config, groups);
    if (server) {
        check(mbedtls_x509_crt_parse_der(&context->cert, setup->cert.at, setup->cert.len), "cert");
        check(mbedtls_pk_parse_key(&context->key, setup->key.at, setup->key.len, NULL, 0), "key");
        check(mbedtls_ssl_conf_own_cert(config, &context->cert, &context->key), "identity");
        check(mbedtls_ssl_ticket_setup(&context->ticket, mbedtls_ctr_drbg_random, &context->random,
                                       MBEDTLS_CIPHER_AES_256_GCM, 86400), "ticket");
        mbedtls_ssl_conf_session_tickets_cb(config, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse, &context->ticket);
    } else {
        check(mbedtls_x509_crt_parse_der(&context->ca, setup->ca.at, setup->ca.len), "ca");
        mbedtls_ssl_conf_ca_chain(config, &context->ca, NULL);
        mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
    }
    return context;
}

static void *new_connection(void *from, void *wire) {
    struct context *context = from;
    struct tls *tls = calloc(1, sizeof *tls);
    tls->context = context;
    mbedtls_ssl_init(&tls->tls);
    check(mbedtls_ssl_setup(&tls->tls, &context->config), "setup");
    mbedtls_ssl_set_bio(&tls->tls, wire, send_to, receive_from, NULL);
    if (!context->server) {
        check(mbedtls_ssl_set_hostname(&tls->tls, context->name), "name");
        if (context->has_session) check(mbedtls_ssl_set_session(&tls->tls, &context->session), "session");
    }
    return tls;
}

static int answer(int n, const char *what) {
    if (n > 0) return n;
    if (n == MBEDTLS_ERR_SSL_WANT_READ || n == MBEDTLS_ERR_SSL_WANT_WRITE) return 0;
    fprintf(stderr, "Mbed TLS: %s: -0x%x\n", what, -n);
    return -1;
}

/* A resumed handshake has no ServerKeyExchange. The library does not tell, so its steps are watched. */
static int handshake(void *of) {
    struct tls *tls = of;
    if (tls->done) return 1;
    if (tls->tls.state == MBEDTLS_SSL_HELLO_REQUEST) tls->resumed = 1;
    while (tls->tls.state != MBEDTLS_SSL_HANDSHAKE_OVER) {
        if (tls->tls.state == MBEDTLS_SSL_SERVER_KEY_EXCHANGE) tls->resumed = 0;
        int code = mbedtls_ssl_handshake_step(&tls->tls);
        if (code != 0) return answer(code, "handshake");
    }
    tls->done = 1;
    return 1;
}

static int write_some(void *of, const unsigned char *data, size_t len) {
    return answer(mbedtls_ssl_write(&((struct tls *)of)->tls, data, len), "write");
}

static int read_some(void *of, unsigned char *out, size_t len) {
    return answer(mbedtls_ssl_read(&((struct tls *)of)->tls, out, len), "read");
}

static int resumed(void *of) { return ((struct tls *)of)->resumed; }
static const char *suite(void *of) { return mbedtls_ssl_get_ciphersuite(&((struct tls *)of)->tls); }

static void free_connection(void *of) {
    struct tls *tls = of;
    struct context *context = tls->context;
    if (context->resume && !context->server && tls->done) {
        mbedtls_ssl_session_free(&context->session);
        mbedtls_ssl_session_init(&context->session);
        context->has_session = mbedtls_ssl_get_session(&tls->tls, &context->session) == 0;
    }
    mbedtls_ssl_free(&tls->tls);
    free(tls);
}

const struct library bench_mbedtls = {
    new_context, new_connection, handshake, write_some, read_some, resumed, suite, free_connection,
};

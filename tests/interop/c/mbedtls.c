/* mbedTLS as a peer; see bridge.h. TLS 1.2 only. */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/version.h>

#include "bridge.h"

static int answer(int n) {
    if (n == MBEDTLS_ERR_SSL_WANT_READ || n == MBEDTLS_ERR_SSL_WANT_WRITE) return TLS_AGAIN;
    if (n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) return TLS_CLOSED;
    if (n > 0) return n;
    fprintf(stderr, "mbedtls: -0x%x\n", -n);
    return TLS_FAILED;
}

static int tls_read(void *tls, unsigned char *buffer, int size) { return answer(mbedtls_ssl_read(tls, buffer, size)); }
static int tls_write(void *tls, const unsigned char *bytes, int len) {
    return answer(mbedtls_ssl_write(tls, bytes, len));
}
static int tls_close(void *tls) { return mbedtls_ssl_close_notify(tls); }
static int tls_update_key(void *tls) {
    (void)tls;
    return -1;
}

/* The server insists on the name that it was told. */
static int check_name(void *expected, mbedtls_ssl_context *tls, const unsigned char *name, size_t len) {
    (void)tls;
    return strlen(expected) == len && memcmp(expected, name, len) == 0 ? 0 : -1;
}

int main(int argc, char **argv) {
    if (argc == 2) {
        printf("mbedTLS %s\n", MBEDTLS_VERSION_STRING);
        return 0;
    }
    struct options options = parse(argc, argv);
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_ssl_config config;
    mbedtls_x509_crt ca, cert;
    mbedtls_pk_context key;
    mbedtls_ssl_cache_context cache;
    mbedtls_ssl_session session;
    int suites[2] = {0, 0}, code;
    const char *protocols[2] = {options.alpn, NULL};
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&random);
    mbedtls_ssl_config_init(&config);
    mbedtls_x509_crt_init(&ca);
    mbedtls_x509_crt_init(&cert);
    mbedtls_pk_init(&key);
    mbedtls_ssl_cache_init(&cache);
    mbedtls_ssl_session_init(&session);
    mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0);
    int role = options.server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT;
    mbedtls_ssl_config_defaults(&config, role, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random);
    mbedtls_ssl_conf_min_version(&config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    if ((code = mbedtls_x509_crt_parse_file(&ca, options.ca)) != 0) fail("ca", code);
    mbedtls_ssl_conf_ca_chain(&config, &ca, NULL);
    int verify = !options.server || options.ask ? MBEDTLS_SSL_VERIFY_REQUIRED : MBEDTLS_SSL_VERIFY_NONE;
    mbedtls_ssl_conf_authmode(&config, verify);
    if (options.cert) {
        if ((code = mbedtls_x509_crt_parse_file(&cert, options.cert)) != 0) fail("cert", code);
        if ((code = mbedtls_pk_parse_keyfile(&key, options.key, NULL)) != 0) fail("key", code);
        mbedtls_ssl_conf_own_cert(&config, &cert, &key);
    }
    if (options.suite) {
        suites[0] = atoi(options.suite);
        mbedtls_ssl_conf_ciphersuites(&config, suites);
    }
    if (options.alpn) mbedtls_ssl_conf_alpn_protocols(&config, protocols);
    if (options.server) {
        mbedtls_ssl_conf_session_cache(&config, &cache, mbedtls_ssl_cache_get, mbedtls_ssl_cache_set);
        if (options.name) mbedtls_ssl_conf_sni(&config, check_name, (void *)options.name);
    }

    for (int count = 0; count < options.sessions; count++) {
        mbedtls_ssl_context tls;
        mbedtls_net_context net = {open_socket(&options)};
        mbedtls_ssl_init(&tls);
        if ((code = mbedtls_ssl_setup(&tls, &config)) != 0) fail("setup", code);
        if (!options.server) mbedtls_ssl_set_hostname(&tls, options.name);
        if (!options.server && count > 0) mbedtls_ssl_set_session(&tls, &session);
        mbedtls_ssl_set_bio(&tls, &net, mbedtls_net_send, mbedtls_net_recv, NULL);
        if ((code = mbedtls_ssl_handshake(&tls)) != 0) fail_on(net.fd, code);
        set_nonblocking(net.fd);
        int ended = bridge(&tls, net.fd);
        if (!options.server) mbedtls_ssl_get_session(&tls, &session);
        mbedtls_ssl_free(&tls);
        close(net.fd);
        if (!options.server && ended == BRIDGE_ENDED) break;
    }
    return 0;
}

/* wolfSSL as a peer; see bridge.h. */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include "bridge.h"

static int answer(WOLFSSL *tls, int n) {
    if (n > 0) return n;
    int error = wolfSSL_get_error(tls, n);
    if (error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE) return TLS_AGAIN;
    if (error == WOLFSSL_ERROR_ZERO_RETURN) return TLS_CLOSED;
    fprintf(stderr, "wolfssl: %d %s\n", error, wolfSSL_ERR_reason_error_string(error));
    return TLS_FAILED;
}

static int tls_read(void *tls, unsigned char *buffer, int size) { return answer(tls, wolfSSL_read(tls, buffer, size)); }
static int tls_write(void *tls, const unsigned char *bytes, int len) {
    return answer(tls, wolfSSL_write(tls, bytes, len));
}
static int tls_close(void *tls) { return wolfSSL_shutdown(tls); }
static int tls_update_key(void *tls) {
    int code = wolfSSL_update_keys(tls);
    return code == WOLFSSL_SUCCESS || code == WOLFSSL_ERROR_WANT_WRITE ? 0 : code;
}

static WOLFSSL_METHOD *method(const struct options *options) {
    if (options->server) return options->tls13 ? wolfTLSv1_3_server_method() : wolfTLSv1_2_server_method();
    return options->tls13 ? wolfTLSv1_3_client_method() : wolfTLSv1_2_client_method();
}

static void check(int code, const char *what) {
    if (code != WOLFSSL_SUCCESS) fail(what, code);
}

static WOLFSSL_CTX *context(const struct options *options) {
    WOLFSSL_CTX *context = wolfSSL_CTX_new(method(options));
    if (context == NULL) fail("context", 0);
    check(wolfSSL_CTX_load_verify_locations(context, options->ca, NULL), "ca");
    if (options->cert) {
        check(wolfSSL_CTX_use_certificate_chain_file(context, options->cert), "cert");
        check(wolfSSL_CTX_use_PrivateKey_file(context, options->key, WOLFSSL_FILETYPE_PEM), "key");
    }
    if (options->suite) check(wolfSSL_CTX_set_cipher_list(context, options->suite), "suite");
    int verify = WOLFSSL_VERIFY_NONE;
    if (!options->server || options->ask) verify = WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    wolfSSL_CTX_set_verify(context, verify, NULL);
    if (options->name) {
        check(wolfSSL_CTX_UseSNI(context, WOLFSSL_SNI_HOST_NAME, options->name, strlen(options->name)), "name");
        /* The server insists on it. */
        if (options->server) wolfSSL_CTX_SNI_SetOptions(context, WOLFSSL_SNI_HOST_NAME, WOLFSSL_SNI_ABORT_ON_ABSENCE);
    }
    if (!options->server && !options->tls13) check(wolfSSL_CTX_UseSessionTicket(context), "ticket");
    return context;
}

static WOLFSSL *session(const struct options *options, WOLFSSL_CTX *context) {
    int groups[] = {WOLFSSL_ECC_X25519, WOLFSSL_ECC_SECP256R1, WOLFSSL_ECC_SECP384R1};
    WOLFSSL *tls = wolfSSL_new(context);
    if (tls == NULL) fail("session", 0);
    if (options->alpn) {
        char list[64];
        snprintf(list, sizeof list, "%s", options->alpn);
        check(wolfSSL_UseALPN(tls, list, strlen(list), WOLFSSL_ALPN_FAILED_ON_MISMATCH), "alpn");
    }
    if (options->retry && options->server) check(wolfSSL_set_groups(tls, groups + 2, 1), "groups");
    if (!options->server && options->tls13) {
        /* Its own order begins with groups that it sends no share for. */
        check(wolfSSL_set_groups(tls, groups, 3), "groups");
        check(wolfSSL_UseKeyShare(tls, groups[0]), "key share");
    }
    if (!options->server) check(wolfSSL_check_domain_name(tls, options->name), "name");
    return tls;
}

int main(int argc, char **argv) {
    if (argc == 2) {
        printf("wolfSSL %s\n", LIBWOLFSSL_VERSION_STRING);
        return 0;
    }
    struct options options = parse(argc, argv);
    wolfSSL_Init();
    WOLFSSL_CTX *shared = context(&options);
    WOLFSSL_SESSION *kept = NULL;
    for (int count = 0; count < options.sessions; count++) {
        int fd = open_socket(&options), code;
        WOLFSSL *tls = session(&options, shared);
        if (kept) check(wolfSSL_set_session(tls, kept), "resume");
        wolfSSL_set_fd(tls, fd);
        code = options.server ? wolfSSL_accept(tls) : wolfSSL_connect(tls);
        if (code != WOLFSSL_SUCCESS) fail_on(fd, wolfSSL_get_error(tls, code));
        set_nonblocking(fd);
        wolfSSL_set_using_nonblock(tls, 1);
        int ended = bridge(tls, fd);
        if (!options.server) kept = wolfSSL_get1_session(tls);
        wolfSSL_free(tls);
        close(fd);
        if (!options.server && ended == BRIDGE_ENDED) break;
    }
    return 0;
}

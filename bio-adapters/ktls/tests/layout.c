/* Prints the structures of linux/tls.h, filled field by field, and its numbers, as a C compiler has them. */
#include <linux/tls.h>
#include <stdio.h>
#include <string.h>

static void field(unsigned char *bytes, size_t len, int first) {
    for (size_t i = 0; i < len; i++)
        bytes[i] = (unsigned char)(first + i);
}

static void print(const char *name, const void *structure, size_t len) {
    printf("%s ", name);
    for (size_t i = 0; i < len; i++)
        printf("%02x", ((const unsigned char *)structure)[i]);
    printf("\n");
}

#define SHOW(name, number)                                      \
    do {                                                        \
        struct tls12_crypto_info_##name info;                   \
        memset(&info, 0xee, sizeof info);                       \
        info.info.version = TLS_1_3_VERSION;                    \
        info.info.cipher_type = number;                         \
        field(info.salt, sizeof info.salt, 0x10);               \
        field(info.iv, sizeof info.iv, 0x10 + sizeof info.salt); \
        field(info.key, sizeof info.key, 0x80);                 \
        field(info.rec_seq, sizeof info.rec_seq, 0x40);         \
        print(#name, &info, sizeof info);                       \
    } while (0)

int main(void) {
    SHOW(aes_gcm_128, TLS_CIPHER_AES_GCM_128);
    SHOW(aes_gcm_256, TLS_CIPHER_AES_GCM_256);
    SHOW(chacha20_poly1305, TLS_CIPHER_CHACHA20_POLY1305);
    printf("numbers %d %d %d %d %d\n", TLS_TX, TLS_RX, TLS_SET_RECORD_TYPE, TLS_GET_RECORD_TYPE, TLS_1_2_VERSION);
    return 0;
}

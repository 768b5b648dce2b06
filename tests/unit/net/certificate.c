/* Makes self-signed certificates with GnuTLS. */
#include "certificate.h"

#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void write_file(const char *path, const gnutls_datum_t *content)
{
    FILE *file = fopen(path, "w");

    if (file == NULL || fwrite(content->data, 1, content->size, file) != content->size) {
        printf("Bail out! %s cannot be written\n", path);
        exit(1);
    }
    fclose(file);
}

void certificate_write(const char *cert_file, const char *key_file, const char *common_name)
{
    static const unsigned char loopback[] = { 127, 0, 0, 1 };
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t cert;
    gnutls_datum_t text;
    unsigned char serial = 1;

    gnutls_x509_privkey_init(&key);
    gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    gnutls_x509_crt_init(&cert);
    gnutls_x509_crt_set_version(cert, 3);
    gnutls_x509_crt_set_serial(cert, &serial, sizeof(serial));
    gnutls_x509_crt_set_activation_time(cert, time(NULL) - 3600);
    gnutls_x509_crt_set_expiration_time(cert, time(NULL) + 3600);
    gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, common_name,
                                  (unsigned)strlen(common_name));
    gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_IPADDRESS, loopback, sizeof(loopback),
                                         GNUTLS_FSAN_APPEND);
    gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_DNSNAME, "localhost", 9,
                                         GNUTLS_FSAN_APPEND);
    gnutls_x509_crt_set_basic_constraints(cert, 1, -1);
    gnutls_x509_crt_set_key(cert, key);
    gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0);
    gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, &text);
    write_file(cert_file, &text);
    gnutls_free(text.data);
    gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &text);
    write_file(key_file, &text);
    gnutls_free(text.data);
    gnutls_x509_crt_deinit(cert);
    gnutls_x509_privkey_deinit(key);
}

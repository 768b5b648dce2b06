/*
 * Certificates of the HTTPS server: read from files, and read again without dropping a connection.  A handshake may
 * still use what was replaced, so every certificate is kept until the server ends; unchanged files add none.
 */
#include <errno.h>
#include <fcntl.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "net/http_internal.h"

enum {
    CHAIN_LIMIT = 8,
    FILE_LIMIT_BYTES = 256 * 1024
};

struct certificate {
    struct certificate *older;
    gnutls_pcert_st chain[CHAIN_LIMIT];
    unsigned count;
    gnutls_privkey_t key;
    unsigned char digest[SHA256_BYTES]; /* of both files */
};

struct http_tls {
    char *cert_file;
    char *key_file;
    _Atomic(struct certificate *) newest;
};

static int read_file(const char *path, gnutls_datum_t *content, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    ssize_t length;

    if (fd < 0)
        return error_system(err, errno, "TLS file \"%s\"", path);
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
        status.st_size > FILE_LIMIT_BYTES) {
        close(fd);
        return error_set(err, ERROR_INVALID,
                         "TLS file \"%s\": must be a regular file of at most %d bytes", path,
                         FILE_LIMIT_BYTES);
    }
    content->data = memory_new((size_t)status.st_size + 1);
    length = read(fd, content->data, (size_t)status.st_size);
    close(fd);
    content->size = length > 0 ? (unsigned)length : 0;
    return 0;
}

static void wipe(gnutls_datum_t *content)
{
    if (content->data != NULL)
        explicit_bzero(content->data, content->size);
    free(content->data);
}

static void certificate_free(struct certificate *certificate)
{
    for (unsigned i = 0; i < certificate->count; i++)
        gnutls_pcert_deinit(&certificate->chain[i]);
    if (certificate->key != NULL)
        gnutls_privkey_deinit(certificate->key);
    free(certificate);
}

/* gnutls compares the two when they are put into credentials together. */
static bool belong_together(const gnutls_datum_t *cert, const gnutls_datum_t *key)
{
    gnutls_certificate_credentials_t credentials;

    if (gnutls_certificate_allocate_credentials(&credentials) < 0)
        return false;
    int failed =
        gnutls_certificate_set_x509_key_mem(credentials, cert, key, GNUTLS_X509_FMT_PEM);
    gnutls_certificate_free_credentials(credentials);
    return failed >= 0;
}

static int fill(const struct http_tls *tls, struct certificate *certificate,
                const gnutls_datum_t *cert, const gnutls_datum_t *key, struct error *err)
{
    unsigned count = CHAIN_LIMIT;
    int failed = gnutls_pcert_list_import_x509_raw(certificate->chain, &count, cert,
                                                   GNUTLS_X509_FMT_PEM, 0);

    if (failed < 0)
        return error_set(err, ERROR_INVALID, "TLS certificate \"%s\": %s", tls->cert_file,
                         gnutls_strerror(failed));
    certificate->count = count;
    failed = gnutls_privkey_init(&certificate->key);
    if (failed >= 0)
        failed =
            gnutls_privkey_import_x509_raw(certificate->key, key, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (failed < 0)
        return error_set(err, ERROR_INVALID, "TLS key \"%s\": %s", tls->key_file,
                         gnutls_strerror(failed));
    if (!belong_together(cert, key))
        return error_set(err, ERROR_INVALID,
                         "TLS key \"%s\" does not belong to the certificate \"%s\"",
                         tls->key_file, tls->cert_file);
    return 0;
}

static void digest_files(const gnutls_datum_t *cert, const gnutls_datum_t *key,
                         unsigned char digest[SHA256_BYTES])
{
    unsigned char both[2 * SHA256_BYTES];

    sha256(cert->data, cert->size, both);
    sha256(key->data, key->size, both + SHA256_BYTES);
    sha256(both, sizeof(both), digest);
}

static int use(struct http_tls *tls, const gnutls_datum_t *cert, const gnutls_datum_t *key,
               struct error *err)
{
    struct certificate *newest = atomic_load(&tls->newest);
    unsigned char digest[SHA256_BYTES];

    digest_files(cert, key, digest);
    if (newest != NULL && memcmp(digest, newest->digest, sizeof(digest)) == 0)
        return 0;
    struct certificate *certificate = memory_new(sizeof(*certificate));
    if (fill(tls, certificate, cert, key, err) < 0) {
        certificate_free(certificate);
        return -1;
    }
    memcpy(certificate->digest, digest, sizeof(digest));
    certificate->older = newest;
    atomic_store(&tls->newest, certificate);
    return 0;
}

int http_tls_reload(struct http_tls *tls, struct error *err)
{
    gnutls_datum_t cert = { 0 }, key = { 0 };
    int result = -1;

    if (read_file(tls->cert_file, &cert, err) == 0 && read_file(tls->key_file, &key, err) == 0)
        result = use(tls, &cert, &key, err);
    wipe(&cert);
    wipe(&key);
    return result;
}

struct http_tls *http_tls_open(const char *cert_file, const char *key_file, struct error *err)
{
    struct http_tls *tls = memory_new(sizeof(*tls));

    tls->cert_file = memory_copy(cert_file);
    tls->key_file = memory_copy(key_file);
    if (http_tls_reload(tls, err) == 0)
        return tls;
    http_tls_close(tls);
    return NULL;
}

void http_tls_close(struct http_tls *tls)
{
    if (tls == NULL)
        return;
    struct certificate *certificate = atomic_load(&tls->newest);
    while (certificate != NULL) {
        struct certificate *older = certificate->older;

        certificate_free(certificate);
        certificate = older;
    }
    free(tls->cert_file);
    free(tls->key_file);
    free(tls);
}

/* The session's pointer is libmicrohttpd's connection (MHD_OPTION_HTTPS_CERT_CALLBACK). */
int http_tls_retrieve(gnutls_session_t session, const gnutls_datum_t *names, int name_count,
                      const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                      gnutls_pcert_st **certificates, unsigned *count, gnutls_privkey_t *key)
{
    struct MHD_Connection *connection = gnutls_session_get_ptr(session);
    struct http_socket *socket =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    struct certificate *newest = atomic_load(&socket->listener->tls->newest);

    (void)names;
    (void)name_count;
    (void)algorithms;
    (void)algorithm_count;
    *certificates = newest->chain;
    *count = newest->count;
    *key = newest->key;
    return 0;
}

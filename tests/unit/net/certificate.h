/* Certificates that the TLS tests make for themselves. */
#pragma once

/* Writes a new key and a certificate for 127.0.0.1 and localhost, signed by itself. */
void certificate_write(const char *cert_file, const char *key_file, const char *common_name);

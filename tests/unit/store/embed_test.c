/* Files in the program: their names, bytes and number. */
#include "base/embedded.h"

#include "tap.h"

extern const struct embedded_file samples[];
extern const size_t samples_count;

int main(void)
{
    tap_case("embedded files");
    CHECK_INT(samples_count, 3);
    CHECK_STR(samples[0].name, "text.txt");
    CHECK_STR((const char *)samples[0].bytes,
              "A text with \"quotes\", a backslash \\ and a ?\?= trigraph.\n");
    CHECK_INT(samples[0].length, strlen((const char *)samples[0].bytes));
    CHECK_STR(samples[1].name, "below/bytes.bin");
    CHECK_INT(samples[1].length, 3);
    CHECK(memcmp(samples[1].bytes, "\0\1\377", 4) == 0);
    CHECK_STR(samples[2].name, "empty.txt");
    CHECK_INT(samples[2].length, 0);
    CHECK(samples[3].name == NULL);
    return tap_done();
}

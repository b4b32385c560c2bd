/* fuzz_mime.c - mails: whatever is accepted is UTF-8, safe to show and to store, and printable as
 * JSON. */
#include "fuzz.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "safe.h"
#include "text/json.h"
#include "text/mime.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena a;
    struct mail m;
    struct json *v;
    arena_init(&a);
    if (mail_parse(&a, (struct str){(const char *)bytes, n}, &m, NULL) == ERR_OK) {
        assert(utf8_valid(m.subject) && utf8_valid(m.text) && utf8_valid(m.quoted) &&
               utf8_valid(m.signature));
        assert(str_find_char(m.subject, '\n', 0) < 0);
        assert_safe(m.html.html);
        assert(m.attachment_count <= MAIL_ATTACHMENTS_MAX &&
               m.reference_count <= MAIL_REFERENCES_MAX);
        for (size_t i = 0; i < m.attachment_count; i++) {
            struct str name = m.attachments[i].name;
            assert(name.n && name.n <= 128 && utf8_valid(name) && name.p[0] != '.');
            for (size_t k = 0; k < name.n; k++)
                assert((unsigned char)name.p[k] >= 0x20 && !strchr("/\\", name.p[k]));
        }
        assert(mail_sender_check(&m, STR("mx.e.org")) <= MAIL_SENDER_DOUBTED);
        assert(mail_sender_check(&m, STR("")) == MAIL_SENDER_UNCHECKED);
        struct buf b;
        buf_init_in(&b, &a, 256 * 1024 * 1024);
        mail_to_json(&b, &m);
        assert(json_parse(&a, buf_str(&b), &v, NULL) == ERR_OK);
    }
    arena_deinit(&a);
    return 0;
}

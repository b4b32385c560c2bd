/* file.c - posts that a person imports from a file; they come through the import command, not by
 * polling. */
#include "channels/shared.h"

const struct channel channel_file = {
    .key = "file",
    .label = N_("File import"),
    .icon = "file-text",
    .resend = RESEND_NEVER,
};

/* right.c - the table of rights by role; see right.h. */
#include "domain/right.h"

static const bool rights[ROLE_COUNT][RIGHT_COUNT] = {
    [ROLE_READER] = {[RIGHT_NONE] = true, [RIGHT_SIGNED_IN] = true, [RIGHT_READ] = true},
    [ROLE_AGENT] =
        {[RIGHT_NONE] = true, [RIGHT_SIGNED_IN] = true, [RIGHT_READ] = true, [RIGHT_ANSWER] = true},
    [ROLE_LEAD] = {[RIGHT_NONE] = true,
                   [RIGHT_SIGNED_IN] = true,
                   [RIGHT_READ] = true,
                   [RIGHT_ANSWER] = true,
                   [RIGHT_LEAD] = true},
    [ROLE_ADMINISTRATOR] = {[RIGHT_NONE] = true,
                            [RIGHT_SIGNED_IN] = true,
                            [RIGHT_READ] = true,
                            [RIGHT_ANSWER] = true,
                            [RIGHT_LEAD] = true,
                            [RIGHT_ADMINISTER] = true},
};

bool right_of_role(enum role role, enum right right)
{
    return (unsigned)role < ROLE_COUNT && (unsigned)right < RIGHT_COUNT && rights[role][right];
}

/* A process killed in the middle of its writes has lost nothing that it acknowledged, and its ids
 * are not given out again. A child writes and tells each acknowledged id through a pipe; it is
 * killed after a random number of them. */
#include "scratch.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rand.h"
#include "base/threads.h"

enum { KILLS = 20, WRITERS = 4, LONGEST = 400, IDS_MAX = KILLS * (LONGEST + 20000) };

struct child {
    struct store *store;
    int out;
};

static void *write_and_tell(void *p)
{
    struct child *c = p;
    for (;;) {
        struct note_job j = {.id = store_id(c->store, rand_below(2) ? 0 : INT64_C(1600000000000))};
        if (store_write(c->store, note_write, &j, NULL) != ERR_OK ||
            write(c->out, &j.id, sizeof j.id) != sizeof j.id)
            _exit(1);
    }
}

static void run_child(struct scratch *s, int out)
{
    struct child c = {.out = out};
    struct errinfo e;
    pthread_t t;
    if (store_open(&c.store, &s->options, &e) != ERR_OK)
        _exit(2);
    for (int i = 1; i < WRITERS; i++)
        if (thread_start(&t, "writes", write_and_tell, &c) != ERR_OK)
            _exit(3);
    write_and_tell(&c);
}

/* Reads what the child told until it is killed, which happens after the given number. */
static size_t kill_after(struct scratch *s, size_t wanted, int64_t *ids)
{
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(pipe_fds[0]);
        run_child(s, pipe_fds[1]);
    }
    close(pipe_fds[1]);
    size_t n = 0;
    while (read(pipe_fds[0], &ids[n], sizeof *ids) == sizeof *ids) {
        n++;
        if (n == wanted)
            assert_int_equal(kill(pid, SIGKILL), 0);
        if (n == LONGEST + 20000)
            break;
    }
    if (wanted == 0)
        kill(pid, SIGKILL);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    close(pipe_fds[0]);
    return n;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void nothing_acknowledged_is_lost(void **state)
{
    struct scratch *s = *state;
    int64_t *ids = calloc(IDS_MAX, sizeof *ids);
    size_t n = 0;
    for (int i = 0; i < KILLS; i++)
        n += kill_after(s, 1 + rand_below(LONGEST), ids + n);
    scratch_open(s);
    struct errinfo e;
    assert_int_equal(store_check(s->store, &e), ERR_OK);
    for (size_t i = 0; i < n; i++) {
        struct note_sql_get_row row;
        struct note_sql_get_in in = {1, ids[i]};
        assert_int_equal(note_sql_get(store_reader(s->store), &s->arena, &in, &row), ERR_OK);
    }
    assert_true(note_count(s) >= (int64_t)n);
    qsort(ids, n, sizeof *ids, compare);
    for (size_t i = 1; i < n; i++)
        assert_true(ids[i - 1] < ids[i]);
    free(ids);
}

/* Kills by time instead, so that they also hit the opening and the migrations. */
static void an_opening_killed_at_any_moment_can_be_repeated(void **state)
{
    struct scratch *s = *state;
    for (int i = 0; i < KILLS; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            struct store *store;
            struct errinfo e;
            _exit(store_open(&store, &s->options, &e) == ERR_OK ? 0 : 1);
        }
        usleep((useconds_t)rand_below(6000));
        kill(pid, SIGKILL);
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
        scratch_open(s);
        assert_int_equal(note_count(s), 0);
        scratch_wipe(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_acknowledged_is_lost, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(an_opening_killed_at_any_moment_can_be_repeated,
                                        scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

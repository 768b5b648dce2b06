/* Ends a run that somebody has cancelled, whatever it has come to. */
#include "connectors/local/local.h"

enum {
    /* Longer than the supervisor takes: 5 s for the pipeline, 2 s for what it leaves. */
    STOP_WAIT_MS = 9 * 1000
};

static int stop_ready(struct call *call, const char *folder, struct run_look *look,
                      struct error *err)
{
    bool sealed = false;

    if (run_claim(folder, true, &sealed, err) < 0)
        return -1;
    /* A supervisor came first: it can be told. */
    return sealed ? 0 : run_look(call_arena(call), folder, look, err);
}

int run_cancel(struct call *call, struct run_state *state, struct error *err)
{
    const char *folder = run_call_folder(call, state);
    struct run_look look;

    if (run_look(call_arena(call), folder, &look, err) < 0)
        return -1;
    if (look.phase == RUN_READY && stop_ready(call, folder, &look, err) < 0)
        return -1;
    if (look.phase == RUN_GOING && run_stop(&look.owner, STOP_WAIT_MS, err) < 0)
        return -1;
    if (look.phase != RUN_ABSENT)
        run_read_rest(call, state);
    return 0;
}

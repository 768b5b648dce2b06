/* Finds the processes of a session in /proc. */
#include "connectors/local/session.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/text.h"
#include "connectors/local/run_process.h"

/* What is asked of each member that has not ended. */
typedef void visit_function(pid_t pid, void *context);

static bool is_member(pid_t pid, pid_t session)
{
    struct process_facts facts;

    return process_find(pid, &facts) && facts.session == session && facts.state != 'Z' &&
           facts.state != 'X';
}

static void visit_all(pid_t session, visit_function *visit, void *context)
{
    DIR *directory = opendir("/proc");
    struct dirent *entry;
    long long pid = 0;

    if (directory == NULL)
        return;
    while ((entry = readdir(directory)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]) && text_to_integer(entry->d_name, &pid) &&
            is_member((pid_t)pid, session))
            visit((pid_t)pid, context);
    closedir(directory);
}

struct mail {
    pid_t session;
    int signal;
};

/* The descriptor holds the process: looked at again, it is certain who gets the signal. */
static void send(pid_t pid, void *context)
{
    const struct mail *mail = context;
    int process = pidfd_open(pid, 0);

    if (process < 0)
        return;
    if (is_member(pid, mail->session))
        (void)pidfd_send_signal(process, mail->signal, NULL, 0);
    close(process);
}

void session_signal(pid_t session, int signal)
{
    struct mail mail = { .session = session, .signal = signal };

    /* The group in one go, so that nothing in it can escape by forking; then groups that it has made. */
    kill(-session, signal);
    visit_all(session, send, &mail);
}

struct census {
    pid_t session;
    bool others;
    long long memory_bytes;
};

static void count(pid_t pid, void *context)
{
    struct census *census = context;

    if (pid != census->session)
        census->others = true;
}

bool session_has_others(pid_t session)
{
    struct census census = { .session = session };

    visit_all(session, count, &census);
    return census.others;
}

static void weigh(pid_t pid, void *context)
{
    struct census *census = context;

    census->memory_bytes += process_memory(pid);
}

long long session_memory(pid_t session)
{
    struct census census = { .session = session };

    visit_all(session, weigh, &census);
    return census.memory_bytes;
}

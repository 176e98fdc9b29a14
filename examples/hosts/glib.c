// The host is GLib's main loop, which GTK and GNOME programs run on.
#include "guest.h"

#include <glib-unix.h>

static GMainLoop *loop;

static gboolean notified(gint fd, GIOCondition condition, gpointer executor)
{
    (void)condition;
    notification_clear(fd);
    local_executor_run_pending(executor);
    if (guest_done()) g_main_loop_quit(loop);
    return G_SOURCE_CONTINUE;
}

static gboolean beat(gpointer unused)
{
    (void)unused;
    guest_beat();
    return G_SOURCE_CONTINUE;
}

int main(void)
{
    struct waker notification;
    int fd = notification_new(&notification);
    struct local_executor *executor = local_executor_new(&notification);

    loop = g_main_loop_new(NULL, FALSE);
    guint watch = g_unix_fd_add(fd, G_IO_IN, notified, executor);
    g_timeout_add(10, beat, NULL);
    guest_start(executor);
    g_main_loop_run(loop);
    g_source_remove(watch);
    local_executor_drop(executor);
    g_main_loop_unref(loop);
    return guest_report("glib");
}

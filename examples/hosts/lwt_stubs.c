// What lwt_host.ml calls. OCaml passes and gets a `value`: a number with a tag, or a
// pointer into its heap. A file descriptor is a number. All of this runs on the
// thread of Lwt's loop; other threads only write to the eventfd, so they need
// not know OCaml.
#include "guest.h"

#include <caml/mlvalues.h>

static struct local_executor *executor;

value host_notification_new(value unit)
{
    struct waker notification;
    int fd = notification_new(&notification);

    (void)unit;
    executor = local_executor_new(&notification);
    return Val_int(fd);
}

value host_run_pending(value fd)
{
    notification_clear(Int_val(fd));
    local_executor_run_pending(executor);
    return Val_unit;
}

value host_guest_start(value unit)
{
    guest_start(executor);
    return unit;
}

value host_guest_beat(value unit)
{
    guest_beat();
    return unit;
}

value host_guest_done(value unit)
{
    (void)unit;
    return Val_bool(guest_done());
}

value host_drop(value unit)
{
    local_executor_drop(executor);
    return unit;
}

value host_guest_report(value host)
{
    return Val_int(guest_report(String_val(host)));
}

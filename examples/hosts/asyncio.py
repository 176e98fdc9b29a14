#!/usr/bin/env python3
# The host is Python's asyncio. ctypes calls the C functions of guest.so, which
# make puts beside this file. They run on the thread of the loop.
import asyncio
import ctypes
import os
import sys

guest = ctypes.CDLL(os.path.join(os.path.dirname(__file__), "guest.so"))
guest.local_executor_new.restype = ctypes.c_void_p


async def main():
    done = asyncio.Event()
    notification = (ctypes.c_void_p * 2)()  # a struct waker: two pointers
    fd = guest.notification_new(notification)
    executor = ctypes.c_void_p(guest.local_executor_new(notification))

    def notified():
        guest.notification_clear(fd)
        guest.local_executor_run_pending(executor)
        if guest.guest_done():
            done.set()

    def beat():
        guest.guest_beat()
        loop.call_later(0.01, beat)

    loop = asyncio.get_running_loop()
    loop.add_reader(fd, notified)
    loop.call_later(0.01, beat)
    guest.guest_start(executor)
    await done.wait()
    loop.remove_reader(fd)
    guest.local_executor_drop(executor)
    return guest.guest_report(b"asyncio")

sys.exit(asyncio.run(main()))

#!/usr/bin/env python3
"""Peers of delayserver, as they come: peers.py PORT KIND COUNT [SECONDS].

slow      COUNT peers send a byte of a request now and then, while one asks as usual
crowd     COUNT peers ask for the same delay at once
resets    COUNT peers reset their connection: before, in and after the request
chaos     COUNT peers at a time do any of that, for so many seconds

Prints one line: what was asked, answered and refused, and the longest wait.
"""
import asyncio
import random
import socket
import struct
import sys
import time

port, kind, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 0
counts = {"asked": 0, "answered": 0, "wrong": 0}
longest = 0.0


def request(millis):
    return b"GET /%d/hello HTTP/1.1\r\nHost: x\r\n\r\n" % millis


async def ask(millis, patience=120):
    """A peer that means well. Its reply must be right."""
    global longest
    counts["asked"] += 1
    start = time.monotonic()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request(millis))
        reply = await asyncio.wait_for(reader.read(), patience)
        writer.close()
    except (OSError, asyncio.TimeoutError):
        reply = b""
    good = reply.startswith(b"HTTP/1.1 200") and reply.endswith(b"hello")
    counts["answered" if good else "wrong"] += 1
    longest = max(longest, time.monotonic() - start - millis / 1000)


async def slow(pause=1.0):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for byte in request(0):
            writer.write(bytes([byte]))
            await writer.drain()
            if reader.at_eof():
                break  # the server has given it up, as it must
            await asyncio.sleep(pause)
    except OSError:
        pass  # the same, by a reset
    writer.close()


async def reset():
    """Leaves with a reset, at whatever point."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return
    text = request(random.choice([0, 50, 60000]))
    writer.write(text[: random.randrange(len(text) + 1)])
    await asyncio.sleep(random.random() * 0.05)
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def one_of_all(end):
    while time.monotonic() < end:
        dice = random.random()
        if dice < 0.6:
            await ask(random.randrange(100))
        elif dice < 0.9:
            await reset()
        else:
            await asyncio.wait({asyncio.ensure_future(slow(0.05))}, timeout=3)


async def main():
    if kind == "slow":
        peers = [asyncio.ensure_future(slow()) for _ in range(count)]
        end = time.monotonic() + 4
        while time.monotonic() < end:
            await ask(0)
        for peer in peers:
            peer.cancel()
    elif kind == "crowd":
        await asyncio.gather(*(ask(100) for _ in range(count)))
    elif kind == "resets":
        for at in range(0, count, 100):
            await asyncio.gather(*(reset() for _ in range(min(100, count - at))))
        await ask(0)
    else:
        end = time.monotonic() + seconds
        await asyncio.gather(*(one_of_all(end) for _ in range(count)))


asyncio.run(main())
print(f"{counts['answered']} of {counts['asked']} right, {longest * 1000:.0f} ms late at most")
sys.exit(counts["wrong"] > 0)

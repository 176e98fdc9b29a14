#!/usr/bin/env python3
"""A client of examples/udp_echo: sends datagrams one after the other, of 0 to
9000 random bytes, and compares each echo. None is sent again.

    python3 tests/echo_client.py 127.0.0.1:9999 10000
    python3 tests/echo_client.py '[::1]:9999' 10000
"""
import random
import socket
import sys


def echoes(sock, datagram):
    """Whether the next datagram to arrive is the one sent."""
    try:
        sock.send(datagram)
        return sock.recv(65536) == datagram
    except OSError:  # a timeout, or nobody listens
        return False


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    host, _, port = sys.argv[1].rpartition(":")
    count = int(sys.argv[2])
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        sock.connect((host.strip("[]"), int(port)))
        for i in range(count):
            if not echoes(sock, random.randbytes(random.randint(0, 9000))):
                print(f"Datagram {i + 1} of {count} was lost or changed")
                sys.exit(1)
    print(f"{count} datagrams sent, {count} echoes alike")


main()

"""Sends a broadcast frame into an interface, and prints the number of copies at other interfaces, by tunnel end, as JSON.

flood.py FROM WATCHED...: runs in the network namespace of all these interfaces.
"""
import json
import select
import socket
import sys
import time

MARK = b'\x88\xb5flood'  # an EtherType for experiments (IEEE 802) and a mark, which distinguish our frame from others
OUTGOING = 4  # PACKET_OUTGOING: frames that the kernel itself sends there
SO_RCVBUFFORCE = 33


def opened(interface):
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    tap.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 28)
    tap.bind((interface, 0))
    return tap


def end_of(frame):
    """The destination address of the outer header; an empty string if there is none."""
    if frame[12:14] == b'\x08\x00':
        return socket.inet_ntop(socket.AF_INET, frame[30:34])
    if frame[12:14] == b'\x86\xdd':
        return socket.inet_ntop(socket.AF_INET6, frame[38:54])
    return ''


sender, watched = sys.argv[1], sys.argv[2:]
taps = {opened(name): name for name in watched}
heard = {name: {} for name in watched}
opened(sender).send(b'\xff' * 6 + bytes.fromhex('020000000000') + MARK + bytes(64))
quiet = time.monotonic() + 10
while ready := select.select(list(taps), [], [], max(0, quiet - time.monotonic()))[0]:
    for tap in ready:
        frame, where = tap.recvfrom(4096)
        if where[2] == OUTGOING or MARK not in frame:
            continue
        quiet = time.monotonic() + 0.7
        copies = heard[taps[tap]]
        copies[end_of(frame)] = copies.get(end_of(frame), 0) + 1
print(json.dumps(heard))

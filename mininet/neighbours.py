"""Clears the neighbour tables of machines by netlink. Experiments do this for every VM, so a process for each would cost much."""
import socket
import struct

from wire import socket_in

RTM_DELNEIGH, RTM_GETNEIGH = 29, 30
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_DUMP = 0x1, 0x300
NUD_NOARP, NUD_PERMANENT = 0x40, 0x80
HEADER, NEIGHBOUR = struct.Struct('=IHHII'), struct.Struct('=BBHiHBB')


def forget(pid):
    """Deletes what the machine of this process has learned about its neighbours. Permanent entries stay."""
    with socket_in(pid, socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
        netlink.send(message(RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP, NEIGHBOUR.pack(0, 0, 0, 0, 0, 0, 0)))
        for neighbour in list(answers(netlink)):
            state = NEIGHBOUR.unpack_from(neighbour)[4]
            if not state & (NUD_NOARP | NUD_PERMANENT):
                netlink.send(message(RTM_DELNEIGH, NLM_F_REQUEST, neighbour))


def message(kind, flags, body):
    return HEADER.pack(HEADER.size + len(body), kind, flags, 1, 0) + body


def answers(netlink):
    """The bodies of the messages of a dump."""
    while True:
        data = netlink.recv(1 << 16)
        while data:
            length, kind, *_ = HEADER.unpack_from(data)
            if kind == NLMSG_DONE:
                return
            if kind == NLMSG_ERROR:
                raise OSError('the kernel does not list neighbours')
            yield data[HEADER.size:length]
            data = data[(length + 3) & ~3:]

"""Raw sockets in all namespaces, held by this one process. They send the frames of VMs, and record the frames that arrive.

A socket stays in the namespace in which it was made, so the process enters each namespace only for a moment. A test frame
contains MAGIC and a number of four bytes. Only test frames are kept, with the VLAN tag that the kernel has removed.
"""
import asyncio
import ctypes
import os
import socket
import struct

MAGIC = b'PLUGTEST'
CLONE_NEWNET = 0x40000000
ETH_P_ALL, SO_RCVBUFFORCE = 3, 33
SOL_PACKET, PACKET_AUXDATA, PACKET_OUTGOING, VLAN_VALID = 263, 8, 4, 0x10
AUXDATA = struct.Struct('=IIIHHHH')

_libc = ctypes.CDLL(None, use_errno=True)
_home = os.open('/proc/self/ns/net', os.O_RDONLY)


def socket_in(pid, *kind):
    """Make a socket in the network namespace of a process."""
    there = os.open(f'/proc/{pid}/ns/net', os.O_RDONLY)
    try:
        if _libc.setns(there, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f'cannot enter the namespace of process {pid}')
        return socket.socket(*kind)
    finally:
        os.close(there)
        if _libc.setns(_home, CLONE_NEWNET) != 0:
            os.abort()


def number_of(frame):
    """The number of a test frame, or None."""
    at = frame.find(MAGIC)
    return None if at < 0 else int.from_bytes(frame[at + 8:at + 12], 'big')


class Tap:
    """One interface of a namespace. It sends frames, and records the test frames that come in and, at a switch port, go out."""

    def __init__(self, name, pid, interface, wire, both_ways=False):
        self.name, self.wire, self.both_ways = name, wire, both_ways
        self.raw = socket_in(pid, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.raw.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        self.raw.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.raw.bind((interface, ETH_P_ALL))
        self.raw.setblocking(False)
        self.icmp = socket_in(pid, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self.icmp.setblocking(False)
        # This socket only sends. Replies arrive at the raw socket; unread replies would fill this one.
        self.icmp.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 0)
        asyncio.get_running_loop().add_reader(self.raw, self.read)

    def read(self):
        for _ in range(256):
            try:
                frame, control, _, where = self.raw.recvmsg(65536, 256)
            except (BlockingIOError, OSError):
                return
            outgoing = where[2] == PACKET_OUTGOING
            mine = MAGIC in frame
            if (outgoing and not self.both_ways) or not (mine or frame[12:14] in self.wire.overheard_types):
                continue
            for _, kind, data in control:
                status, _, _, _, _, tci, protocol = AUXDATA.unpack(data[:AUXDATA.size])
                if kind == PACKET_AUXDATA and status & VLAN_VALID:
                    frame = frame[:12] + struct.pack('>HH', protocol or 0x8100, tci) + frame[12:]
            (self.wire.hear if mine else self.wire.overhear)(self.name, frame, outgoing)

    def send(self, frame):
        self.raw.send(frame)

    def ping(self, address, payload):
        head = struct.pack('>BBHHH', 8, 0, 0, os.getpid(), 1) + payload
        total = sum(struct.unpack(f'>{len(head) // 2}H', head))
        total = (total & 0xffff) + (total >> 16)
        check = ~(total + (total >> 16)) & 0xffff
        self.icmp.sendto(head[:2] + struct.pack('>H', check) + head[4:], (address, 0))

    def close(self):
        asyncio.get_running_loop().remove_reader(self.raw)
        self.raw.close()
        self.icmp.close()


class Wire:
    """All taps. Only one experiment at a time can run on them."""

    BURST = 24  # OVS reads each port through a socket of about 270 small frames: a larger burst could overflow it

    def __init__(self):
        self.taps, self.arrivals, self.waiting = {}, [], set()
        # Frames of these EtherTypes are also kept, although they are no test frames, until `listen` is called again.
        self.overheard_types, self.overheard = set(), []
        self.changed = asyncio.Event()
        self.turn = asyncio.Lock()

    def open(self, name, pid, interface, both_ways=False):
        self.taps[name] = Tap(name, pid, interface, self, both_ways)

    def close(self, name):
        if name in self.taps:
            self.taps.pop(name).close()

    def hear(self, name, frame, outgoing):
        self.arrivals.append([name, 'out' if outgoing else 'in', frame.hex()])
        self.waiting.discard((name, number_of(frame)))
        self.changed.set()

    def overhear(self, name, frame, outgoing):
        self.overheard.append([name, 'out' if outgoing else 'in', frame.hex()])

    def listen(self, ether_types):
        """Listen from now on. Returns what was heard since the last call."""
        heard, self.overheard = self.overheard, []
        self.overheard_types = {struct.pack('>H', each) for each in ether_types}
        return heard

    async def settled(self, limit):
        """Wait until all expected frames have come (True), or until no frame has come within the limit (False)."""
        while self.waiting:
            self.changed.clear()
            try:
                await asyncio.wait_for(self.changed.wait(), limit)
            except asyncio.TimeoutError:
                self.waiting.clear()
                return False
        return True

    async def quiet(self, seconds):
        """Wait until no test frame has come for this time."""
        seen = -1
        while seen != len(self.arrivals):
            seen = len(self.arrivals)
            await asyncio.sleep(seconds)

    async def experiment(self, sends, limit, quiet):
        """Send each of [tap, what, [names of taps it must reach]] in bursts. Returns all arrivals, also leaks."""
        async with self.turn:
            self.arrivals, self.waiting = [], set()
            for start in range(0, len(sends), self.BURST):
                for tap, what, receivers in sends[start:start + self.BURST]:
                    payload = bytes.fromhex(what['hex'])
                    self.waiting |= {(name, number_of(payload)) for name in receivers}
                    if 'ping' in what:
                        self.taps[tap].ping(what['ping'], payload)
                    else:
                        self.taps[tap].send(payload)
                if not await self.settled(limit):
                    limit = min(limit, 0.2)  # the experiment has failed already; the rest is for the report
            await self.quiet(quiet)
            return self.arrivals

"""A DHCP client on raw frames, for what other clients do not do: timed exchanges, INFORM, DISCOVERs without end.

dhcp.py lease COUNT          that many leases one after the other: milliseconds from DISCOVER to ACK each, null where none came
dhcp.py address [TAG]        the address that is offered, null where none is; under a VLAN tag if one is given
dhcp.py inform ADDRESS       what a client that has this address is told: option -> octets in hexadecimal
dhcp.py boot ARCHITECTURE     what a boot loader of this architecture is offered: server and names of the header, and all options
dhcp.py flood RATE SECONDS   that many DISCOVERs a second: how many were sent
One JSON value is printed. All of it is at eth0.
"""
import json
import os
import select
import socket
import struct
import sys
import time

ALL = b'\xff' * 6


def checksum(octets):
    octets += b'\0' * (len(octets) % 2)
    total = sum(struct.unpack(f'!{len(octets) // 2}H', octets))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Client:
    def __init__(self):
        with open('/sys/class/net/eth0/address', encoding='ascii') as file:
            self.mac = bytes.fromhex(file.read().strip().replace(':', ''))
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        self.socket.bind(('eth0', 0x0800))

    def frame(self, kind, xid, options=b'', address='0.0.0.0'):
        ciaddr = socket.inet_aton(address)
        bootp = struct.pack('!4BIHH', 1, 1, 6, 0, xid, 0, 0) + ciaddr + bytes(12) + self.mac + bytes(202)
        payload = bootp + b'\x63\x82\x53\x63' + bytes([53, 1, kind]) + options + b'\xff'
        udp = struct.pack('!4H', 68, 67, 8 + len(payload), 0) + payload
        head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + ciaddr + b'\xff' * 4
        head = head[:10] + struct.pack('!H', checksum(head)) + head[12:]
        return ALL + self.mac + b'\x08\x00' + head + udp

    def answer(self, xid, seconds=2):
        """Returns the options of the reply to this transaction, and the address in it."""
        frame, options = self.reply(xid, seconds)
        return (options, frame[58:62]) if frame else (None, None)

    def reply(self, xid, seconds=2):
        """Returns the reply to this transaction, and its options."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and select.select([self.socket], [], [], left)[0]:
            frame = self.socket.recv(2048)
            if frame[23:24] != b'\x11' or frame[36:38] != b'\0\x44' or frame[46:50] != struct.pack('!I', xid):
                continue
            options, at = {}, 282
            while at < len(frame) and frame[at] != 255:
                options[frame[at]] = frame[at + 2:at + 2 + frame[at + 1]]
                at += 2 + frame[at + 1]
            return frame, options
        return None, None

    def ask(self, *args, **more):
        xid = int.from_bytes(os.urandom(4), 'big')
        self.socket.send(self.frame(args[0], xid, *args[1:], **more))
        return self.answer(xid)

    def address(self, tag):
        xid = int.from_bytes(os.urandom(4), 'big')
        frame = self.frame(1, xid)
        mark = b'' if tag is None else struct.pack('!HH', 0x8100, tag)
        # The kernel removes the tag from frames that arrive.
        self.socket.send(frame[:12] + mark + frame[12:])
        offer, address = self.answer(xid)
        return offer and socket.inet_ntoa(address)

    def boot(self, architecture):
        xid = int.from_bytes(os.urandom(4), 'big')
        asked = bytes([60, 9]) + b'PXEClient' + struct.pack('!BBH', 93, 2, architecture) + bytes([55, 4, 1, 3, 66, 249])
        self.socket.send(self.frame(1, xid, asked))
        frame, options = self.reply(xid)
        if frame is None:
            return None
        text = lambda octets: octets.split(b'\0', 1)[0].decode('ascii')
        header = {'siaddr': socket.inet_ntoa(frame[62:66]), 'sname': text(frame[86:150]), 'file': text(frame[150:278])}
        return {**header, **{code: value.hex() for code, value in options.items()}}

    def lease(self):
        start = time.monotonic()
        offer, address = self.ask(1)
        if offer is None:
            return None
        ack, _ = self.ask(3, b'\x32\x04' + address + b'\x36\x04' + offer[54])
        return (time.monotonic() - start) * 1000 if ack and ack[53] == b'\x05' else None


def leases(client, count):
    found = []
    for _ in range(count):
        found.append(client.lease())
        # Slower than the rate limit of the VNIC.
        time.sleep(0.2)
    return found


def flood(client, rate, seconds):
    frame = client.frame(1, 1)
    start, sent = time.monotonic(), 0
    while (passed := time.monotonic() - start) < seconds:
        while sent < passed * rate:
            client.socket.send(frame)
            sent += 1
        time.sleep(0.001)
    return sent


def main(what, *args):
    client = Client()
    if what == 'lease':
        return leases(client, int(args[0]))
    if what == 'address':
        return client.address(int(args[0]) if args else None)
    if what == 'boot':
        return client.boot(int(args[0]))
    if what == 'flood':
        return flood(client, int(args[0]), float(args[1]))
    options, _ = client.ask(8, address=args[0])
    return options and {code: value.hex() for code, value in options.items()}


print(json.dumps(main(*sys.argv[1:])))

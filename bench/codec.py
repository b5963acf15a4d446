"""os-ken's part of bench/codec.ts: encodes and decodes the same messages for a while. JSON in, JSON out."""
import json
import sys
import time

from os_ken.ofproto import ofproto_parser, ofproto_protocol
from os_ken.ofproto import ofproto_v1_5 as ofp
from os_ken.ofproto import ofproto_v1_5_parser as parser

wish = json.load(sys.stdin)
datapath = ofproto_protocol.ProtocolDesc(version=ofp.OFP_VERSION)


def flow_mod(n):
    """The same message as flowMod(n) of codec.ts."""
    match = parser.OFPMatch(in_port=7, eth_dst=(2 << 40) + n, eth_type=0x0800, ipv4_dst=(10 << 24) + n)
    actions = [parser.OFPActionPushVlan(0x8100), parser.OFPActionSetField(vlan_vid=0x1065), parser.OFPActionOutput(3, 0)]
    message = parser.OFPFlowMod(
        datapath, cookie=n, table_id=3, priority=100, out_port=ofp.OFPP_ANY, out_group=ofp.OFPG_ANY,
        instructions=[parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, actions)], match=match)
    message.set_xid(n)
    message.serialize()
    return bytes(message.buf)


def decode(data):
    version, kind, length, xid = ofproto_parser.header(data)
    message = ofproto_parser.msg(datapath, version, kind, length, xid, data)
    assert message is not None
    return message


def rate(work, items):
    """The number of items per second, measured for at least this many seconds."""
    done, began = 0, time.perf_counter()
    while True:
        for item in items:
            work(item)
        done += len(items)
        took = time.perf_counter() - began
        if took > wish['seconds']:
            return done / took


messages = [bytes.fromhex(text) for text in wish['messages']]
print(json.dumps({
    'encoded': flow_mod(1).hex(),
    'encode': rate(flow_mod, range(1, 1001)),
    'decode': rate(decode, messages),
}))

"""os-ken (Debian's python3-os-ken), an OpenFlow library that is independent of ours.

build: writes every message that it can, in each version: a line with the class and the octets in hexadecimal.
fields: a rule with each field alone, without a mask and with three masks.
parse: reads octets in hexadecimal, one message a line. Answers with the class and the octets that it writes for the message,
       with "-" if it cannot write such a message, or with "!" and the reason why it could not read the octets.
"""
import contextlib
import io
import logging
import signal
import struct
import sys

from os_ken.ofproto import ofproto_parser
from os_ken.ofproto import ofproto_v1_3_parser, ofproto_v1_4_parser, ofproto_v1_5_parser
from os_ken.ofproto.ofproto_protocol import ProtocolDesc

logging.disable(logging.CRITICAL)
VERSIONS = {4: ofproto_v1_3_parser, 5: ofproto_v1_4_parser, 6: ofproto_v1_5_parser}
ANY = 0xffffffff
MAC = '02:00:00:00:00:01'
DATA = bytes(range(60))


def matches(p):
    yield p.OFPMatch()
    yield p.OFPMatch(in_port=3, eth_dst=(MAC, 'ff:ff:ff:00:00:00'), eth_src=MAC, vlan_vid=0x1005, vlan_pcp=3)
    yield p.OFPMatch(eth_type=0x800, ip_dscp=9, ip_ecn=1, ip_proto=6, ipv4_src='10.0.0.1',
                     ipv4_dst=('10.0.0.0', '255.0.0.0'), tcp_src=80, tcp_dst=443)
    yield p.OFPMatch(eth_type=0x800, ip_proto=17, udp_src=67, udp_dst=68)
    yield p.OFPMatch(eth_type=0x800, ip_proto=132, sctp_src=67, sctp_dst=68)
    yield p.OFPMatch(eth_type=0x800, ip_proto=1, icmpv4_type=8, icmpv4_code=0)
    yield p.OFPMatch(eth_type=0x806, arp_op=1, arp_spa='10.0.0.1', arp_tpa='10.0.0.2', arp_sha=MAC, arp_tha=MAC)
    yield p.OFPMatch(eth_type=0x86dd, ipv6_src=('fe80::', 'ffc0::'), ipv6_dst='fe80::2', ipv6_flabel=5,
                     ip_proto=58, icmpv6_type=135, icmpv6_code=0, ipv6_nd_target='fe80::3', ipv6_nd_sll=MAC)
    yield p.OFPMatch(eth_type=0x86dd, ipv6_exthdr=(1, 3))
    yield p.OFPMatch(eth_type=0x8847, mpls_label=100, mpls_tc=3, mpls_bos=1)
    yield p.OFPMatch(eth_type=0x88e7, pbb_isid=5)
    yield p.OFPMatch(in_port=1, in_phy_port=2, metadata=(5, 255), tunnel_id=7)
    yield p.OFPMatch(reg0=5, reg7=(1, 3), tun_ipv4_src='10.0.0.1', conj_id=9, ct_state=(33, 33), ct_zone=4)


def actions(p, o):
    a = [p.OFPActionOutput(3, 128), p.OFPActionOutput(o.OFPP_CONTROLLER, o.OFPCML_NO_BUFFER), p.OFPActionGroup(5),
         p.OFPActionSetQueue(2), p.OFPActionSetMplsTtl(9), p.OFPActionDecMplsTtl(), p.OFPActionSetNwTtl(64),
         p.OFPActionDecNwTtl(), p.OFPActionCopyTtlOut(), p.OFPActionCopyTtlIn(), p.OFPActionPushVlan(0x88a8),
         p.OFPActionPushMpls(0x8847), p.OFPActionPopVlan(), p.OFPActionPopMpls(0x800), p.OFPActionPushPbb(0x88e7),
         p.OFPActionPopPbb(), p.OFPActionSetField(eth_dst=MAC), p.OFPActionSetField(ipv4_src='10.0.0.7'),
         p.OFPActionSetField(ipv6_src='fe80::7'), p.OFPActionExperimenterUnknown(0xabcdef, b'12345678'),
         p.NXActionResubmitTable(8, 3), p.NXActionRegMove('reg0', 'reg1', 8), p.NXActionNote([1, 2, 3, 4, 5, 6])]
    if o.OFP_VERSION == 6:
        a += [p.OFPActionMeter(7), p.OFPActionCopyField(16, 0, 4, [p.OFPOxmId('reg0'), p.OFPOxmId('reg1')]),
              p.OFPActionSetField(reg0=5)]
    return a


def instructions(p, o):
    a = actions(p, o)
    some = [p.OFPInstructionGotoTable(9), p.OFPInstructionWriteMetadata(5, 255),
            p.OFPInstructionActions(o.OFPIT_APPLY_ACTIONS, a), p.OFPInstructionActions(o.OFPIT_WRITE_ACTIONS, a[:3]),
            p.OFPInstructionActions(o.OFPIT_CLEAR_ACTIONS, [])]
    return some if o.OFP_VERSION == 6 else some + [p.OFPInstructionMeter(4)]


def buckets(p, o):
    a = actions(p, o)
    if o.OFP_VERSION < 6:
        return [p.OFPBucket(5, 3, 2, a), p.OFPBucket(0, ANY, ANY, a[:1])]
    return [p.OFPBucket(1, a, [p.OFPGroupBucketPropWeight(type_=0, weight=5), p.OFPGroupBucketPropWatch(o.OFPGBPT_WATCH_PORT, 8, 3)]),
            p.OFPBucket(2, [], [p.OFPGroupBucketPropWatch(o.OFPGBPT_WATCH_GROUP, 8, 3),
                                p.OFPGroupBucketPropWeight(type_=0, weight=5),
                                p.OFPGroupBucketPropExperimenter(type_=0xffff, experimenter=7, exp_type=8, data=[1, 2])])]


def requests(d, p, o):
    v = o.OFP_VERSION
    group = [o.OFPGC_ADD, o.OFPGT_SELECT, 5]
    bands = [p.OFPMeterBandDrop(1000, 10), p.OFPMeterBandDscpRemark(2000, 20, 3),
             p.OFPMeterBandExperimenter(3000, 30, 0xabcdef)]
    yield from (p.OFPHello(d), p.OFPHello(d, [p.OFPHelloElemVersionBitmap([1, 4, 5, 6])]))
    yield from (p.OFPEchoRequest(d, DATA), p.OFPEchoReply(d, DATA), p.OFPErrorMsg(d, 1, 6, DATA))
    yield p.OFPErrorMsg(d, 0xffff, data=DATA, exp_type=5, experimenter=0xabcdef)
    yield p.OFPExperimenter(d, 0xabcdef, 9, DATA)
    yield from (p.OFPFeaturesRequest(d), p.OFPGetConfigRequest(d), p.OFPSetConfig(d, 1, 128))
    yield from (p.OFPBarrierRequest(d), p.OFPBarrierReply(d), p.OFPGetAsyncRequest(d))
    for match in matches(p):
        yield p.OFPFlowMod(d, 1, 2, 3, o.OFPFC_ADD, 4, 5, 6, ANY, ANY, ANY, 31, match=match,
                           instructions=instructions(p, o))
    for command in range(5):
        yield p.OFPFlowMod(d, command=command, match=p.OFPMatch(in_port=1), instructions=[])
    if v == 6:
        yield p.OFPPacketOut(d, ANY, p.OFPMatch(in_port=3, metadata=5), actions(p, o), DATA)
        yield p.OFPGroupMod(d, *group, buckets=buckets(p, o))
        yield p.OFPGroupMod(d, o.OFPGC_INSERT_BUCKET, o.OFPGT_FF, 5, o.OFPG_BUCKET_FIRST, buckets(p, o)[:1])
        yield p.OFPGroupMod(d, *group, properties=[p.OFPGroupPropExperimenter(type_=0xffff, experimenter=7, exp_type=8, data=[1])])
        yield p.OFPRoleRequest(d, o.OFPCR_ROLE_MASTER, 7, 2 ** 64 - 1)
        yield from (p.OFPGroupDescStatsRequest(d, 0, 5), p.OFPPortDescStatsRequest(d, 0, 3))
        yield from (p.OFPFlowDescStatsRequest(d, match=p.OFPMatch(in_port=1)), p.OFPMeterDescStatsRequest(d, 0, 5))
        yield from (p.OFPControllerStatusStatsRequest(d), p.OFPBundleFeaturesStatsRequest(d))
        time = p.OFPBundleFeaturesPropTime(type_=1, sched_accuracy=p.OFPTime(1, 2), sched_max_future=p.OFPTime(3, 4),
                                           sched_max_past=p.OFPTime(5, 6), timestamp=p.OFPTime(7, 8))
        yield p.OFPBundleFeaturesStatsRequest(d, 0, 3, [time])
    else:
        yield p.OFPPacketOut(d, ANY, 3, actions(p, o), DATA)
        yield p.OFPGroupMod(d, *group, buckets=buckets(p, o))
        yield p.OFPRoleRequest(d, o.OFPCR_ROLE_MASTER, 2 ** 64 - 1)
        yield from (p.OFPGroupDescStatsRequest(d), p.OFPPortDescStatsRequest(d), p.OFPMeterConfigStatsRequest(d, 0, 5))
    yield p.OFPMeterMod(d, o.OFPMC_MODIFY, o.OFPMF_KBPS | o.OFPMF_BURST, 9, bands)
    flow = dict(table_id=3, out_port=1, out_group=2, cookie=3, cookie_mask=4, match=p.OFPMatch(in_port=1))
    yield from (p.OFPFlowStatsRequest(d, 0, **flow), p.OFPAggregateStatsRequest(d, 0, **flow))
    yield from (p.OFPDescStatsRequest(d, 0), p.OFPTableStatsRequest(d, 0), p.OFPPortStatsRequest(d, 0, 3))
    yield from (p.OFPQueueStatsRequest(d, 0, 3, 5), p.OFPGroupStatsRequest(d, 0, 5), p.OFPGroupFeaturesStatsRequest(d, 0))
    yield from (p.OFPMeterStatsRequest(d, 0, 5), p.OFPMeterFeaturesStatsRequest(d, 0))
    yield p.OFPExperimenterStatsRequest(d, 0, 0xabcdef, 5, DATA)
    yield from (p.OFPTableFeaturesStatsRequest(d, 0, []), p.OFPTableFeaturesStatsRequest(d, 0, features(p, o)))
    if v == 4:
        yield p.OFPSetAsync(d, [7, 1], [2, 3], [4, 5])
        yield from (p.OFPPortMod(d, 3, MAC, 1, 5, 64), p.OFPTableMod(d, 3, 3), p.OFPQueueGetConfigRequest(d, 3))
        yield p.ONFFlowMonitorStatsRequest(d, 0, [p.ONFFlowMonitorRequest(5, 30, p.OFPMatch(in_port=3)),
                                                  p.ONFFlowMonitorRequest(6, 30, p.OFPMatch(), 3, 7)])
        yield p.ONFBundleCtrlMsg(d, 5, o.ONF_BCT_OPEN_REQUEST, 3, [])
        inner = p.OFPFlowMod(d, match=p.OFPMatch(in_port=1), instructions=[])
        yield p.ONFBundleAddMsg(d, 5, 3, inner, [])
    else:
        reasons = [p.OFPAsyncConfigPropReasons(type_, 8, mask) for type_, mask in enumerate(range(1, 13))]
        yield p.OFPSetAsync(d, reasons)
        yield p.OFPPortMod(d, 3, MAC, 1, 5, [
            p.OFPPortModPropEthernet(type_=0, advertise=64),
            p.OFPPortModPropOptical(type_=1, configure=1, freq_lmda=2, fl_offset=3, grid_span=4, tx_pwr=5)])
        yield p.OFPTableMod(d, 3, 4, [p.OFPTableModPropEviction(type_=2, flags=2),
                                      p.OFPTableModPropVacancy(type_=3, vacancy_down=10, vacancy_up=90, vacancy=0),
                                      p.OFPTableModPropExperimenter(type_=0xffff, experimenter=5, exp_type=6, data=[])])
        yield from (p.OFPTableDescStatsRequest(d), p.OFPQueueDescStatsRequest(d, 0, 3, 5))
        yield p.OFPFlowMonitorRequest(d, 0, 5, 1, 2, 31, 3, o.OFPFMC_ADD, p.OFPMatch(in_port=1))
        yield p.OFPBundleCtrlMsg(d, 5, o.OFPBCT_COMMIT_REQUEST, 3, [])
        yield p.OFPBundleAddMsg(d, 5, 3, p.OFPFlowMod(d, match=p.OFPMatch(in_port=1), instructions=[]), [])
        yield p.OFPRequestForward(d, p.OFPGroupMod(d, *group, buckets=buckets(p, o)))
        yield p.OFPRequestForward(d, p.OFPMeterMod(d, o.OFPMC_ADD, 1, 9, bands[:1]))
    yield p.NXTSetPacketInFormatMsg(d, 2)
    yield p.NXTPacketIn2(d, properties=packet_in2(p))


def packet_in2(p):
    return [p.NXTPacketIn2PropPacket(0, data=DATA), p.NXTPacketIn2PropFullLen(1, data=struct.pack('!I', 100)),
            p.NXTPacketIn2PropTableId(3, data=b'\x03'), p.NXTPacketIn2PropCookie(4, data=struct.pack('!4xQ', 5)),
            p.NXTPacketIn2PropReason(5, data=b'\x01'), p.NXTPacketIn2PropUserData(7, data=b'12345')]


def features(p, o):
    a = [p.OFPActionId(o.OFPAT_OUTPUT), p.OFPActionId(o.OFPAT_GROUP)]
    fields = [p.OFPOxmId('in_port'), p.OFPOxmId('eth_dst', hasmask=True)]
    properties = [
        p.OFPTableFeaturePropInstructions(type_=0, instruction_ids=[p.OFPInstructionId(1), p.OFPInstructionId(4)]),
        p.OFPTableFeaturePropNextTables(type_=2, table_ids=[1, 2, 3]),
        p.OFPTableFeaturePropActions(type_=4, action_ids=a), p.OFPTableFeaturePropActions(type_=6, action_ids=a),
        p.OFPTableFeaturePropOxm(type_=8, oxm_ids=fields), p.OFPTableFeaturePropOxm(type_=10, oxm_ids=fields),
        p.OFPTableFeaturePropOxm(type_=14, oxm_ids=fields)]
    head = dict(table_id=1, name=b'first', metadata_match=1, metadata_write=2, max_entries=3, properties=properties)
    if o.OFP_VERSION < 6:
        return [p.OFPTableFeaturesStats(config=3, **head)]
    return [p.OFPTableFeaturesStats(command=1, features=2, capabilities=4, **head)]


def octets(message):
    message.serialize()
    return bytes(message.buf).hex()


def build():
    for version, parser in VERSIONS.items():
        d = ProtocolDesc(version)
        for xid, message in enumerate(requests(d, parser, parser.ofproto)):
            message.set_xid(xid)
            print(type(message).__name__, octets(message))


def fields():
    for version, parser in VERSIONS.items():
        d = ProtocolDesc(version)
        for row in parser.ofproto.oxm_types:
            user, size = row.type.to_user, row.type.size
            one = bytes(size - 1) + b'\x01'
            for value in (user(one), *((user(one), user(mask)) for mask in (b'\xff' * size, one)),
                          (user(bytes(size)), user(bytes(size)))):
                match = parser.OFPMatch(**{row.name: value})
                print(row.name, octets(parser.OFPFlowMod(d, match=match, instructions=[])))


def writes(one):
    """Can it write such a message?"""
    own = [c for c in type(one).__mro__ if c is not ofproto_parser.MsgBase]
    return any('_serialize_body' in vars(c) or '_serialize_stats_body' in vars(c) for c in own)


def again(d, parsed):
    """The octets that os-ken writes for a message that it has read; "-" if it cannot."""
    if not writes(parsed):
        return '-'
    try:
        # It also prints its own messages that it does not understand.
        with contextlib.redirect_stdout(io.StringIO()):
            one = ofproto_parser.ofp_msg_from_jsondict(d, parsed.to_jsondict())
            one.set_xid(parsed.xid)
            return octets(one)
    except Exception:  # pylint: disable=broad-except
        return '-'


def give_up(*_):
    raise TimeoutError('it does not stop reading')


def parse():
    signal.signal(signal.SIGALRM, give_up)
    for line in sys.stdin:
        buf = bytes.fromhex(line.strip())
        version, type_, length, xid = struct.unpack('!BBHI', buf[:8])
        d = ProtocolDesc(version)
        signal.alarm(2)
        try:
            parsed = ofproto_parser.msg(d, version, type_, length, xid, buf)
        except Exception as error:  # pylint: disable=broad-except
            print('!', type(error).__name__, str(error).replace('\n', ' ')[:100])
            continue
        finally:
            signal.alarm(0)
        print(type(parsed).__name__ if parsed else '?', again(d, parsed) if parsed else '-')


{'build': build, 'fields': fields, 'parse': parse}[sys.argv[1]]()

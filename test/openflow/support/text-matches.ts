/** A broad list of matches as people write them for ovs-ofctl(8): every field of ovs-fields(7), its names, values and masks. */
const words = (text: string): readonly string[] => text.split(/\s+/).filter(Boolean)

/** Lines that ovs-ofctl accepts, and so do we. */
export const MATCHES = words(`
  in_port=1 in_port=65279 in_port=LOCAL in_port=local in_port=Local in_port=controller in_port=CONTROLLER
  in_port=in_port in_port=any in_port=none in_port=ANY in_port=NONE in_port=table in_port=normal in_port=all
  in_port=flood in_port=unset in_port=0 in_port=4294967294 in_port=65280 in_port=010 in_port:5 in_port_oxm=5
  in_port_oxm=LOCAL dl_vlan=5 dl_vlan=0x5 dl_vlan=010 dl_vlan=0 dl_vlan=4095 dl_vlan=0xffff dl_vlan=65535
  dl_vlan=0xffff,dl_vlan_pcp=0 dl_vlan_pcp=5 dl_vlan_pcp=0 dl_vlan=5,dl_vlan_pcp=3 dl_vlan_pcp=3,dl_vlan=5 vlan_vid=5
  vlan_vid=0x1005 vlan_vid=0x1005/0x1fff vlan_vid=0x1000/0x1000 vlan_vid=0 vlan_vid=4101 vlan_vid=0x1005/0x100f
  vlan_vid=0/0x1000 vlan_vid=5/0xfff vlan_vid=0x1005,vlan_pcp=3 vlan_vid=0x1000/0x1000,vlan_pcp=3 vlan_pcp=3
  vlan_pcp=3,vlan_vid=0x1005 vlan_vid=5,vlan_pcp=3 vlan_vid=0x1005,dl_vlan_pcp=3 dl_vlan=5,vlan_pcp=3 vlan_tci=0
  vlan_tci=0x0000 vlan_tci=0/0x1fff vlan_tci=0/0x1000 vlan_tci=0x1005 vlan_tci=0x1005/0x1fff vlan_tci=0x1000/0x1000
  vlan_tci=0x7005 vlan_tci=0x7005/0xf00f vlan_tci=0x7000/0xf000 vlan_tci=0x1005/0x0fff vlan_tci=5/0xfff vlan_tci=4101
  vlan_tci=0xffff vlan_tci=0x1234/0xffff vlan_tci=0x1064 vlan_tci=0x1123/0x1fff vlan_tci=0xf123/0xf0ff
  vlan_tci=0x123/0 dl_src=00:11:22:33:44:55 dl_src=0:1:2:3:4:5 dl_src=aA:bB:cC:dD:eE:fF
  dl_src=00:11:22:33:44:55/ff:ff:ff:ff:ff:ff dl_src=00:11:22:33:44:55/00:00:00:00:00:00
  dl_src=00:11:22:33:44:55/ff:ff:ff:00:00:00 dl_src=ff:ff:ff:ff:ff:ff/01:00:00:00:00:00
  dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 dl_dst=00:00:00:00:00:00/01:00:00:00:00:00
  dl_dst=aa:bb:cc:dd:ee:ff/fe:ff:ff:ff:ff:ff dl_dst=* eth_src=00:11:22:33:44:55
  eth_dst=00:11:22:33:44:55,eth_src=00:11:22:33:44:66 dl_type=0x800 dl_type=0x0800 dl_type=2048 dl_type=0x86dd
  dl_type=0x806 dl_type=0x8035 dl_type=0x8847 dl_type=0x8848 dl_type=0x88cc dl_type=0x1234 dl_type=0x05ff
  dl_type=0x600 dl_type=0 dl_type=0x8100 dl_type=0x88a8 dl_type=0x894f dl_type=0x88e7 eth_type=0x800
  eth_type=0x88cc,in_port=3 ip ipv4 ip4 ipv6 ip6 arp rarp tcp tcp6 udp udp6 sctp sctp6 icmp icmp6 mpls mplsm eth
  eth,in_port=3 packet_type=(0,0) packet_type=(1,0x800) packet_type=(1,0x800),nw_src=1.2.3.4
  packet_type=(1,0x86dd),ipv6_src=::1 packet_type=(1,0x894f) packet_type=(1,0x8847) packet_type=(0,0),ip
  packet_type=(1,0x806) packet_type=(1,2048) packet_type=(0x1,0x800) packet_type=(1,0x800),nw_proto=6,tp_dst=80
  packet_type=(0,0xfffe) packet_type=(2,5) ip,nw_src=10.0.0.1 ip,nw_src=10.0.0.1/32 ip,nw_src=10.0.0.1/24
  ip,nw_src=10.0.0.0/255.0.0.0 ip,nw_src=10.0.0.1/255.0.0.0 ip,nw_src=10.0.0.1/255.255.255.255
  ip,nw_src=10.0.0.1/0.0.0.255 ip,nw_src=10.0.0.1/0 ip,nw_src=10.0.0.1/0.0.0.0 ip,nw_src=0.0.0.0/0 ip,nw_src=0.0.0.0
  ip,nw_src=* ip,nw_src=192.168.0.1/255.255.0.255 ip,nw_dst=10.0.0.1 ip,nw_dst=128.0.0.0/1 ip,nw_dst=010.0.0.1
  ip,ip_src=10.0.0.0/8,ip_dst=1.2.3.4 nw_src=10.0.0.1,ip ip,nw_proto=6 ip,nw_proto=17 ip,nw_proto=1 ip,nw_proto=2
  ip,nw_proto=132 ip,nw_proto=58 ip,nw_proto=0 ip,nw_proto=255 ip,nw_proto=0x11 ip,nw_proto=47 ip,nw_proto=6/0xff
  ip,ip_proto=6 ip,ip_proto=89 ipv6,nw_proto=6 ipv6,nw_proto=58 ipv6,nw_proto=1 ipv6,nw_proto=17 ipv6,nw_proto=132
  ipv6,nw_proto=43 ip,nw_tos=32 ip,nw_tos=0 ip,nw_tos=252 ip,nw_tos=0xb8 ip,nw_tos=35 ip,nw_tos=255 ip,ip_dscp=8
  ip,ip_dscp=63 ip,ip_dscp=0 ip,nw_ecn=2 ip,nw_ecn=3 ip,ip_ecn=1 ip,nw_ttl=64 ip,nw_ttl=0 ip,nw_ttl=255
  ip,nw_tos=32,nw_ecn=1,nw_ttl=5 ipv6,nw_tos=16,nw_ecn=1,nw_ttl=64 ip,nw_frag=no ip,nw_frag=yes ip,nw_frag=first
  ip,nw_frag=later ip,nw_frag=not_later ip,ip_frag=no ip,ip_frag=later ip,ip_frag=not_later ip,nw_frag=NO
  ipv6,nw_frag=yes tcp,tp_src=80 tcp,tp_dst=80 tcp,tp_dst=0x50 tcp,tcp_src=1,tcp_dst=2 tcp,tp_src=0x1000/0xf000
  tcp,tp_src=4096/0xf000 tcp,tp_src=4096/61440 tcp,tp_dst=80/0xffff tcp,tp_dst=80/0 tcp,tp_dst=65535 tcp,tp_dst=0
  tcp,nw_src=1.2.3.4,tp_dst=80 tcp,tcp_flags=+syn tcp,tcp_flags=+syn-ack tcp,tcp_flags=-ack+syn tcp,tcp_flags=syn
  tcp,tcp_flags=syn|ack tcp,tcp_flags=0x002 tcp,tcp_flags=2 tcp,tcp_flags=0x002/0x012 tcp,tcp_flags=2/18
  tcp,tcp_flags=0 tcp,tcp_flags=0xfff tcp,tcp_flags=0xfff/0xfff tcp,tcp_flags=+fin+syn+rst+psh+ack+urg+ece+cwr+ns
  tcp,tcp_flags=-fin tcp,tcp_flags=+[200] tcp,tcp_flags=0x800/0x800 tcp6,tcp_flags=+syn-ack udp,tp_src=53
  udp,tp_dst=53 udp,udp_src=53,udp_dst=54 udp,udp_dst=0x8000/0x8000 udp6,tp_dst=53 udp6,udp_dst=53
  sctp,tp_src=1,tp_dst=2 sctp,sctp_src=1,sctp_dst=2 sctp6,tp_dst=2 sctp6,sctp_src=5/0xf sctp,sctp_dst=0x80/0xff80
  tcp6,tp_src=5,tp_dst=6 tcp6,ipv6_src=fe80::1,tcp_dst=443 icmp,icmp_type=8 icmp,icmp_type=8,icmp_code=0
  icmp,icmp_code=3 icmp,tp_src=8 icmp,tp_src=8,tp_dst=1 icmp6,icmp_type=135 icmp6,icmp_type=128,icmp_code=0
  icmp6,icmpv6_type=135 icmp6,icmpv6_type=136,icmpv6_code=0 icmp6,icmp_type=135,nd_target=fe80::1
  icmp6,icmp_type=135,icmp_code=0,nd_target=fe80::1,nd_sll=00:11:22:33:44:55
  icmp6,icmp_type=136,icmp_code=0,nd_target=fe80::/64,nd_tll=00:11:22:33:44:55
  icmp6,icmp_type=136,nd_tll=00:11:22:33:44:55/00:ff:00:ff:00:ff
  icmp6,icmp_type=135,nd_sll=00:11:22:33:44:55/ff:ff:ff:00:00:00 icmp6,icmp_type=135,nd_reserved=5
  icmp6,icmp_type=136,nd_options_type=2 icmp6,icmp_type=136,nd_reserved=0xe0000000
  icmp6,icmpv6_type=135,nd_target=2001:db8:3c4d:1:2:3:4:5
  icmp6,icmpv6_type=135,nd_target=2001:db8:3c4d:1:2:3:4:5/ffff::ffff ipv6,ipv6_src=::1
  ipv6,ipv6_src=2001:db8:3c4d:1:2:3:4:5 ipv6,ipv6_src=2001:db8:3c4d:1:2:3:4:5/64
  ipv6,ipv6_src=2001:db8:3c4d:1:2:3:4:5/0 ipv6,ipv6_src=2001:db8:3c4d:1:2:3:4:5/1
  ipv6,ipv6_src=2001:db8:3c4d:1:2:3:4:5/127 ipv6,ipv6_src=2001:db8:3c4d:1:2:3:4:5/128
  ipv6,ipv6_src=2001:db8:3c4d:1:2:3:4:5/ffff:ffff:ffff:ffff:: ipv6,ipv6_src=2001:db8:3c4d:1:2:3:4:5/::ffff
  ipv6,ipv6_src=2001:DB8::A/ffff:: ipv6,ipv6_dst=:: ipv6,ipv6_dst=::/0 ipv6,ipv6_dst=::ffff:1.2.3.4
  ipv6,ipv6_dst=::1.2.3.4 ipv6,ipv6_dst=64:ff9b::1.2.3.4 ipv6,ipv6_dst=1:0:0:2::3 ipv6,ipv6_dst=1:0:2:0:3:0:4:0
  ipv6,ipv6_dst=0:0:1:: ipv6,ipv6_dst=1::/16 ipv6,ipv6_dst=* ipv6,ipv6_label=0x5 ipv6,ipv6_label=5
  ipv6,ipv6_label=0x12345 ipv6,ipv6_label=0xfffff ipv6,ipv6_label=0x12345/0xf0000 ipv6,ipv6_label=0/0xfffff
  ipv6,ipv6_label=0x5/0xfffff arp,arp_op=1 arp,arp_op=2 arp,arp_op=255 arp,nw_proto=1 arp,nw_proto=2
  arp,arp_spa=1.2.3.4 arp,arp_spa=1.2.3.0/24 arp,arp_tpa=1.2.3.4/255.0.255.0 arp,nw_src=1.2.3.4 arp,nw_dst=1.2.3.0/24
  arp,arp_sha=00:11:22:33:44:55 arp,arp_tha=00:11:22:33:44:55 arp,arp_sha=00:11:22:33:44:55/ff:ff:ff:00:00:00
  arp,arp_tha=00:11:22:33:44:55/00:00:00:00:00:00
  arp,arp_op=1,arp_spa=1.2.3.4,arp_tpa=5.6.7.8,arp_sha=00:11:22:33:44:55,arp_tha=00:11:22:33:44:66
  arp,dl_vlan=5,arp_tpa=1.2.3.4 rarp,arp_op=3 rarp,arp_spa=1.2.3.4 rarp,nw_proto=3 rarp,arp_sha=00:11:22:33:44:55
  mpls,mpls_label=5 mpls,mpls_label=0xfffff mpls,mpls_label=1048575 mpls,mpls_tc=7 mpls,mpls_bos=1 mpls,mpls_bos=0
  mpls,mpls_ttl=64 mpls,mpls_label=5,mpls_tc=3,mpls_bos=1,mpls_ttl=9 mplsm,mpls_label=5
  dl_type=0x8847,mpls_label=1000,mpls_bos=1 metadata=5 metadata=0x1234567890abcdef metadata=0xffffffffffffffff
  metadata=5/0xff metadata=0x1234ab/0xffffff metadata=0/0xff metadata=5/0 metadata=0
  metadata=0x5678901234567890/0xffff0000ffff0000 tun_id=5 tunnel_id=5 tun_id=0x1234567890abcdef tun_id=5/0xff tun_id=0
  tun_id=0x1234567890abcdef/0xffff0000ffff0000 tun_src=1.2.3.4 tun_src=1.2.3.0/24 tun_dst=1.2.3.4
  tun_dst=10.0.0.0/255.0.0.255 tun_src=1.2.3.4,tun_dst=5.6.7.8,tun_id=5 tun_ipv6_src=fe80::1 tun_ipv6_dst=fe80::/64
  tun_ipv6_dst=::1,tun_ipv6_src=::2,tun_id=3 tun_gbp_id=5 tun_gbp_id=0x12/0xff tun_gbp_flags=8 tun_gbp_flags=0
  tun_flags=oam tun_flags=+oam tun_flags=-oam tun_flags=0 tun_flags=1 tun_flags=1/1 tun_flags=0/1 tun_erspan_ver=1
  tun_erspan_ver=2,tun_erspan_dir=1,tun_erspan_hwid=7 tun_gtpu_flags=0x30 tun_gtpu_msgtype=255 tun_gtpu_flags=3/0xf
  tun_metadata0 tun_metadata0=1234 tun_metadata0=0 tun_metadata1=0x1234567890abcdef tun_metadata63 pkt_mark=5
  pkt_mark=0x5/0xf pkt_mark=0xffffffff conj_id=5 conj_id=0xffffffff actset_output=5 actset_output=LOCAL
  actset_output=unset dp_hash=5 dp_hash=0x5/0xf recirc_id=5 recirc_id=0 reg0=0 reg0=1 reg0=0xffffffff reg0=4294967295
  reg0=0x5/0xff reg0=5/255 reg0=0x1234/0xff reg0=5/0xffffffff reg0=5/0 reg15=0xdeadbeef reg0=1,reg1=2,reg2=3 reg0[]=5
  reg0[0..3]=5 reg0[4..7]=5 reg0[31]=1 reg0[0..3]=5,reg0[4..7]=6 NXM_NX_REG0[]=5 NXM_NX_REG0[0..15]=0x1234 xreg0=5
  xreg0=0x100000000 xreg0=0x1234567890abcdef xreg7=0xffffffffffffffff xreg0=5/0xff xreg0=0x500000000/0xff00000000
  xreg0=0x1234567890abcdef/0xffff0000ffff0000 xxreg0=5 xxreg0=0x1234567890abcdef1234567890abcdef
  xxreg3=0xffffffffffffffffffffffffffffffff xxreg0=0x10000000000000000/0xffff0000000000000000 xxreg0=0/0xff
  xxreg1=0x20010db885a308d313198a2e03707348 eth_src[0..15]=5 nw_src[0..7]=5,ip metadata[0..31]=5 xxreg0[64..127]=5
  OXM_OF_METADATA[0..7]=5 ct_state=+trk ct_state=-trk ct_state=+trk+new ct_state=+trk-new+est ct_state=new|trk
  ct_state=trk ct_state=trk|est ct_state=0 ct_state=0x21 ct_state=33 ct_state=0x21/0x21 ct_state=0x21/0xff
  ct_state=+new+est+rel+rpl+inv+trk+snat+dnat ct_state=-new-est-rel-rpl-inv-trk-snat-dnat ct_state=0xff
  ct_state=+trk,ip ct_state=+trk+new,tcp,tp_dst=80 ct_state=-new+est-rel-rpl-inv+trk,ip ct_zone=5 ct_zone=0xffff
  ct_zone=0 ct_mark=5 ct_mark=0x5/0xf ct_mark=0 ct_label=5 ct_label=0x1234567890abcdef1234567890abcdef
  ct_label=0x5/0xff ct_label=0x1/0x1 ct_label=0
  ct_label=0xfedcba9876543210fedcba9876543210/0xffff0000000000000000000000000000 dl_type=0x894f,nsh_flags=1
  dl_type=0x894f,nsh_flags=0x1/0xf dl_type=0x894f,nsh_ttl=63 dl_type=0x894f,nsh_mdtype=1,nsh_np=3
  dl_type=0x894f,nsh_spi=0x123456,nsh_si=255 dl_type=0x894f,nsh_mdtype=1,nsh_c1=1,nsh_c2=2,nsh_c3=3,nsh_c4=4
  dl_type=0x894f,nsh_mdtype=1,nsh_c1=0x1/0xff dl_type=0x894f,nsp=5,nsi=6 dl_type=0x894f,nsh_mdtype=1,nshc1=5
  dl_type=0x894f,nsh_np=1,nsh_spi=0 ip,tcp tcp,ip tcp,nw_proto=6 ip,ip tcp,dl_type=0x800
  tcp,dl_type=0x0800,nw_proto=6,tp_dst=80 dl_type=0x800,nw_proto=6,tp_dst=80 nw_proto=6,dl_type=0x800,tp_dst=80
  tp_dst=80,nw_proto=6,dl_type=0x800 tp_dst=80,tcp dl_type=0x86dd,nw_proto=58,icmp_type=135,nd_target=::1
  dl_type=0x86dd,nw_proto=17,udp_src=5 reg0=1,reg0=1 in_port=1,in_port=1 in_port=1,,ip ,in_port=1
  in_port=1,ip,dl_src=00:00:00:00:00:01,dl_dst=00:00:00:00:00:02,dl_vlan=5,nw_src=1.1.1.1,nw_dst=2.2.2.2,reg0=1,tun_id=5,metadata=3,ct_state=+trk
  tcp,in_port=1,dl_vlan=9,dl_vlan_pcp=7,dl_src=00:0A:E4:25:6B:B0,dl_dst=00:00:00:00:00:01,nw_src=192.168.0.1,nw_dst=192.168.0.2,nw_tos=16,nw_ecn=1,nw_ttl=9,tp_src=1,tp_dst=2
  udp,dl_vlan_pcp=7,in_port=LOCAL dl_type=0x800,dl_dst=00:11:22:33:44:55,nw_dst=192.168.0.0/16
  icmp,nw_dst=1.2.3.4,icmp_type=3,icmp_code=1 eth_type=0x86dd,ipv6_dst=::1 eth_type=0x806,arp_op=1
  eth_type=0x800,ip_proto=17,udp_dst=53 eth_type=0x800,ip_proto=132,sctp_dst=53 mpls,mpls_label=0,mpls_ttl=0
`)

/** Lines that ovs-ofctl refuses, and so do we. */
export const NO_MATCHES = words(`
  in_port=eth0 dl_vlan=5/0xff dl_dst=01-02-03-04-05-06 dl_dst=112233445566 icmpv6 IP TCP ip,nw_dst=10.0.0.1/33
  ip,nw_dst=10.0.0 ip,nw_proto=256 ip,nw_tos=256 ip,nw_tos=32/0xfc tcp,tp_dst=65536 tcp,tp_dst=-1 tcp,tcp_flags=0x1000
  tcp,tcp_flags=+syn+syn tcp,tcp_flags=foo icmp,icmp_type=256 ipv6,ipv6_src=2001:db8:3c4d:1:2:3:4:5/129
  ipv6,ipv6_label=0x100000 metadata=0x10000000000000000 tun_metadata64 skb_mark=5 skb_priority=5 reg0=4294967296
  reg16=1 reg0[0..32]=5 reg0[0..3]=16 xxreg4=5 ct_state=0x100 ct_state=256/256 ct_state=+trk+trk ct_state=+foo
  eth_type=0x800,ip_proto=1,icmpv4_type=8 icmp,icmpv4_type=8,icmpv4_code=1
  eth_type=0x86dd,ip_proto=58,icmpv6_type=135,ipv6_nd_target=::1 ipv6,ipv6_flabel=5 any_field=5 foo foo= in_port
  in_port= nw_src in_port==5 in_port=5=6 dl_vlan=abc reg0=abc reg0=-1 reg0=1.5 metadata=0xg tun_id=0x1_0
`)

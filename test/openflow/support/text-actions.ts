/** A broad list of actions as people write them for ovs-ofctl(8): every action of ovs-actions(7) and its spellings. */

/** Each action as a rule, with a match before `actions=` if the action requires one. */
const rules = (text: string): readonly string[] =>
  text
    .split(/\s+/)
    .filter(Boolean)
    .map((words) => (words.includes(',actions=') ? words : `actions=${words}`))

/** Lines that ovs-ofctl accepts, and so do we. */
export const ACTIONS = rules(`
  drop DROP output:1 1 1,2,3 output:1,output:2 output:65279 output:010 output:LOCAL output:local
  LOCAL local normal NORMAL Normal flood FLOOD all in_port IN_PORT table TABLE controller CONTROLLER controller:100
  CONTROLLER:65535 controller:0 controller(max_len=100) controller() controller(max_len=123,reason=invalid_ttl,id=555)
  controller(reason=no_match) controller(reason=action) controller(reason=action_set) controller(reason=group)
  controller(reason=packet_out) controller(id=5) controller(id=0) controller(userdata=01.02.03)
  controller(userdata=010203) controller(userdata=01.0203) controller(userdata=) controller(pause)
  controller(max_len=5,pause) controller(userdata=01.02.03.04.05,pause,max_len=77,id=3,reason=no_match)
  controller(meter_id=5) controller(meter_id=5,max_len=3)
  controller(reason=no_match,max_len=128,id=5,userdata=00.01,pause,meter_id=3) output:controller output:CONTROLLER
  output:in_port output:normal output:all output:table output:NXM_NX_REG1[5..10] output:reg0 output:reg0[]
  output:reg1[0..15] output:NXM_NX_REG0[] output:tun_id[0..31] output:OXM_OF_METADATA[0..15] output:xxreg0[0..31]
  output:vlan_tci output:eth_src output(port=1,max_len=100) output(max_len=100,port=1) output(port=LOCAL,max_len=100)
  output(port=in_port,max_len=64) output(port=1,max_len=14) OUTPUT:1 Output:1 enqueue:1:2 enqueue(1,2)
  enqueue(LOCAL,0xfffffffe) enqueue:LOCAL:5 enqueue:local:5 enqueue(in_port,3) output:1,enqueue:5:6,output:7
  enqueue:123:456 dl_vlan=5,actions=set_vlan_vid:6 dl_vlan=5,actions=mod_vlan_vid:6 mod_vlan_vid:6 mod_vlan_vid:0
  mod_vlan_vid:4095 mod_vlan_vid:0xff dl_vlan=5,actions=set_vlan_pcp:3 dl_vlan=5,actions=mod_vlan_pcp:3 mod_vlan_pcp:3
  mod_vlan_vid:6,mod_vlan_pcp:3 mod_vlan_pcp:3,mod_vlan_vid:6 push_vlan:0x8100,mod_vlan_vid:6
  push_vlan:0x8100,set_vlan_vid:6,set_vlan_pcp:3 dl_vlan=5,actions=strip_vlan,mod_vlan_vid:7
  dl_vlan=5,actions=pop_vlan,push_vlan:0x8100,mod_vlan_vid:7 vlan_tci=0x1000/0x1000,actions=mod_vlan_vid:7
  vlan_tci=0,actions=mod_vlan_vid:7 vlan_vid=0x1005,actions=mod_vlan_vid:7 dl_vlan_pcp=5,actions=mod_vlan_vid:7
  dl_vlan=5,actions=strip_vlan dl_vlan=5,actions=pop_vlan dl_vlan=5,actions=STRIP_VLAN mod_vlan_vid:6,strip_vlan
  mod_vlan_vid:6,mod_vlan_vid:7 clone(mod_vlan_vid:6,output:1),mod_vlan_vid:7 write_actions(mod_vlan_vid:6)
  push_vlan:0x8100 push_vlan:0x88a8 push_vlan:33024 push_vlan(0x8100) push_vlan:0x8100,push_vlan:0x88a8
  mod_dl_src:00:11:22:33:44:55 mod_dl_dst:00:11:22:33:44:55 mod_dl_dst:0:1:2:3:4:5
  mod_dl_src:aa:bb:cc:dd:ee:ff,mod_dl_dst:11:22:33:44:55:66 ip,actions=mod_nw_src:1.2.3.4
  ip,actions=mod_nw_dst:1.2.3.4 ip,actions=mod_nw_tos:32 ip,actions=mod_nw_tos:0 ip,actions=mod_nw_tos:252
  ipv6,actions=mod_nw_tos:48 ip,actions=mod_nw_ecn:2 ip,actions=mod_nw_ttl:5 ip,actions=set_nw_ttl:5
  ip,actions=mod_nw_ttl(5) ipv6,actions=mod_nw_ttl:5 ip,actions=set_field:5->nw_ttl tcp,actions=mod_tp_src:80
  tcp,actions=mod_tp_dst:80 udp,actions=mod_tp_src:80 udp,actions=mod_tp_dst:80 sctp,actions=mod_tp_src:80
  sctp,actions=mod_tp_dst:80 tcp6,actions=mod_tp_dst:80 udp6,actions=mod_tp_src:0x35 sctp6,actions=mod_tp_dst:80
  ip,nw_proto=6,actions=mod_tp_dst:80 packet_type=(1,0x800),nw_proto=17,actions=mod_tp_dst:80
  tcp,actions=write_actions(mod_tp_dst:80) tcp,actions=clone(mod_tp_dst:80) tcp,actions=MOD_TP_DST:80 set_tunnel:5
  set_tunnel:0x1234 set_tunnel:0x123456789 set_tunnel64:5 set_tunnel64:0x1234567890abcdef
  set_tunnel64:0xffffffffffffffff set_queue:5 set_queue(5) set_queue:4294967295 pop_queue
  set_queue:2,output:1,pop_queue ip,actions=dec_ttl ip,actions=dec_ttl() ip,actions=dec_ttl(1)
  ip,actions=dec_ttl(1,2,3) ip,actions=dec_ttl:5 ip,actions=DEC_TTL ipv6,actions=dec_ttl,output:1
  mpls,actions=set_mpls_label:5 mpls,actions=set_mpls_label(5) mpls,actions=set_mpls_tc:3 mpls,actions=set_mpls_tc(3)
  mpls,actions=dec_mpls_ttl mpls,actions=dec_mpls_ttl,output:1 push_mpls:0x8847 ip,actions=push_mpls:0x8848
  ip,actions=push_mpls:0x8847,set_field:10->mpls_label,set_field:3->mpls_tc mpls,actions=pop_mpls:0x800
  mpls,actions=pop_mpls:2048 mpls,actions=pop_mpls:0x0806 push_mpls:0x8847,pop_mpls:0x0800 group:5 group:0
  group:4294967040 group:0xffffff00 group:4294967041 group(5) set_field:00:11:22:33:44:55->eth_src
  set_field:00:11:22:33:44:55->eth_dst set_field:00:11:22:33:44:55->dl_src
  set_field:00:11:22:33:44:55/ff:ff:ff:ff:ff:ff->eth_dst set_field:5->reg0 set_field:0x5/0xff->reg0
  set_field:5/255->reg0 set_field:0->reg0 set_field:0/0xff->reg0 set_field:5/0xffffffff->reg0 set_field:5->xreg0
  set_field:0x100000000->xreg0 set_field:0x5/0xff->xreg0 set_field:5->xxreg0
  set_field:0x1234567890abcdef1234567890abcdef->xxreg0 set_field:0x5/0xff->xxreg3 set_field:5->metadata
  set_field:0x5/0xff->metadata set_field:5->tun_id set_field:5->tunnel_id set_field:0x5/0xff->tun_id
  set_field:1.2.3.4->tun_src set_field:1.2.3.4->tun_dst set_field:fe80::1->tun_ipv6_src
  set_field:fe80::1->tun_ipv6_dst set_field:5->tun_gbp_id set_field:0x8->tun_gbp_flags set_field:oam->tun_flags
  set_field:+oam->tun_flags set_field:-oam->tun_flags set_field:1->tun_erspan_ver set_field:5->tun_erspan_idx
  set_field:1->tun_erspan_dir set_field:3->tun_erspan_hwid set_field:5->pkt_mark set_field:0x5/0xf->pkt_mark
  set_field:5->in_port set_field:LOCAL->in_port set_field:in_port->in_port set_field:5->vlan_tci
  set_field:0x1005->vlan_tci set_field:0x1005/0x1fff->vlan_tci set_field:0x1000/0x1000->vlan_tci
  dl_vlan=3,actions=set_field:4101->vlan_vid dl_vlan=3,actions=set_field:0x1005->vlan_vid
  dl_vlan=3,actions=set_field:0x1005/0x1fff->vlan_vid dl_vlan=3,actions=set_field:0x1005/0x100f->vlan_vid
  dl_vlan=3,actions=set_field:5->vlan_pcp ip,actions=set_field:1.2.3.4->ip_src ip,actions=set_field:1.2.3.4->ip_dst
  ip,actions=set_field:1.2.3.4->nw_src ip,actions=set_field:5->ip_dscp ip,actions=set_field:20->nw_tos
  ip,actions=set_field:2->nw_ecn ip,actions=set_field:2->ip_ecn ip,actions=set_field:64->nw_ttl
  ipv6,actions=set_field:fe80::1->ipv6_src ipv6,actions=set_field:fe80::1->ipv6_dst
  ipv6,actions=set_field:fe80::/64->ipv6_dst ipv6,actions=set_field:fe80::1/ffff::ffff->ipv6_dst
  ipv6,actions=set_field:5->ipv6_label ipv6,actions=set_field:0x12345->ipv6_label
  ipv6,actions=set_field:0x5/0xff->ipv6_label tcp,actions=set_field:80->tcp_src tcp,actions=set_field:80->tcp_dst
  tcp,actions=set_field:80->tp_dst tcp,actions=set_field:0x50/0xff->tcp_dst tcp,actions=set_field:80/255->tcp_dst
  udp,actions=set_field:53->udp_src udp,actions=set_field:53->udp_dst sctp,actions=set_field:53->sctp_src
  sctp,actions=set_field:53->sctp_dst icmp,actions=set_field:8->icmp_type icmp,actions=set_field:0->icmp_code
  icmp6,actions=set_field:129->icmpv6_type icmp6,actions=set_field:0->icmpv6_code
  icmp6,icmp_type=135,actions=set_field:fe80::1->nd_target
  icmp6,icmp_type=135,actions=set_field:00:11:22:33:44:55->nd_sll
  icmp6,icmp_type=136,actions=set_field:00:11:22:33:44:55->nd_tll
  icmp6,icmp_type=135,icmp_code=0,actions=set_field:5->nd_reserved
  icmp6,icmp_type=136,icmp_code=0,actions=set_field:2->nd_options_type,set_field:00:11:22:33:44:55->nd_tll
  arp,actions=set_field:2->arp_op arp,actions=set_field:1.2.3.4->arp_spa arp,actions=set_field:1.2.3.4->arp_tpa
  arp,actions=set_field:00:11:22:33:44:55->arp_sha arp,actions=set_field:00:11:22:33:44:55->arp_tha
  mpls,actions=set_field:10->mpls_label mpls,actions=set_field:3->mpls_tc mpls,actions=set_field:64->mpls_ttl
  dl_type=0x894f,actions=set_field:0x3->nsh_flags dl_type=0x894f,actions=set_field:63->nsh_ttl
  dl_type=0x894f,actions=set_field:0x123->nsh_spi dl_type=0x894f,actions=set_field:254->nsh_si
  dl_type=0x894f,nsh_mdtype=1,actions=set_field:0x11223344->nsh_c1 set_field:1234->tun_metadata0
  set_field:0x1234/0xffff->tun_metadata0 set_field(5->reg0) set_field:5->reg0,set_field:6->reg1 move:reg0->reg1
  move:NXM_NX_REG0[]->NXM_NX_REG1[] move:NXM_NX_REG0[0..15]->NXM_NX_REG1[16..31] move:reg0[0..5]->reg1[0..5]
  move:reg0[3]->reg1[4] move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[] move:eth_src->eth_dst
  move:NXM_OF_IN_PORT[]->NXM_OF_VLAN_TCI[] move:NXM_OF_VLAN_TCI[0..11]->NXM_NX_REG0[0..11] move:in_port->reg0[0..15]
  move:NXM_NX_TUN_ID[0..31]->NXM_NX_REG0[] move:tun_id[]->metadata[] move:NXM_NX_XXREG0[0..63]->OXM_OF_METADATA[]
  move:xxreg0->xxreg1 move:xreg0[]->xreg1[] ip,actions=move:NXM_OF_IP_SRC[]->NXM_OF_IP_DST[]
  ip,actions=move:nw_src[0..7]->reg0[0..7] ip,actions=move:NXM_OF_IP_TOS[2..7]->NXM_NX_REG0[0..5]
  ip,actions=move:ip_dscp->reg0[0..5] ip,actions=move:nw_ttl[]->reg0[0..7] ip,actions=move:nw_proto[]->reg0[0..7]
  arp,actions=move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[],move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[]
  arp,actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],set_field:2->arp_op,move:arp_sha->arp_tha,move:arp_spa->arp_tpa,in_port
  tcp,actions=move:NXM_OF_TCP_SRC[]->NXM_OF_TCP_DST[] tcp,actions=move:tcp_src->tcp_dst
  udp,actions=move:udp_src[0..7]->reg0[8..15] icmp6,icmp_type=135,actions=move:nd_target->xxreg0
  ipv6,actions=move:NXM_NX_IPV6_SRC[]->NXM_NX_IPV6_DST[] move:NXM_NX_CT_LABEL[]->xxreg0 move:ct_state[]->reg0[]
  move:ct_zone->reg0[0..15] move:NXM_NX_PKT_MARK[]->NXM_NX_REG0[] dl_vlan=5,actions=move:vlan_vid->reg0[0..11]
  dl_vlan=5,actions=move:OXM_OF_VLAN_VID[0..11]->NXM_NX_REG0[0..11] dl_vlan=5,actions=move:vlan_pcp->reg0[0..2]
  push:NXM_NX_REG0[] push:reg0 push:reg0[0..15] push:NXM_NX_REG2[0..5] pop:NXM_NX_REG2[0..5]
  push:NXM_NX_REG2[0..5],pop:reg3[0..5] push:NXM_OF_ETH_SRC[],pop:NXM_OF_ETH_DST[] push:xxreg0,pop:xxreg1
  push:ct_state[0..7] multipath(eth_src,50,modulo_n,1,0,NXM_NX_REG0[]) multipath(eth_src,50,modulo_n,1,0,reg0)
  multipath(symmetric_l4,1024,hash_threshold,5,0,NXM_NX_REG1[0..7])
  multipath(symmetric_l3l4,0,hrw,12,0,NXM_NX_REG0[0..3]) multipath(symmetric_l3l4+udp,0,hrw,12,0,reg0[])
  multipath(symmetric_l3,0,iter_hash,4,255,reg0[]) multipath(nw_src,0,hrw,4,0,reg0) multipath(nw_dst,0,hrw,4,0,reg0)
  bundle(eth_src,0,hrw,ofport,members:4,8) bundle(eth_src,0,hrw,ofport,slaves:4,8)
  bundle(symmetric_l4,60,active_backup,ofport,members:2,3) bundle(symmetric_l4,60,active_backup,ofport,members:)
  bundle(nw_src,60,hrw,ofport,members:1) bundle(symmetric_l3,60,hrw,ofport,members:1,LOCAL)
  bundle(symmetric_l3l4+udp,60,hrw,ofport,members:1,2,3,4,5,6,7,8) bundle(eth_src,0,hrw,ofport,members:[4,8])
  bundle_load(eth_src,0,hrw,ofport,NXM_NX_REG0[],members:4,8) bundle_load(eth_src,0,hrw,ofport,reg0,members:4,8)
  bundle_load(symmetric_l4,0,hrw,ofport,NXM_NX_REG0[0..15],slaves:1)
  bundle_load(eth_src,0,hrw,ofport,NXM_OF_ETH_DST[0..15],members:1,2) resubmit:1 resubmit:LOCAL resubmit(,5)
  resubmit(1,) resubmit(1,5) resubmit(LOCAL,5) resubmit(in_port,5) resubmit(IN_PORT,5) resubmit(1) resubmit(,254)
  resubmit(1,255) resubmit(any,5) resubmit(controller,5) resubmit(0,1) tcp,actions=fin_timeout(idle_timeout=5)
  tcp,actions=fin_timeout(hard_timeout=5) tcp,actions=fin_timeout(idle_timeout=5,hard_timeout=10)
  tcp,actions=fin_timeout(hard_timeout=10,idle_timeout=5) tcp,actions=fin_timeout() tcp,actions=fin_timeout
  note:00.01.02 note:41.42.43.44.45.46 note:41424344 note: note note:00 note:AA.bb.CC exit exit,output:1 output:1,exit
  conjunction(1,1/2) conjunction(1,2/3) conjunction(0xffffffff,64/64) conjunction(1,1/2),conjunction(2,1/2)
  sample(probability=12345) sample(probability=12345,collector_set_id=23456)
  sample(probability=12345,collector_set_id=23456,obs_domain_id=34567,obs_point_id=45678)
  sample(probability=12345,collector_set_id=23456,obs_domain_id=34567,obs_point_id=45678,sampling_port=56789)
  sample(probability=12345,collector_set_id=23456,obs_domain_id=34567,obs_point_id=45678,sampling_port=56789,ingress)
  sample(probability=12345,collector_set_id=23456,obs_domain_id=34567,obs_point_id=45678,sampling_port=56789,egress)
  sample(probability=12345,egress) sample(probability=1,sampling_port=LOCAL)
  sample(collector_set_id=1,probability=0x10) clone(output:1) clone(output:1,output:2),output:3 clone() clone(drop)
  clone(clone(output:1)) clone(set_field:1->reg0,resubmit(,5)),resubmit(,6) clone:1 ip,actions=ct() ip,actions=ct
  ip,actions=ct(commit) ip,actions=ct(commit,force) ip,actions=ct(table=5) ip,actions=ct(table=0)
  ip,actions=ct(zone=5) ip,actions=ct(zone=0) ip,actions=ct(zone=65535) ip,actions=ct(zone=NXM_NX_REG0[0..15])
  ip,actions=ct(zone=reg0[0..15]) ip,actions=ct(zone=reg0[16..31]) ip,actions=ct(zone=NXM_NX_CT_ZONE[])
  ip,actions=ct(commit,zone=1,table=2) ip,actions=ct(table=2,zone=1,commit) tcp,actions=ct(commit,alg=ftp)
  udp,actions=ct(commit,alg=tftp) ip,actions=ct(commit,exec(set_field:5->ct_mark))
  ip,actions=ct(commit,exec(set_field:0x5/0xff->ct_mark)) ip,actions=ct(commit,exec(set_field:5->ct_label))
  ip,actions=ct(commit,exec(set_field:0x5/0xff->ct_label))
  ip,actions=ct(commit,exec(set_field:0x1/0x1->ct_label,set_field:5->ct_mark))
  ip,actions=ct(commit,exec(move:NXM_NX_REG0[]->NXM_NX_CT_MARK[])) ip,actions=ct(commit,exec(move:reg0->ct_mark))
  ip,actions=ct(commit,exec(move:NXM_OF_ETH_SRC[]->NXM_NX_CT_LABEL[32..79])) ip,actions=ct(commit,exec())
  ip,actions=ct(nat) ip,actions=ct(nat,table=1) ip,actions=ct(table=1,zone=2,nat) ip,actions=ct(nat())
  ip,actions=ct(commit,nat) ip,actions=ct(commit,nat(src)) ip,actions=ct(commit,nat(dst))
  ip,actions=ct(commit,nat(src=10.0.0.1)) ip,actions=ct(commit,nat(src=10.0.0.1-10.0.0.5))
  ip,actions=ct(commit,nat(src=10.0.0.1-10.0.0.5:100-200)) ip,actions=ct(commit,nat(src=10.0.0.1:100))
  ip,actions=ct(commit,nat(src=10.0.0.1:100-200,random)) ip,actions=ct(commit,nat(src=10.0.0.1:100-200,hash))
  ip,actions=ct(commit,nat(src=10.0.0.1:100-200,hash,persistent))
  ip,actions=ct(commit,nat(src=10.0.0.1,persistent,random)) ip,actions=ct(commit,nat(random,src=10.0.0.1))
  ip,actions=ct(commit,nat(dst=10.0.0.1)) ip,actions=ct(commit,nat(dst=10.0.0.1:80))
  ip,actions=ct(commit,nat(dst=10.0.0.1-10.0.0.9:80-90)) ip,actions=ct(commit,nat(src=10.0.0.1-10.0.0.1))
  ip,actions=ct(commit,nat(src=10.0.0.1:100-100)) ipv6,actions=ct(commit,nat(src=fe80::1))
  ipv6,actions=ct(commit,nat(src=fe80::1-fe80::5)) ipv6,actions=ct(commit,nat(src=[fe80::1]:100))
  ipv6,actions=ct(commit,nat(src=[fe80::1]-[fe80::5]:100-200)) ipv6,actions=ct(commit,nat(src=[fe80::1]-[fe80::5]))
  ipv6,actions=ct(commit,nat(src=[fe80::1])) ipv6,actions=ct(commit,nat(dst=2001:db8::1,random))
  ip,actions=ct(commit,zone=5,nat(src=10.0.0.1),table=3,exec(set_field:1->ct_mark)) ip,actions=ct_clear ct_clear
  ct_clear,output:1 ip,actions=CT(commit) ip,actions=write_actions(ct(commit)) learn() learn(table=1) learn(table=0)
  learn(table=254) learn(table=1,idle_timeout=10) learn(table=1,hard_timeout=10,idle_timeout=5)
  learn(table=1,fin_idle_timeout=2,fin_hard_timeout=3) learn(table=1,priority=10) learn(table=1,priority=32768)
  learn(table=1,cookie=0x123) learn(table=1,cookie=5) learn(table=1,send_flow_rem) learn(table=1,delete_learned)
  learn(table=1,send_flow_rem,delete_learned,cookie=3) learn(table=1,limit=5)
  learn(table=1,limit=5,result_dst=reg0[0]) learn(table=1,result_dst=NXM_NX_REG0[8]) learn(table=1,limit=0)
  learn(table=1,NXM_OF_ETH_SRC[]) learn(table=1,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])
  learn(table=1,eth_dst=eth_src,output:in_port) learn(table=1,dl_dst=dl_src) learn(table=1,eth_src)
  learn(table=1,eth_dst[]=eth_src[])
  learn(table=1,NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])
  learn(table=1,vlan_tci[0..11])
  learn(table=10,idle_timeout=10,hard_timeout=20,fin_idle_timeout=5,fin_hard_timeout=10,priority=10,cookie=0xfedcba9876543210,in_port=99,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:NXM_OF_IN_PORT[]->NXM_NX_REG1[16..31])
  learn(table=1,reg0=5) learn(table=1,reg0=0x5) learn(table=1,NXM_NX_REG0[]=5) learn(table=1,NXM_NX_REG0[0..15]=5)
  learn(table=1,reg0[0..15]=0x5) learn(table=1,NXM_NX_REG0[3]=1) learn(table=1,reg0[0..15]=reg1[16..31])
  learn(table=1,NXM_NX_REG0[0..15]=NXM_NX_REG1[16..31]) learn(table=1,in_port=5) learn(table=1,in_port=LOCAL)
  learn(table=1,eth_type=0x800) learn(table=1,dl_type=0x800,nw_src=1.2.3.4)
  learn(table=1,eth_type=0x800,ip_src=1.2.3.4) ip,actions=learn(table=1,dl_type=0x800,NXM_OF_IP_SRC[])
  ip,actions=learn(table=1,eth_type=0x800,NXM_OF_IP_DST[]=NXM_OF_IP_SRC[])
  ip,actions=learn(table=1,eth_type=0x800,nw_proto=6,tcp_dst=80)
  tcp,actions=learn(table=1,dl_type=0x800,nw_proto=6,NXM_OF_IP_SRC[]=NXM_OF_IP_DST[],NXM_OF_TCP_SRC[]=NXM_OF_TCP_DST[])
  udp,actions=learn(table=1,eth_type=0x800,ip_proto=17,udp_src=udp_dst)
  ip,actions=learn(table=1,eth_type=0x0800,nw_proto=17,load:NXM_OF_IP_SRC[]->NXM_OF_IP_DST[])
  arp,actions=learn(table=1,eth_type=0x806,arp_spa=arp_tpa) learn(table=1,eth_dst=00:11:22:33:44:55)
  learn(table=1,dl_dst=00:11:22:33:44:55) learn(table=1,vlan_tci=0x1005) learn(table=1,metadata=5)
  learn(table=1,tun_id=5) learn(table=1,tun_src=1.2.3.4) learn(table=1,load:5->NXM_NX_REG0[])
  learn(table=1,load:5->reg0) learn(table=1,load:5->reg0[0..7]) learn(table=1,load:0x5->NXM_NX_REG0[0..7])
  learn(table=1,load:1->reg0[0]) learn(table=1,load:reg1->reg0) learn(table=1,load:NXM_NX_REG1[]->NXM_NX_REG0[])
  learn(table=1,load:NXM_NX_REG1[0..15]->NXM_NX_REG0[16..31]) learn(table=1,load:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15])
  learn(table=1,load:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]) learn(table=1,load:0->NXM_OF_VLAN_TCI[])
  learn(table=1,load:NXM_NX_TUN_ID[]->NXM_NX_TUN_ID[]) learn(table=1,load:0x112233445566->eth_dst)
  learn(table=1,output:NXM_NX_REG0[]) learn(table=1,output:reg0) learn(table=1,output:reg0[0..15])
  learn(table=1,output:in_port) learn(idle_timeout=5,table=1,output:NXM_OF_IN_PORT[],reg0=3)
  ipv6,actions=learn(table=1,eth_type=0x86dd,ipv6_dst=::1)
  ipv6,actions=learn(table=1,eth_type=0x86dd,NXM_NX_IPV6_DST[]=NXM_NX_IPV6_SRC[])
  learn(table=1,xxreg0=0x1234567890abcdef1234567890abcdef) learn(table=1,xxreg0=xxreg1)
  learn(table=1,load:xxreg0->xxreg1) learn(table=1,load:0x12345678901234567890->xxreg1)
  learn(table=1,ct_mark=5,ct_label=6) learn(table=1,pkt_mark=5) check_pkt_larger(1500)->reg0[0]
  check_pkt_larger(1500)->NXM_NX_REG0[0] check_pkt_larger(1500)->reg0[31] check_pkt_larger(65535)->NXM_NX_XXREG0[127]
  check_pkt_larger:1500->reg0[0] check_pkt_larger(1500)->reg0[0],output:1 CHECK_PKT_LARGER(1500)->reg0[0],resubmit(,5)
  encap(ethernet) encap(nsh) encap(nsh()) encap(nsh(md_type=1)) encap(nsh(md_type=2))
  encap(nsh(md_type=1,tlv(0x1000,10,0x12345678))) encap(nsh(md_type=2,tlv(0x1000,10,0x12345678)))
  encap(nsh(md_type=2,tlv(0x1000,10,0x12345678),tlv(0x2000,20,0xfedcba9876543210)))
  encap(nsh(md_type=2,tlv(0x1000,10,0x12))) encap(mpls) encap(mpls_mc)
  encap(nsh(md_type=1)),set_field:0x1234->nsh_spi,set_field:0x11223344->nsh_c1,encap(ethernet),set_field:11:22:33:44:55:66->eth_dst,output:4
  decap() decap decap(packet_type(ns=0,type=0)) decap(packet_type(ns=1,type=0x894f))
  packet_type=(1,0x894f),actions=decap(packet_type(ns=1,type=0x800)),output:1
  packet_type=(0,0),actions=decap(),output:1 dl_type=0x894f,actions=dec_nsh_ttl delete_field:tun_metadata0
  delete_field:tun_metadata10 delete_field:NXM_NX_TUN_METADATA0 goto_table:5 goto_table:254 goto_table:255
  goto_table(5) write_metadata:5 write_metadata:0x5/0xff write_metadata:0xfedcba9876543210
  write_metadata:0xfedcba9876543210/0xffff0000ffff0000 write_metadata:5/0xffffffffffffffff write_metadata:5/0
  write_metadata:0 write_metadata(5) clear_actions clear_actions,goto_table:5 clear_actions,write_actions(output:1)
  write_actions(output:1) write_actions(output:1,output:2) write_actions(drop) write_actions() write_actions(group:5)
  write_actions(set_field:5->reg0,output:1) write_actions(resubmit(,1))
  write_actions(mod_dl_src:00:11:22:33:44:55,output:1)
  ip,actions=write_actions(dec_ttl,push_vlan:0x8100,set_field:1.2.3.4->nw_dst,output:1) write_actions(1,2)
  output:1,goto_table:5 meter:1 meter:1,output:1 meter:1,goto_table:5 meter(1)
  meter:1,clear_actions,write_actions(output:1),write_metadata:5,goto_table:2
  output:1,clear_actions,write_actions(output:2),write_metadata:5,goto_table:2
  meter:1,output:1,clear_actions,write_actions(output:2),write_metadata:5/0xff,goto_table:2 drop,drop output:1,
  ,output:1 output:1,,output:2 output(1) learn LOCAL,2,normal clear_actions() exit() ct_clear() pop_queue()
  dl_vlan=5,actions=pop_vlan() ip,actions=dec_ttl(),output:1
`)

/** A `load` here, which OpenFlow 1.5 reports as set_field. */
export const LOADS = rules(`
  load:5->reg0 load:5->reg0[] load:5->NXM_NX_REG0[] load:0x5->NXM_NX_REG0[0..7] load:1->reg0[31] load:0->reg0[3..5]
  load:0x1234->reg0[16..31] load:0->NXM_NX_REG0[] load:0xffffffff->NXM_NX_REG15[] load:0xf009->NXM_OF_VLAN_TCI[]
  load:5->NXM_OF_VLAN_TCI[0..11] load:5->vlan_tci[13..15] load:1->NXM_OF_VLAN_TCI[12]
  dl_vlan=5,actions=load:3->OXM_OF_VLAN_PCP[] load:0x112233445566->NXM_OF_ETH_SRC[] load:0x1122->eth_dst[0..15]
  load:0x010203->NXM_OF_ETH_DST[24..47] ip,actions=load:0x01020304->NXM_OF_IP_SRC[]
  ip,actions=load:0xc0a80001->NXM_OF_IP_DST[] ip,actions=load:0x5->NXM_OF_IP_DST[0..7]
  ip,actions=load:5->NXM_NX_IP_TTL[] ip,actions=load:5->nw_ttl[0..3] ip,actions=load:32->NXM_OF_IP_TOS[]
  ip,actions=load:5->OXM_OF_IP_DSCP[] ip,actions=load:2->NXM_NX_IP_ECN[] tcp,actions=load:80->NXM_OF_TCP_SRC[]
  tcp,actions=load:80->NXM_OF_TCP_DST[] tcp,actions=load:80->tcp_dst[0..7] udp,actions=load:80->NXM_OF_UDP_DST[]
  icmp,actions=load:8->NXM_OF_ICMP_TYPE[] icmp6,actions=load:8->NXM_NX_ICMPV6_TYPE[]
  arp,actions=load:2->NXM_OF_ARP_OP[] arp,actions=load:0x01020304->NXM_OF_ARP_SPA[]
  arp,actions=load:0x112233445566->NXM_NX_ARP_SHA[] load:5->NXM_NX_TUN_ID[] load:5->NXM_NX_TUN_ID[0..31]
  load:5->tun_id load:0x0a000001->NXM_NX_TUN_IPV4_DST[] load:5->OXM_OF_METADATA[] load:5->metadata[0..31]
  load:5->metadata[32..63] load:5->NXM_NX_PKT_MARK[] load:5->NXM_OF_IN_PORT[] load:0xffff->NXM_OF_IN_PORT[]
  load:0->in_port load:5->NXM_NX_XXREG0[0..63] load:5->xxreg0[64..127] load:5->xxreg0
  load:0x1234567890abcdef1234->xxreg0 load:5->OXM_OF_PKT_REG0[0..31] load:5->xreg0[0..15] load:5->OXM_OF_PKT_REG7[]
  ipv6,actions=load:5->NXM_NX_IPV6_LABEL[] ipv6,actions=load:0x20010db8->NXM_NX_IPV6_SRC[96..127]
  ipv6,actions=load:0x20010db8->NXM_NX_IPV6_SRC[] mpls,actions=load:5->OXM_OF_MPLS_LABEL[]
  mpls,actions=load:5->mpls_ttl load:1->NXM_NX_REG0[0],load:0->NXM_NX_REG0[1],output:1
  clone(ct_clear,load:0->reg0,resubmit(,3)) ip,actions=ct(commit,exec(load:5->NXM_NX_CT_MARK[]))
  ip,actions=ct(commit,exec(load:0->NXM_NX_CT_MARK[])) ip,actions=ct(commit,exec(load:5->ct_mark[0..7]))
  ip,actions=ct(commit,exec(load:1->NXM_NX_CT_LABEL[])) ip,actions=ct(commit,exec(load:1->NXM_NX_CT_LABEL[0..63]))
  write_actions(load:5->reg0[0..7])
`)

/** Lines that ovs-ofctl refuses, and so do we. */
export const NO_ACTIONS = rules(`
  controller:70000 controller(reason=foo) controller(id=65536) controller(userdata=1.2) output(port=1)
  output(port=eth0,max_len=100) output_trunc output output: output:eth0 eth0 enqueue:1 enqueue(1) enqueue:1:2:3
  mod_vlan_vid:4096 mod_vlan_pcp:8 ip,actions=mod_nw_src:1.2.3 ip,actions=mod_nw_tos:33 ip,actions=mod_nw_tos:256
  ip,actions=mod_nw_ecn:4 ip,actions=mod_nw_ttl:256 icmp,actions=mod_tp_dst:80 mod_tp_dst:80 ip,actions=mod_tp_dst:80
  tcp,actions=mod_tp_dst:65536 set_tunnel:0x10000000000000000 mpls,actions=set_mpls_label:1048576
  mpls,actions=set_mpls_tc(8) mpls,actions=set_mpls_ttl:256 set_field:00:11:22:33:44:55->NXM_OF_ETH_SRC[]
  set_field:5->reg0[0..7] set_field:5->reg0[] set_field:0x100000000->reg0 set_field:5 set_field:5-> set_field:->reg0
  set_field:5->foo load:5->reg0[0] load:0x100->reg0[0..7] load:5->foo load:abc->reg0 load:5 load:5->reg0[0..40]
  load:5->reg0[7..0] load:5->reg0[0-7] move:reg0[0..5]->reg1[0..6] move:reg0[]->foo move:reg0
  dl_vlan=5,actions=move:OXM_OF_VLAN_VID[]->NXM_NX_REG0[0..12] push:foo multipath(foo,50,modulo_n,1,0,NXM_NX_REG0[])
  multipath(eth_src,50,modulo_n,0,0,NXM_NX_REG0[]) multipath(eth_src,50,fubar,1,0,NXM_NX_REG0[]) multipath(eth_src,50)
  bundle(eth_src,0,fubar,ofport,members:4) bundle(eth_src,0,hrw,fubar,members:4) bundle(eth_src,0,hrw) resubmit()
  resubmit resubmit: resubmit(1,2,foo) resubmit(,256) tcp,actions=fin_timeout(foo=5) note:1 note:00:11:22 note:a.b
  conjunction(1,1/1) conjunction(1,3/2) conjunction(1,0/2) conjunction(1,1/65) sample(probability=0)
  sample(probability=65536) sample() ip,actions=ct(table=255) ip,actions=ct(table=256) ip,actions=ct(zone=65536)
  ip,actions=ct(commit,alg=foo) ip,actions=ct(commit,nat(src,dst))
  ip,actions=ct(commit,nat(src=10.0.0.1,dst=10.0.0.2)) ip,actions=ct(commit,nat(foo))
  ip,actions=ct(commit,nat(random)) ip,actions=ct(foo) learn(table=255) learn(table=1,result_dst=reg0)
  tcp,actions=learn(table=1,tcp,tp_dst=80) learn(table=1,dl_vlan=5) learn(table=1,metadata=0x5/0xff)
  learn(table=1,set_field:5->reg0) learn(table=1,set_field:0x112233445566->eth_dst)
  learn(table=1,set_field:5->reg0[0..7]) learn(table=1,output:1) learn(table=1,output:LOCAL)
  learn(table=1,output:normal) learn(table=1,output:5) learn(table=1,load:16->reg0[0..3]) learn(table=1,load:5->foo)
  learn(table=1,foo=5) learn(table=1,foo) learn(table=1,reg0[0..3]=reg1[]) check_pkt_larger(65536)->reg0[0]
  check_pkt_larger(1500)->reg0 check_pkt_larger(1500)->reg0[0..3] check_pkt_larger(1500)
  encap(nsh(md_type=2,tlv(0x1000,10,12))) encap(mpls(ether_type=0x8847)) encap(foo) encap() decap(packet_type(ns=1))
  decap(foo) debug_recirc debug_slow unroll_xlate write_actions(write_actions(output:1)) apply_actions(output:1)
  goto_table:5,output:1 write_metadata:5,clear_actions write_metadata:5,output:1 goto_table:1,write_metadata:5
  write_metadata:5,write_metadata:6 goto_table:5,goto_table:6 drop,output:1 output:1,drop output:1;output:2 foo foo:5
  foo(5) output:1,foo set_field move group group: meter push_vlan push_vlan: bundle set_queue set_queue:
  resubmit(,1),resubmit(,2),drop clone(output:1)) output:1)
`)

/** The built-in engines: one line each. */
export { flatEngine } from './flat/flat.ts'
export { geneveEngine } from './geneve/geneve.ts'
export { natIpv4Engine } from './nat-ipv4/nat-ipv4.ts'
export { remoteL2Engine } from './remote-l2/remote-l2.ts'
export { vlanEngine } from './vlan/vlan.ts'
export { vxlanEngine } from './vxlan/vxlan.ts'

/**
 * Frames that the controller itself sends: the announcements of an engine, which can only leave through targets of the domain.
 */
import t from 'tap'
import type { Engines } from '../../flows/compile.ts'
import { gratuitousArp } from '../../flows/engines/arp-frames.ts'
import { EngineMistake } from '../../flows/engines/checked.ts'
import type { Announcement, Member } from '../../flows/engines/engine-rules.ts'
import { announcements } from '../../flows/packet-out.ts'
import { ipv4, mac, printActions } from '../../src/openflow/index.ts'
import { graphOf } from '../support/cloud.ts'
import { binding, ENGINES, hypervisor, port, portId, vlanNetwork, vnic, vxlanNetwork } from '../support/nodes.ts'

/** Port 0 of a network here, port 1 of another network here, port 2 of the first network on another hypervisor. */
function cloud(make = vlanNetwork) {
  const [one, other] = [make(1), make(2)]
  const graph = graphOf({
    hypervisors: [hypervisor(0), hypervisor(1)],
    networks: [one, other],
    ports: [port(0, one, { attributes: { ip_addresses: ['192.0.2.7'] } }), port(1, other), port(2, one)],
    vnics: [vnic(0, 0), vnic(1, 1), vnic(2, 2)],
    bindings: [binding(0, 0), binding(1, 0), binding(2, 1)],
  })
  const member = (n: number) => graph.placement(portId(n)) as Member
  const saying = (said: unknown): Engines => {
    const vlan = ENGINES.get('vlan')
    if (!vlan) throw new Error('there is one')
    return new Map([['vlan', { ...vlan, rules: { ...vlan.rules, announcements: () => said as Announcement[] } }]])
  }
  return { graph, member, saying }
}

const frame = new Uint8Array(60)
const [up, why] = [{ to: 'uplink' }, 'a test']

t.test('frames leave for the uplink with the key of their network and through its port', async (t) => {
  const { graph, member } = cloud()
  const said = announcements(graph, ENGINES, member(0))
  t.same(
    said.map(({ actions }) => printActions(actions)),
    Array(2).fill('set_field:0xc9->metadata,set_field:0x12c->reg0,set_field:0x1->reg1,resubmit(,60)'),
  )
  t.same(said[1]?.frame, gratuitousArp(mac('02:00:00:00:00:00'), ipv4('192.0.2.7')))
  t.same(announcements(graph, ENGINES, { ...member(0), port: port(0, vlanNetwork(1), { adminUp: false }) }), [])
  const overlay = cloud(vxlanNetwork)
  t.same(announcements(overlay.graph, ENGINES, overlay.member(0)), [], 'peers have rules')
})

t.test('an engine can pass a frame only to members of its domain on this hypervisor', async (t) => {
  const { graph, member, saying } = cloud()
  const to = (n: number) => saying([{ frame, target: { to: 'member', member: member(n) }, why }])
  const [told] = announcements(graph, to(0), member(0))
  t.match(printActions(told?.actions ?? []), /set_field:0x12c->reg1/)
  for (const n of [1, 2]) t.throws(() => announcements(graph, to(n), member(0)), /which is not a member of network-1/)
})

t.test('an answer that cannot be sent is a mistake of the engine', async (t) => {
  const { graph, member, saying } = cloud()
  const wrong: ReadonlyArray<readonly [unknown, RegExp]> = [
    [null, /announcements\(\) is null: it must be a list/],
    [[{ frame: 'x', target: up, why }], /announcements\(\)\[0\] has a frame that is none/],
    [[{ frame: new Uint8Array(13), target: up, why }], /14 octets at least/],
    [[{ frame, target: { to: 'everybody' }, why }], /has target "everybody": it must be member or uplink/],
    [[{ frame, target: up }], /has why undefined/],
    [Promise.resolve([]), /says a promise/],
  ]
  for (const [said, words] of wrong) {
    const mistake = t.throws(() => announcements(graph, saying(said), member(0)), words)
    t.ok(mistake instanceof EngineMistake)
  }
})

/**
 * Feature `trunk` of a port: further ports, each with a VLAN tag, whose frames pass through the VNIC of this port. Ports of
 * every engine that forwards Ethernet frames have it.
 */
import { Type } from 'typebox'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { PortId } from '../../../topology/ids.ts'
import type { Port, SubPort } from '../../../topology/model.ts'
import { recarried } from '../../../topology/stale.ts'
import type { Draft } from '../../core/draft.ts'
import type { Engine } from '../../core/engine/engine.ts'
import { PlugboardError } from '../../core/errors.ts'
import type { Feature } from '../../core/feature.ts'
import { Id } from '../../core/resources/common-fields.ts'
import type { PortField, PortShowing } from '../../core/resources/port-fields.ts'
import { carriesEthernet, checkCarried, checkTrunk, TRUNK } from './sub-ports.ts'

/** The most ports in a trunk. A change of the VNIC changes the rules of all of them. */
const MAX_SUB_PORTS = 1024

const list = (description: string) =>
  Type.Array(
    Type.Object(
      { vlan_id: Type.Integer({ description: 'of the tag, 1 to 4094' }), port_id: Id },
      { additionalProperties: false },
    ),
    { maxItems: MAX_SUB_PORTS, description },
  )

type Wish = ReadonlyArray<{ readonly vlan_id: number; readonly port_id: string }>

/** Answers contain the trunk fields only for ports that can have a trunk or be in one. */
const ofEthernet =
  (value: (port: Port, showing: PortShowing) => unknown) =>
  (port: Port, showing: PortShowing): unknown =>
    carriesEthernet(showing.engines, port) ? value(port, showing) : undefined

const view = ({ trunk }: Port) => trunk.map(({ vlanId, portId }) => ({ vlan_id: vlanId, port_id: portId }))

/** Sorted by tag, so that requests with the same meaning are equal. */
const ordered = (wish: Wish): SubPort[] =>
  wish
    .map(({ vlan_id: vlanId, port_id: portId }) => ({ vlanId, portId: portId as PortId }))
    .sort((a, b) => a.vlanId - b.vlanId)

const FIELDS: readonly PortField[] = [
  {
    name: TRUNK,
    documentation: 'Further ports whose frames the VM has under a VLAN tag each: [trunks](trunks.md). The whole list.',
    answer: Type.Optional(list('ports whose frames the VM has under these tags, through the VNIC in this port')),
    show: ofEthernet(view),
    request: {
      schema: list(
        'further ports of the project whose frames the VM has under these tags, through the VNIC in this port; the whole list, in any order',
      ),
      roles: { create: 'member', createAlone: 'member', update: 'member' },
      default: [],
      get: view,
      set: (port, wish) => ({ ...port, trunk: ordered(wish as Wish) }),
      said: ({ trunk }) => trunk,
      check: (port, { graph, engines }) => checkTrunk(graph, engines, port),
    },
    initial: { trunk: [] },
  },
  {
    name: 'trunk_port_id',
    documentation: 'The port whose trunk carries this one, or null.',
    answer: Type.Optional(Type.Union([Id, Type.Null()], { description: 'the port whose trunk carries this one' })),
    show: ofEthernet(({ id }, { graph }) => graph.carrierOf(id)?.port.id ?? null),
  },
  {
    name: 'trunk_vlan_id',
    documentation: 'The tag that its frames have there, or null.',
    answer: Type.Optional(
      Type.Union([Type.Integer(), Type.Null()], { description: 'the tag of its frames between the VM and the switch' }),
    ),
    show: ofEthernet(({ id }, { graph }) => graph.carrierOf(id)?.tag ?? null),
  },
]

export const trunk: Feature = {
  name: 'trunk',
  portFields: FIELDS,
  checkPlug(graph, engines, vnic, port) {
    checkUncarried(graph, port, (carrier) => `plug the VNIC into ${carrier}, or take another one`)
    checkCarried(graph, engines, vnic, port.trunk)
  },
  checkDestroy: (graph, port) => checkUncarried(graph, port, () => 'take it out of that trunk first'),
  portChanged: touchCarried,
}

/** @param right what the caller can do instead, for a port that is in a trunk */
function checkUncarried(graph: GraphReader, { id }: Port, right: (carrier: string) => string): void {
  const carrier = graph.carrierOf(id)
  if (!carrier) return
  const detail = `port ${id} is in the trunk of port ${carrier.port.id} with tag ${carrier.tag}: ${right('that port')}`
  throw new PlugboardError('port-in-use', detail)
}

/** Answers show which port's trunk contains a port. So when that changes, the revision of the port increases. */
function touchCarried(draft: Draft, _engines: ReadonlyMap<string, Engine>, from: Port | null, to: Port | null): void {
  if (from && to && from.trunk === to.trunk) return
  // Only the lists are compared here.
  const plain = { adminUp: true, rateLimit: null }
  for (const id of recarried(from && { ...from, ...plain }, to && { ...to, ...plain })) {
    const sub = draft.graph.ports.get(id)
    if (sub) draft.change({ kind: 'port', id, to: { ...sub, revision: sub.revision + 1 } })
  }
}

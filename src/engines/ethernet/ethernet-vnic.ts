/** VNICs of kind `ethernet`: they have a MAC address. All engines that forward Ethernet frames take them. */
import { randomBytes } from 'node:crypto'
import { Type } from 'typebox'
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type * as nodes from '../../../topology/model.ts'
import type { VnicKind } from '../../core/engine/engine.ts'
import { ETHERNET } from '../../core/engine/offers.ts'
import { PlugboardError } from '../../core/errors.ts'
import { quoted } from '../../core/quoted.ts'
import { type EngineField, schemaOf } from '../../core/resources/field.ts'
import { calledFor } from '../../core/resources/objects.ts'
import { mac as macValue } from '../../openflow/index.ts'
import { CONTROLLER_MAC } from './network-addressing.ts'
import { isReserved } from './reserved-addresses.ts'

const FIELDS: readonly EngineField[] = [
  {
    name: 'mac_address',
    documentation: 'The MAC address, unicast. A random one is assigned where none is given.',
    request: Type.Optional(
      Type.String({
        description:
          'unicast, six pairs of hexadecimal digits such as 02:00:00:00:00:05; a random one is assigned where none is given',
      }),
    ),
    answer: Type.String({ description: 'of kind "ethernet"' }),
  },
]

export const ethernetKind: VnicKind = {
  kind: ETHERNET,
  schema: schemaOf(FIELDS),
  rows: FIELDS,
  attributes({ mac_address: text }) {
    const asked = text === undefined ? undefined : parseMac(text as string)
    return {
      asked: asked === undefined ? {} : { mac_address: asked },
      attributes: { mac_address: asked ?? randomMac() },
    }
  },
}

/** @returns the address in lower case with colons */
export function parseMac(text: string, field = 'mac_address'): string {
  const right = 'six pairs of hexadecimal digits, such as 02:00:00:00:00:01'
  if (!/^[0-9a-f]{2}([:-])[0-9a-f]{2}(\1[0-9a-f]{2}){4}$/i.test(text)) {
    throw new PlugboardError('bad-request', `${quoted(text)} is no MAC address: it must be ${right}`, {
      field,
    })
  }
  const mac = text.toLowerCase().replaceAll('-', ':')
  if (Number.parseInt(mac.slice(0, 2), 16) & 1) {
    throw new PlugboardError(
      'bad-request',
      `${text} is a group address: a VNIC needs a unicast one, whose first octet is even`,
      { field },
    )
  }
  if (mac === '00:00:00:00:00:00') {
    throw new PlugboardError(
      'bad-request',
      'the address of all zeros belongs to nobody: leave mac_address out to be given one',
      { field },
    )
  }
  const value = macValue(mac)
  if (value === CONTROLLER_MAC) {
    throw new PlugboardError(
      'bad-request',
      `${mac} is the address that the controller answers from: choose another one`,
      { field },
    )
  }
  if (isReserved(value)) {
    throw new PlugboardError(
      'bad-request',
      `${mac} is an address of switch protocols, which no bridge forwards frames to: choose another one`,
      { field },
    )
  }
  return mac
}

/**
 * A locally administered unicast address with 46 random bits. Among a million VNICs, the probability that any two have the same
 * address is 1 in 140. Such two could only not be plugged into the same network.
 */
function randomMac(): string {
  const octets = randomBytes(6)
  octets.writeUInt8((octets.readUInt8(0) & 0xfc) | 0x02, 0)
  return octets.toString('hex').replace(/..(?=.)/g, '$&:')
}

/** Refuses the same MAC address twice in one network. In two networks it works. */
export function checkMac(graph: GraphReader, vnic: nodes.Vnic, port: nodes.Port): void {
  if (!port.networkId) return
  const mac = vnic.attributes.mac_address
  for (const id of graph.portsOfNetwork.get(port.networkId)) {
    const other = graph.attachmentOf(id)?.vnic
    if (other && other.id !== vnic.id && other.attributes.mac_address === mac) {
      const whose = calledFor(vnic.project, 'VNIC', other)
      throw new PlugboardError('mac-in-use', `MAC address ${mac} is that of ${whose} in the same network`)
    }
  }
}

/** Interfaces that look as if they were a VNIC's, and why they are not. */
import { type HypervisorId, isUuid, type VnicId } from '../../topology/ids.ts'
import { quoted } from '../core/quoted.ts'
import type { InterfaceRow, OpenVSwitch, Tables } from '../ovsdb/index.ts'
import { INTEGRATION_BRIDGE, ROLE_KEY } from './external-ids.ts'
import { kept } from './kept-text.ts'

/** An interface that is of no use as it is. */
export interface Stray {
  readonly interface: string
  /** Its `iface-id` if that is not an id of a VNIC by its form; null: there is none, or its form is right. */
  readonly text: string | null
  /** The id that it is or stands for; null: none. */
  readonly means: VnicId | null
  /** What else it may have of its VNIC: `attached-mac`, as a compute service sets it, or a name made of the id; null: it has an id. */
  readonly sign: string | null
  /** What is wrong, for the VNIC that the interface may be meant for. */
  readonly words: string
}

/** More of one host are not remembered. */
const MAX_STRAYS_PER_HOST = 100

/** No way to write an id is longer. */
const MAX_ID_CHARACTERS = 100

/**
 * The id that a text stands for: with capitals, braces, quotation marks, blanks around it, without dashes or with others, or with
 * characters that nobody sees.
 */
export function meantId(text: string): VnicId | null {
  if (text.length > MAX_ID_CHARACTERS) return null
  const plain = text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .replace(/\p{Dash}/gu, '-')
  const digits = plain.toLowerCase().replace(/^[\s"'{(]*(urn:uuid:)?|[\s"'})]*$/g, '')
  const id = digits.replace(/^(\w{8})-?(\w{4})-?(\w{4})-?(\w{4})-?(\w{12})$/, '$1-$2-$3-$4-$5')
  return isUuid(id) ? (id as VnicId) : null
}

const TAP_NAME = /^tap[\da-f]{8}-[\da-f]{2}$/

/** The name that compute services give to the interface with this id. */
export const tapName = (id: VnicId): string => `tap${id.slice(0, 11)}`

/** Yields between some interfaces. */
export function* straysOf(hypervisor: HypervisorId, rows: Tables<OpenVSwitch>): Generator<void, Stray[]> {
  const strays: Stray[] = []
  for (const { name: bridge, ports } of rows.Bridge.values()) {
    for (const port of ports) {
      yield
      for (const id of rows.Port.get(port)?.interfaces ?? []) {
        const row = rows.Interface.get(id)
        const stray = row && strayIn(hypervisor, bridge, row, rows.Port.get(port)?.external_ids.get('iface-id'))
        if (stray) strays.push(stray)
        if (strays.length === MAX_STRAYS_PER_HOST) return strays
      }
    }
  }
  return strays
}

/** @param misplaced the `iface-id` in the row of its port, which means nothing */
function strayIn(
  hypervisor: HypervisorId,
  bridge: string,
  row: InterfaceRow,
  misplaced: string | undefined,
): Stray | undefined {
  const { external_ids: ids, ofport } = row
  const [name, error] = [kept(row.name), kept(row.error ?? '')]
  const where = `interface ${name} on hypervisor ${hypervisor}`
  const text = ids.get('iface-id')
  const stray = { interface: name, text: null, means: null, sign: null }
  if (text === undefined) {
    if (bridge !== INTEGRATION_BRIDGE) return undefined
    const meant = misplaced === undefined ? null : meantId(misplaced)
    if (meant !== null)
      return {
        ...stray,
        means: meant,
        words: `${where} has iface-id in its row of Port: it must be in that of Interface`,
      }
    const mac = kept(ids.get('attached-mac') ?? '').toLowerCase() || undefined
    if (mac === undefined && !TAP_NAME.test(name)) return undefined
    const has = mac === undefined ? 'a name made of its id' : 'its MAC address as attached-mac'
    const words = `${where} has ${has} and no iface-id: set its id as external_ids:iface-id`
    return { ...stray, sign: mac ?? name, words }
  }
  const means = meantId(text)
  if (bridge !== INTEGRATION_BRIDGE) {
    const words = `${where} carries its id as iface-id and is on bridge ${kept(bridge)}: it must be on ${INTEGRATION_BRIDGE}`
    return means === null ? undefined : { ...stray, means, words }
  }
  if (!isUuid(text)) {
    return { ...stray, text, means, words: `${where} carries iface-id ${quoted(text)}: it must be written ${means}` }
  }
  if (ids.has(ROLE_KEY)) return { ...stray, means, words: `${where} carries its id and leads to the fabric` }
  const isUnmade = ofport === null || ofport <= 0
  return isUnmade && error ? { ...stray, means, words: `${where} has no port number: ${error}` } : undefined
}

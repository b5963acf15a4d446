/** Who has which address of a pool, written down: what a port has taken, and what it leaves. */
import type { Key } from '../../../topology/ids.ts'
import type { Address, Port } from '../../../topology/model.ts'
import type { Draft, Writer } from '../../core/draft.ts'
import type { PoolAddress } from '../../core/engine/engine.ts'
import { PlugboardError } from '../../core/errors.ts'

/**
 * Let a port have these addresses, and no others.
 * @throws PlugboardError `address-in-use`
 */
export function takeAddresses(
  draft: Draft,
  port: Pick<Port, 'key' | 'networkId'>,
  wanted: readonly PoolAddress[],
): void {
  const { graph } = draft
  const { key, networkId } = port
  if (networkId === null) return
  const ids = new Set(wanted.map(({ pool, value }) => idOf(networkId, pool, value)))
  for (const address of [...graph.addresses.ownedBy(key)]) if (!ids.has(address.id)) free(draft, address)
  for (const { pool, value, text, field } of wanted) {
    const id = idOf(networkId, pool, value)
    const owner = graph.addresses.pool(networkId, pool).get(value)?.owner ?? null
    if (owner === key) continue
    if (owner !== null) throw inUse(draft, owner, text, field)
    draft.change({ kind: 'address', id, to: { id, networkId, pool, value, owner: key, freed: 0 } })
  }
}

/** A port is gone. */
export function freeAddresses(draft: Draft, owner: Key): void {
  for (const address of [...draft.graph.addresses.ownedBy(owner)]) free(draft, address)
}

/** A network is gone, and all of its ports before it. */
export function forgetAddresses(draft: Draft, network: Address['networkId'], most = Number.POSITIVE_INFINITY): void {
  const found: Address[] = []
  for (const address of draft.graph.addresses.of(network)) {
    if (found.length === most) break
    found.push(address)
  }
  for (const { id } of found) draft.change({ kind: 'address', id, to: null })
}

/** Addresses that one operation forgets, so that none takes long. */
const PART = 200

/**
 * A network without ports is about to go: forget in which order its addresses were freed, which may be a long list. If it stays
 * after all, nothing else was lost.
 */
export async function forgetInParts(writer: Writer, network: Address['networkId']): Promise<void> {
  const hasPorts = () => writer.graph.portsOfNetwork.get(network).size > 0
  while (!hasPorts() && writer.graph.addresses.countOf(network) > PART) {
    await writer.write((draft) => {
      if (!hasPorts()) forgetAddresses(draft, network, PART)
    })
  }
}

const free = (draft: Draft, address: Address): void =>
  draft.change({ kind: 'address', id: address.id, to: { ...address, owner: null, freed: draft.nextKey() } })

const idOf = (network: string, pool: string, value: number): string => `${network}/${pool}/${value}`

function inUse({ graph }: Draft, owner: Key, text: string, field: string): PlugboardError {
  const other = graph.byKey.get(owner)
  return new PlugboardError('address-in-use', `address ${text} is that of port ${other?.id} in the same network`, {
    field,
  })
}

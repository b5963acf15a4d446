/**
 * Feature addresses: which port has which address of a network's pools. It records the addresses that a port takes and gives
 * up.
 */
import type { GraphReader } from '../../../topology/graph-reader.ts'
import type { NetworkId, PortId } from '../../../topology/ids.ts'
import type { Address, Port } from '../../../topology/model.ts'
import type { Draft, Writer } from '../../core/draft.ts'
import type { Engine, PoolAddress } from '../../core/engine/engine.ts'
import { PlugboardError } from '../../core/errors.ts'
import type { Feature } from '../../core/feature.ts'
import { calledFor } from '../../core/resources/objects.ts'

export const addresses: Feature = {
  name: 'addresses',
  portChanged(draft, engines, from, to) {
    if (to) take(draft, to, wantedBy(draft, engines, to))
    else if (from) for (const address of [...draft.graph.addresses.ownedBy(from.key)]) free(draft, address)
  },
  networkEnding: forgetInParts,
  networkDestroyed: (draft, id) => forget(draft, id),
}

/** The addresses that the engine of the port's network reports. A port of another engine has none. */
function wantedBy({ graph }: Draft, engines: ReadonlyMap<string, Engine>, port: Port): readonly PoolAddress[] {
  const network = port.networkId && graph.networks.get(port.networkId)
  if (!network || network.engine !== port.engine) return []
  return engines.get(network.engine)?.networks?.addresses?.(network, port) ?? []
}

/** Gives a port these addresses and takes all others from it. @throws PlugboardError `address-in-use` */
function take(draft: Draft, { key, project, networkId }: Port, wanted: readonly PoolAddress[]): void {
  const { graph } = draft
  if (networkId === null) return
  const ids = new Set(wanted.map(({ pool, value }) => idOf(networkId, pool, value)))
  for (const address of [...graph.addresses.ownedBy(key)]) if (!ids.has(address.id)) free(draft, address)
  for (const { pool, value, text, field } of wanted) {
    const id = idOf(networkId, pool, value)
    const owner = graph.addresses.pool(networkId, pool).get(value)?.owner ?? null
    if (owner === key) continue
    if (owner !== null) {
      const other = graph.ports.get(graph.byKey.get(owner)?.id as PortId)
      const whose = other ? calledFor(project, 'port', other) : 'a port'
      const detail = `address ${text} is that of ${whose} in the same network`
      throw new PlugboardError('address-in-use', detail, { field })
    }
    draft.change({ kind: 'address', id, to: { id, networkId, pool, value, owner: key, freed: 0 } })
  }
}

/**
 * Addresses of a pool that are kept, with or without an owner. Freed ones are kept so that they are the last to be reused. With more,
 * each address that is freed makes the pool forget the one that was freed longest ago.
 */
const MAX_KEPT = 20_000

function free(draft: Draft, address: Address): void {
  draft.change({ kind: 'address', id: address.id, to: { ...address, owner: null, freed: draft.nextKey() } })
  const pool = draft.graph.addresses.pool(address.networkId, address.pool)
  const oldest = pool.size > MAX_KEPT ? pool.oldestFreed() : undefined
  if (oldest) draft.change({ kind: 'address', id: oldest.id, to: null })
}

const idOf = (network: string, pool: string, value: number): string => `${network}/${pool}/${value}`

/** Forgets at most `atMost` addresses of a network that has no ports. */
function forget(draft: Draft, network: NetworkId, atMost = Number.POSITIVE_INFINITY): void {
  const found: Address[] = []
  for (const address of draft.graph.addresses.of(network)) {
    if (found.length === atMost) break
    found.push(address)
  }
  for (const { id } of found) draft.change({ kind: 'address', id, to: null })
}

/** The most addresses that one operation forgets, so that no operation takes long. */
const MAX_FORGOTTEN = 200

/**
 * Forgets most addresses of a network that is about to be destroyed: their list may be long. If the network is not destroyed
 * after all, only the order in which its addresses were freed is lost.
 */
async function forgetInParts(writer: Writer, network: NetworkId): Promise<void> {
  const hasPorts = (graph: GraphReader) => graph.portsOfNetwork.get(network).size > 0
  while (!hasPorts(writer.graph) && writer.graph.addresses.countOf(network) > MAX_FORGOTTEN) {
    await writer.write((draft) => {
      if (!hasPorts(draft.graph)) forget(draft, network, MAX_FORGOTTEN)
    })
  }
}

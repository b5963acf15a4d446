/** The physical networks of the configuration, and which of their segments engines may give to networks. */
import { Type } from 'typebox'
import type { Prefix } from '../../../flows/engines/prefix.ts'
import { PlugboardError } from '../../core/errors.ts'
import type { Range } from '../../core/resources/segments.ts'

/** Addresses of a physical network that the operator has set aside for engines to give away. */
export interface FloatingPool {
  readonly prefix: Prefix
  /** The VLAN that carries it; null: none, its frames are untagged. */
  readonly vlan: number | null
  /** The router there; null: none. */
  readonly gateway: number | null
}

export const PhysicalNetwork = Type.String({ description: 'the name of one of the configuration' })

/** The physical networks by name, and what Plugboard may use of each. */
export type PhysicalNetworks = Readonly<
  Record<string, { readonly vlans: readonly Range[]; readonly floating?: readonly FloatingPool[] }>
>

/** Does a physical network carry floating addresses with this VLAN id, or untagged (null)? */
export const carriesFloating = (known: PhysicalNetworks, name: string, vlan: number | null): boolean =>
  known[name]?.floating?.some((pool) => pool.vlan === vlan) ?? false

/** @throws PlugboardError `segment-in-use`: such a segment is the operator's */
export function refuseFloating(known: PhysicalNetworks, name: string, vlan: number | null, words: string): void {
  if (!carriesFloating(known, name, vlan)) return
  throw new PlugboardError('segment-in-use', `${words} carries floating addresses: choose another one`, {
    field: 'segment',
  })
}

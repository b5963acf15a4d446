/** The physical networks of the configuration, and the segments there that engines may give to networks. */
import { Type } from 'typebox'
import type { Prefix } from '../../../flows/engines/prefix.ts'
import { PlugboardError } from '../../core/errors.ts'
import type { Range } from '../../core/resources/segments.ts'

/** Addresses of a physical network that the operator has reserved as floating addresses. */
export interface FloatingPool {
  readonly prefix: Prefix
  /** The VLAN of the addresses; null: their frames are untagged. */
  readonly vlan: number | null
  /** The address of the router; null: there is none. */
  readonly gateway: number | null
}

export const PhysicalNetwork = Type.String({ description: 'the name of one of the configuration' })

/** The physical networks by name, each with what Plugboard may use there. */
export type PhysicalNetworks = Readonly<
  Record<string, { readonly vlans: readonly Range[]; readonly floating?: readonly FloatingPool[] }>
>

/** Does this VLAN of a physical network carry floating addresses? @param vlan null: untagged frames */
export const carriesFloating = (known: PhysicalNetworks, name: string, vlan: number | null): boolean =>
  known[name]?.floating?.some((pool) => pool.vlan === vlan) ?? false

/** Refuses a segment that carries floating addresses. @throws PlugboardError `segment-in-use` */
export function refuseFloating(known: PhysicalNetworks, name: string, vlan: number | null, words: string): void {
  if (!carriesFloating(known, name, vlan)) return
  throw new PlugboardError('segment-in-use', `${words} carries floating addresses: choose another one`, {
    field: 'segment',
  })
}

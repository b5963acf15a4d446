/** What a built-in engine says of itself, beside what it makes. */
import type { Engine } from '../core/engine/engine.ts'
import type { Range } from '../core/resources/segments.ts'
import type { PhysicalNetworks } from './ethernet/physical-networks.ts'

/** What the configuration says for engines. */
export interface EngineSettings {
  readonly physicalNetworks: PhysicalNetworks
  readonly overlays: {
    readonly vxlan: { readonly vnis: readonly Range[] }
    readonly geneve: { readonly vnis: readonly Range[] }
    /** Octets that the underlay carries behind its Ethernet header. */
    readonly mtu: number
  }
}

export interface BuiltInEngine {
  readonly alias: string
  /** The place of its tables (`engineTables`), from 0. It must never change: rules in switches stand there. */
  readonly slot: number
  make(settings: EngineSettings): Engine
}

/** How a built-in engine registers itself. */
import type { Engine } from '../core/engine/engine.ts'
import type { Range } from '../core/resources/segments.ts'
import type { PhysicalNetworks } from './ethernet/physical-networks.ts'

/** The settings of the configuration that concern engines. */
export interface EngineSettings {
  readonly physicalNetworks: PhysicalNetworks
  readonly overlays: {
    readonly vxlan: { readonly vnis: readonly Range[] }
    readonly geneve: { readonly vnis: readonly Range[] }
    /** The largest IP packet on the underlay, in octets. */
    readonly mtu: number
  }
}

export interface BuiltInEngine {
  readonly alias: string
  /** The position of its tables (`engineTables`), from 0. It must never change, because rules in switches use these tables. */
  readonly slot: number
  make(settings: EngineSettings): Engine
}

/**
 * Wishes: what a stage adds to rules of other stages. A stage that makes such rules collects all wishes at once. It does not
 * know which stages have one.
 */
import type { Action, OxmField } from '../../src/openflow/index.ts'
import type { Port } from '../../topology/model.ts'
import type { Member } from '../engines/engine-rules.ts'
import type { MeterSpec } from './vnic-meter.ts'

/** How the frames of one member look on an interface that it shares with other members. */
export interface Framing {
  readonly match: readonly OxmField[]
  /** For the `why` of the rule: `frames with tag 7`. */
  readonly words: string
  /** Turns a frame from the interface into a plain frame. */
  readonly unwrap: readonly Action[]
  /** Turns a plain frame into a frame for the interface. */
  readonly wrap: readonly Action[]
}

/** Meters that run before the other actions on the frames of a member. */
export interface Limit {
  readonly meters: readonly MeterSpec[]
  /** For the `why` of the rule: `, 1000 kbit/s at most`. */
  readonly words: string
}

export type Direction = 'sends' | 'receives' | 'to controller'

export interface Wishes {
  /** How frames of a member look on its interface; undefined if they look like those of any VNIC. Only one stage may say so. */
  framing?(member: Member): Framing | undefined
  /** The limit of what a member sends, of what it receives, or of its frames that the controller gets. */
  limit?(member: Member, direction: Direction): Limit | undefined
  /** Actions on each frame that comes from the remote site of a port. */
  fromSite?(port: Port): readonly Action[]
}

/** The wishes of all stages together. */
export interface AllWishes {
  framing(member: Member): Framing | undefined
  limit(member: Member, direction: Direction): Limit
  fromSite(port: Port): readonly Action[]
}

export function allWishes(wishes: readonly Wishes[]): AllWishes {
  const framing = wishes.find((each) => each.framing)
  const limiting = wishes.filter((each) => each.limit)
  return {
    framing: (member) => framing?.framing?.(member),
    limit: (member, direction) => {
      const limits = limiting.flatMap((each) => each.limit?.(member, direction) ?? [])
      return { meters: limits.flatMap(({ meters }) => meters), words: limits.map(({ words }) => words).join('') }
    },
    fromSite: (port) => wishes.flatMap((each) => each.fromSite?.(port) ?? []),
  }
}

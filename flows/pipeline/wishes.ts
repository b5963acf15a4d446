/**
 * Wishes: what a stage adds to rules of other stages. A stage that makes such rules asks for all wishes at once, and knows
 * nobody who has one.
 */
import type { Action, OxmField } from '../../src/openflow/index.ts'
import type { Port } from '../../topology/model.ts'
import type { Member } from '../engines/engine-rules.ts'
import type { MeterSpec } from './vnic-meter.ts'

/** How the frames of one member look on the interface that it shares with others. */
export interface Framing {
  readonly match: readonly OxmField[]
  /** For the reason of the rule: `frames with tag 7`. */
  readonly words: string
  /** Makes a plain frame of one that came in. */
  readonly unwrap: readonly Action[]
  /** Makes such a frame of a plain one. */
  readonly wrap: readonly Action[]
}

/** Meters in front of what is done with the frames of a member. */
export interface Limit {
  readonly meters: readonly MeterSpec[]
  /** For the reason of the rule: `, 1000 kbit/s at most`. */
  readonly words: string
}

export interface Wishes {
  /** How frames of a member look on its interface; undefined: as those of any VNIC. One stage may say it. */
  framing?(member: Member): Framing | undefined
  /** The limit of what a member sends, or of what it receives. */
  limit?(member: Member, direction: 'sends' | 'receives'): Limit | undefined
  /** What is done with each frame that comes from the remote site that a port leads to. */
  fromSite?(port: Port): readonly Action[]
}

/** The wishes of all stages in one. */
export interface AllWishes {
  framing(member: Member): Framing | undefined
  limit(member: Member, direction: 'sends' | 'receives'): Limit
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

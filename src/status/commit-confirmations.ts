/** The confirmations of commits whose callers may still wait for them. */
import type { VnicId } from '../../topology/ids.ts'
import type { Committed } from '../core/committed.ts'
import type { Effects } from '../core/effects.ts'
import type { Confirmation, Generations } from '../core/realisation.ts'
import type { Subscriber } from '../core/subscribers.ts'
import type { Confirmations } from '../switches/confirmations.ts'

interface Context {
  readonly confirmations: Confirmations
  /** The confirmation of a VNIC's latest change; undefined if every switch has confirmed it. */
  pendingOf(id: VnicId): Confirmation | undefined
}

export class CommitConfirmations implements Subscriber {
  readonly #context: Context
  readonly #known = new WeakMap<Committed, Confirmation>()

  constructor(context: Context) {
    this.#context = context
  }

  /** Called after a commit. The destruction of a VNIC is confirmed only when its earlier changes are confirmed, too. */
  committed({ commit, withdrawn }: Effects, generations: Generations): void {
    const { confirmations, pendingOf } = this.#context
    const earlier = [...withdrawn].map(pendingOf)
    this.#known.set(commit, confirmations.expect(generations, ...earlier))
  }

  /** The confirmation of a commit by every connected switch that the commit concerns. */
  of(commit: Committed): Confirmation {
    return this.#known.get(commit) ?? this.#context.confirmations.expect(new Map())
  }
}

/** The confirmation of each commit whose caller may still wait for it. */
import type { VnicId } from '../../topology/ids.ts'
import type { Committed } from '../core/committed.ts'
import type { Effects } from '../core/effects.ts'
import type { Confirmation, Generations } from '../core/realisation.ts'
import type { Subscriber } from '../core/subscribers.ts'
import type { Confirmations } from '../switches/confirmations.ts'

interface Context {
  readonly confirmations: Confirmations
  /** The confirmation that a VNIC waits for. */
  pendingOf(id: VnicId): Confirmation | undefined
}

export class CommitConfirmations implements Subscriber {
  readonly #context: Context
  readonly #known = new WeakMap<Committed, Confirmation>()

  constructor(context: Context) {
    this.#context = context
  }

  /** Destroying a VNIC is confirmed only when its earlier changes are, too. */
  committed({ commit, withdrawn }: Effects, generations: Generations): void {
    const { confirmations, pendingOf } = this.#context
    const earlier = [...withdrawn].map(pendingOf)
    this.#known.set(commit, confirmations.expect(generations, ...earlier))
  }

  /** Done when every connected switch that the commit concerns has confirmed it. */
  of(commit: Committed): Confirmation {
    return this.#known.get(commit) ?? this.#context.confirmations.expect(new Map())
  }
}

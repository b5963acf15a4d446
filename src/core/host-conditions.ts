/**
 * The conditions of each hypervisor, with their severity and since when they have held. They are looked at again soon after a
 * change, so that `since` does not depend on when somebody asks.
 */
import type { Engines } from '../../flows/compile.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import type { Effects } from './effects.ts'
import type { Condition } from './engine/engine.ts'
import { faultsOn } from './resources/hypervisor.ts'
import { SEVERITY, severityOf } from './severity.ts'
import { sliced } from './slices.ts'
import type { Subscriber } from './subscribers.ts'
import { Timers } from './timers.ts'
import type { TroublesReader } from './troubles.ts'
import type { ConditionView } from './views.ts'

interface Context {
  readonly graph: GraphReader
  readonly engines: Engines
  readonly troubles: TroublesReader
  /** What is wrong with the settings and interfaces of a connected host. */
  settingsOf(hypervisor: HypervisorId): readonly Condition[]
}

/** More conditions with one code are counted in the last one: a host can cause as many as it has interfaces. */
const MAX_PER_CODE = 30
const MAX_MESSAGE_CHARACTERS = 2_000

/** Changes within this time share a look. */
const LOOK_DELAY_MS = 250

export class HostConditions implements Subscriber {
  readonly #context: Context
  /** When each condition was first seen, by code and message. */
  readonly #since = new Map<HypervisorId, ReadonlyMap<string, string>>()
  readonly #changed = new Set<HypervisorId>()
  readonly #timers = new Timers()

  constructor(context: Context) {
    this.#context = context
  }

  /** The conditions as of now, the worst ones first. */
  of(id: HypervisorId): readonly ConditionView[] {
    const { graph, engines, troubles, settingsOf } = this.#context
    const hypervisor = graph.hypervisors.get(id)
    const known = this.#since.get(id)
    const since = new Map<string, string>()
    const conditions = new Map<string, ConditionView>()
    const now = new Date().toISOString()
    for (const condition of bounded([
      ...troubles.of(id),
      ...settingsOf(id),
      ...(hypervisor ? faultsOn(graph, engines, hypervisor) : []),
    ])) {
      const { code, message } = condition
      const name = `${code} ${message}`
      since.set(name, known?.get(name) ?? now)
      conditions.set(name, { code, message, severity: severityOf(condition), since: since.get(name) ?? now })
    }
    if (since.size > 0) this.#since.set(id, since)
    else this.#since.delete(id)
    const rank = ({ severity }: ConditionView) => -SEVERITY.indexOf(severity)
    return [...conditions.values()].sort((a, b) => rank(a) - rank(b))
  }

  /** Something that conditions of this hypervisor depend on has changed. */
  changed(id: HypervisorId): void {
    if (this.#changed.size === 0) this.#timers.later(() => void this.#look(), LOOK_DELAY_MS)
    this.#changed.add(id)
  }

  committed({ stale, hypervisors }: Effects): void {
    for (const id of [...hypervisors, ...stale.keys()]) this.changed(id)
  }

  close(): void {
    this.#timers.clear()
  }

  async #look(): Promise<void> {
    const ids = [...this.#changed]
    this.#changed.clear()
    await sliced(this.#each(ids))
  }

  *#each(ids: readonly HypervisorId[]): Generator<void> {
    for (const id of ids) {
      this.of(id)
      yield
    }
  }
}

/** The first conditions of each code, and one for the others. */
function bounded(all: readonly Condition[]): Condition[] {
  const byCode = Map.groupBy(all, ({ code }) => code)
  return [...byCode.values()].flatMap((its) => {
    const shown = its
      .slice(0, MAX_PER_CODE)
      .map((each) => ({ ...each, message: each.message.slice(0, MAX_MESSAGE_CHARACTERS) }))
    const [first] = shown
    const more = its.length - shown.length
    return first && more > 0 ? [...shown, { ...first, message: `${more} more conditions of this kind` }] : shown
  })
}

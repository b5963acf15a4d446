/** What is wanted on one switch, compiled object by object, beside what the switch has. */

import { compile, type Engines, objectsOn } from '../../flows/compile.ts'
import { Ledger } from '../../flows/diff.ts'
import { EngineMistake } from '../../flows/engines/checked.ts'
import type { Rule } from '../../flows/pipeline/rule.ts'
import type { Graph } from '../../topology/graph.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { Session } from '../openflow/index.ts'
import { readMeters } from './meter-mods.ts'

interface Context {
  readonly hypervisor: HypervisorId
  readonly graph: Graph
  readonly engines: Engines
}

export class DesiredRules {
  readonly ledger = new Ledger()
  readonly #context: Context
  /** Objects whose engine did not say what they want, with the reason. */
  #mistakes = new Map<Key, string>()

  constructor(context: Context) {
    this.#context = context
  }

  /** @throws EngineMistake */
  rulesOf(object: Key): Rule[] {
    const { graph, engines, hypervisor } = this.#context
    return compile(graph, engines, hypervisor, object)
  }

  *compile(objects: Iterable<Key>): Generator<void> {
    for (const object of objects) {
      this.#compile(object)
      yield
    }
  }

  /** Compile everything on the switch, and forget the authors that have nothing there. */
  *compileAll(): Generator<void> {
    const { graph, hypervisor } = this.#context
    const present = new Set(objectsOn(graph, hypervisor))
    for (const author of [...this.ledger.authors()]) if (!present.has(author)) this.ledger.replace(author, [])
    yield* this.compile(present)
  }

  /** Ask the switch what it has: rules and meters at once, since each wait is a turn of its main loop. */
  async observe(session: Session): Promise<void> {
    this.ledger.forget()
    const meters = async () => {
      for (const meter of await readMeters(session)) this.ledger.meters.observe(meter)
    }
    const flows = async () => {
      for await (const some of session.dumpFlows()) for (const flow of some) this.ledger.observe(flow)
    }
    await Promise.all([meters(), flows()])
  }

  #compile(object: Key): void {
    try {
      this.ledger.replace(object, this.rulesOf(object))
    } catch (error) {
      if (!(error instanceof EngineMistake)) throw error
      this.#mistakes.set(object, `has no rules for it: ${error.message}`)
    }
  }

  /** Leave objects whose engine made a mistake since the last time with what there is for them. @returns them, with the reason */
  setAside(): Map<Key, string> {
    const aside = this.#mistakes
    this.#mistakes = new Map()
    for (const author of aside.keys()) this.fallBack(author)
    return aside
  }

  /**
   * Leave an object without what it wants. A network keeps what the switch has of it, since others live on it; a port is left
   * without rules, since those it had may name a port number that is somebody else's by now.
   */
  fallBack(author: Key): void {
    const isNetwork = this.#context.graph.byKey.get(author)?.kind === 'network'
    this.ledger.replace(author, isNetwork ? this.ledger.kept(author, 'as it was before a change that failed') : [])
  }
}

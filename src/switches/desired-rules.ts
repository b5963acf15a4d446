/** The desired rules of one switch. They are compiled object by object. A ledger compares them with the switch's own rules. */
import { compile, type Engines, objectsOn } from '../../flows/compile.ts'
import { Ledger } from '../../flows/diff.ts'
import { EngineMistake } from '../../flows/engines/checked.ts'
import { type Rule, unmetered } from '../../flows/pipeline/rule.ts'
import type { GraphReader } from '../../topology/graph-reader.ts'
import type { HypervisorId, Key } from '../../topology/ids.ts'
import type { Session } from '../openflow/index.ts'
import { dumpOf } from './bounded-dump.ts'
import { ForeignRules } from './foreign-rules.ts'
import { readMeters } from './meter-mods.ts'

interface Context {
  readonly hypervisor: HypervisorId
  readonly graph: GraphReader
  readonly engines: Engines
  /** Does the switch support meters? */
  hasMeters(): boolean
}

export class DesiredRules {
  readonly ledger = new Ledger()
  readonly foreign = new ForeignRules()
  readonly #context: Context
  /** Objects whose engine has returned wrong rules, with the reason. */
  #mistakes = new Map<Key, string>()

  constructor(context: Context) {
    this.#context = context
  }

  /** @throws EngineMistake */
  rulesOf(object: Key, graph = this.#context.graph): Rule[] {
    const { engines, hypervisor, hasMeters } = this.#context
    const rules = compile(graph, engines, hypervisor, object)
    return hasMeters() ? rules : rules.map(unmetered)
  }

  *compile(objects: Iterable<Key>): Generator<void> {
    for (const object of objects) {
      this.#compile(object)
      yield
    }
  }

  /** Compiles all objects on the switch, and forgets objects that are no longer there. */
  *compileAll(): Generator<void> {
    const { graph, hypervisor } = this.#context
    const present = new Set(objectsOn(graph, hypervisor))
    for (const author of [...this.ledger.authors()]) if (!present.has(author)) this.ledger.replace(author, [])
    yield* this.compile(present)
  }

  /** Reads the rules and meters of the switch, at the same time, because each request waits for a turn of its main loop. */
  async observe(session: Session): Promise<void> {
    this.ledger.forget()
    this.foreign.forget()
    const meters = async () => {
      for (const meter of await readMeters(session)) this.ledger.meters.observe(meter)
    }
    const flows = async () => {
      for await (const some of dumpOf(session, this.ledger.size)) {
        for (const flow of some) {
          this.ledger.observe(flow)
          this.foreign.observe(flow)
        }
      }
    }
    await Promise.all([meters(), flows()])
  }

  /** Makes objects fall back whose engine has made a mistake since the last call. @returns these objects, with the reason */
  setMistakesAside(): Map<Key, string> {
    const mistakes = this.#mistakes
    this.#mistakes = new Map()
    for (const author of mistakes.keys()) this.fallBack(author)
    return mistakes
  }

  /**
   * Called for an object that cannot have its desired rules. A network keeps the rules that the switch has, because other objects
   * depend on them. A port gets no rules: its former rules may contain a port number that now belongs to another interface.
   */
  fallBack(author: Key): void {
    const isNetwork = this.#context.graph.byKey.get(author)?.kind === 'network'
    this.ledger.replace(author, isNetwork ? this.ledger.kept(author, 'as it was before a change that failed') : [])
  }

  #compile(object: Key): void {
    try {
      this.ledger.replace(object, this.rulesOf(object))
    } catch (error) {
      if (!(error instanceof EngineMistake)) throw error
      this.#mistakes.set(object, `has no rules for it: ${error.message}`)
    }
  }
}

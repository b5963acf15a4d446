/** What was seen on connected hosts that is closest to the interface of a VNIC that has none. In memory only. */
import type { HypervisorId, PortId, VnicId } from '../../topology/ids.ts'
import type { Vnic } from '../../topology/model.ts'
import { quoted } from '../core/quoted.ts'
import { type Stray, tapName } from './iface-ids.ts'

/** Ids with so few wrong characters are taken for typing errors. */
const MAX_WRONG_CHARACTERS = 2
/** The number of unknown ids that are compared with that of a VNIC. */
const MAX_COMPARED = 1_000

interface Sighting {
  readonly strays: readonly Stray[]
  /** The ids on interfaces that are no VNIC's, with the name of the interface. */
  readonly unknown: ReadonlyMap<VnicId, string>
}

export class Sightings {
  readonly #changed: (vnics: Iterable<VnicId>) => void
  readonly #seen = new Map<HypervisorId, Sighting>()
  /** By the id, the MAC address or the name that an interface has, its description by hypervisor. */
  readonly #words = new Map<string, Map<HypervisorId, string>>()

  /** @param changed called with VNICs for which something else is closest now */
  constructor(changed: (vnics: Iterable<VnicId>) => void) {
    this.#changed = changed
  }

  /** Called when the rows of a host have been read. */
  report(hypervisor: HypervisorId, now: Sighting): void {
    const before = this.#index(hypervisor, this.#seen.get(hypervisor), (words) => words.delete(hypervisor))
    this.#seen.set(hypervisor, now)
    const after = this.#index(hypervisor, now, (words, text) => words.set(hypervisor, text))
    const changed = [...new Set([...before.keys(), ...after.keys()])].filter((id) => before.get(id) !== after.get(id))
    if (changed.length > 0) this.#changed(changed)
  }

  /** Called when a host has left. */
  forget(hypervisor: HypervisorId): void {
    if (this.#seen.has(hypervisor)) this.report(hypervisor, { strays: [], unknown: new Map() })
    this.#seen.delete(hypervisor)
  }

  /** The closest that was seen, in words; undefined: nothing is close. */
  closest({ id, portId, attributes: { mac_address: mac } }: Vnic): string | undefined {
    const exact =
      this.#first(id) ?? (typeof mac === 'string' ? this.#first(mac) : undefined) ?? this.#first(tapName(id))
    return exact ?? (portId === null ? undefined : this.#withPortId(portId)) ?? this.#mistyped(id)
  }

  /** Other controllers take the id of the port. */
  #withPortId(port: PortId): string | undefined {
    for (const [hypervisor, { unknown }] of this.#seen) {
      const name = unknown.get(port as string as VnicId)
      if (name !== undefined)
        return `interface ${name} on hypervisor ${hypervisor} carries the id of its port as iface-id: it must be the id of the VNIC`
    }
    return undefined
  }

  #first(key: string): string | undefined {
    const [words] = this.#words.get(key)?.values() ?? []
    return words
  }

  #mistyped(id: VnicId): string | undefined {
    let compared = 0
    for (const [hypervisor, { strays, unknown }] of this.#seen) {
      for (const [text, name, shown] of textsOf(strays, unknown)) {
        if (++compared > MAX_COMPARED) return undefined
        if (isNearly(text, id))
          return `interface ${name} on hypervisor ${hypervisor} carries iface-id ${shown}, which is nearly its id`
      }
    }
    return undefined
  }

  /** Changes the index. @returns the words by VNIC */
  #index(
    hypervisor: HypervisorId,
    sighting: Sighting | undefined,
    change: (words: Map<HypervisorId, string>, text: string) => void,
  ): Map<VnicId, string> {
    const told = new Map<VnicId, string>()
    for (const { means, sign, words } of sighting?.strays ?? []) {
      const key = means ?? sign
      if (key === null) continue
      const all = this.#words.get(key) ?? new Map<HypervisorId, string>()
      change(all, words)
      if (all.size > 0) this.#words.set(key, all)
      else this.#words.delete(key)
      if (means !== null) told.set(means, words)
    }
    for (const [id, name] of sighting?.unknown ?? []) told.set(id, `${hypervisor} ${name}`)
    return told
  }
}

type Text = readonly [text: string, name: string, shown: string]

/** The ids that are no VNIC's, with the name of their interface: well formed ones, and those that stand for no id. */
function* textsOf(strays: readonly Stray[], unknown: Sighting['unknown']): Generator<Text> {
  for (const [id, name] of unknown) yield [id, name, id]
  for (const { text, means, interface: name } of strays) {
    if (text !== null && means === null) yield [text, name, quoted(text)]
  }
}

/** Do two texts differ in a few characters only, which are wrong, missing or too many? */
function isNearly(text: string, id: string): boolean {
  if (Math.abs(text.length - id.length) > MAX_WRONG_CHARACTERS) return false
  if (text.length === id.length && [...id].filter((each, n) => each !== text[n]).length <= MAX_WRONG_CHARACTERS)
    return true
  let [start, end] = [0, 0]
  while (start < id.length && text[start] === id[start]) start += 1
  while (end < id.length - start && end < text.length - start && text.at(-1 - end) === id.at(-1 - end)) end += 1
  return Math.max(text.length, id.length) - start - end <= MAX_WRONG_CHARACTERS
}

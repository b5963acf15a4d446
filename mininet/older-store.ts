/** The store of a controller, rewritten as an older version of the program would have left it. */
import { rmSync } from 'node:fs'
import { dump, load } from '../src/store/dump.ts'

/** The properties that schema 5 has added, by kind of node. */
const ADDED: Readonly<Record<string, readonly string[]>> = {
  hypervisor: ['uplinks', 'successor', 'keepsDecisions', 'claimsStored'],
  port: ['floodUnknown', 'borrowsAddresses'],
  vnic: ['isActivated'],
}

interface Entry {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

/** Rewrites a store to schema 4. Its controller must not run. */
export async function toSchema4(path: string): Promise<void> {
  const [title = '', ...lines] = dump(path)
  const entries = lines.flatMap((line) => older(JSON.parse(line) as Entry)).sort((a, b) => (a.key < b.key ? -1 : 1))
  const head = { ...(JSON.parse(title) as object), schema: 4, entries: entries.length }
  rmSync(path, { recursive: true })
  await load(
    path,
    [head, ...entries].map((each) => JSON.stringify(each)),
  )
}

function older(entry: Entry): ReadonlyArray<Entry | { readonly key: string; readonly value: unknown }> {
  const { key, value } = entry
  const [kind = ''] = key.split('/')
  // Only the claim that holds a VNIC was stored, as its binding.
  if (kind === 'contest') return []
  if (key === 'head') return [{ ...entry, key: 'counter/event', value: value.event }]
  const added = ADDED[kind]
  if (!added) return [entry]
  const kept = Object.fromEntries(Object.entries(value).filter(([name]) => !added.includes(name)))
  const flood = 'floodUnknown' in value ? { asksForUnknown: value.floodUnknown } : {}
  return [{ ...entry, value: { ...kept, ...flood } }]
}

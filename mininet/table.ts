/** Prints a table that shows who reaches whom. */
import type { Arrival, Send } from './experiment.ts'
import { count } from './experiment.ts'
import type { Vm } from './lab.ts'

export interface Matrix {
  readonly text: string
  /** The number of cells with an unexpected result. */
  readonly wrong: number
}

/** Makes the table from pings (made by `pingProbes`) and their arrivals. `must` says who must reach whom. */
export function pingMatrix(
  vms: readonly Vm[],
  sends: readonly Send[],
  arrivals: readonly Arrival[],
  must: (from: Vm, to: Vm) => boolean,
): Matrix {
  const heard = count(
    arrivals,
    vms.map(({ name }) => name),
  )
  const reached = new Set<string>()
  for (const { from, number } of sends) {
    const copies = heard.get(number)
    // A ping succeeds if its request was seen at the other VM and its reply at the sender.
    if (copies?.has(from)) for (const to of copies.keys()) if (to !== from) reached.add(`${from} ${to}`)
  }
  let wrong = 0
  const width = Math.max(...vms.map(({ name }) => name.length)) + 2
  const cell = (from: Vm, to: Vm): string => {
    if (from === to) return '-'
    if (from.addresses[0] === to.addresses[0]) return '='
    const does = reached.has(`${from.name} ${to.name}`)
    if (does === must(from, to)) return does ? 'yes' : '.'
    wrong++
    return does ? 'LEAK' : 'LOST'
  }
  const line = (cells: readonly string[]) =>
    `    ${cells
      .map((text) => text.padEnd(width))
      .join('')
      .trimEnd()}`
  const lines = [
    line(['from', ...vms.map(({ name }) => name)]),
    ...vms.map((from) => line([from.name, ...vms.map((to) => cell(from, to))])),
  ]
  return { text: lines.join('\n'), wrong }
}

/** Counts answered and lost pings in the output of `ping`. A ping that had no time to be answered before the end does not count. */
export function lostPings(output: string): { readonly answered: number; readonly lost: number } {
  const numbers = new Set([...output.matchAll(/icmp_seq=(\d+) ttl=/g)].map(([, number]) => Number(number)))
  return { answered: numbers.size, lost: Math.max(0, ...numbers) - numbers.size }
}

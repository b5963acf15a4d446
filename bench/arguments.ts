/**
 * The arguments of `npm run bench`; scripts/bench.sh explains them. It runs this file first, without any packages, so that a mistake
 * is reported before anything is installed.
 */
import { argumentsOf, misused } from '../scripts/arguments.ts'

export const PARTS = ['plug', 'rules', 'scale', 'size', 'throughput', 'codec', 'ovsdb'] as const
export type Part = (typeof PARTS)[number]

const isPart = (name: string): name is Part => PARTS.some((part) => part === name)

export interface BenchArguments {
  readonly parts: readonly Part[]
  /** The file for the figures as JSON. */
  readonly json: string | undefined
}

export function benchArguments(): BenchArguments {
  const { only, json } = argumentsOf({ only: { type: 'string' }, json: { type: 'string' } })
  const names = only?.split(',') ?? PARTS
  const parts = names.filter(isPart)
  const unknown = names.find((name) => !isPart(name))
  if (unknown !== undefined) misused(`there is no part "${unknown}": there are ${PARTS.join(', ')}`)
  return { parts, json }
}

if (import.meta.main) benchArguments()

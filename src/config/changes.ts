/** What differs between two configurations. */
import { isDeepStrictEqual } from 'node:util'
import { type Config, isEach, isSetting, type Node, SETTINGS } from './settings.ts'

/** The keys with other values, such as `http.listen`. */
export const changedKeys = (before: Config, after: Config): readonly string[] => [
  ...changed(SETTINGS, [], before, after),
]

function* changed(node: Node, path: readonly string[], before: unknown, after: unknown): Generator<string> {
  if (isSetting(node)) {
    if (!isDeepStrictEqual(before, after)) yield path.join('.')
    return
  }
  const names = isEach(node) ? new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]) : Object.keys(node)
  for (const name of names) {
    const child = isEach(node) ? node.each : node[name]
    if (child) yield* changed(child, [...path, name], memberOf(before, name), memberOf(after, name))
  }
}

const memberOf = (value: unknown, name: string): unknown => (value as Record<string, unknown> | undefined)?.[name]

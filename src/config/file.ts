/** Reads the configuration file: YAML with the keys of the table of settings. */
import { readFileSync } from 'node:fs'
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import { quoted } from '../core/quoted.ts'
import { ConfigError, type Given, suggestion } from './keys.ts'
import { isEach, isSetting, type Node, SETTINGS } from './settings.ts'

export interface FileContent {
  readonly given: readonly Given[]
  /** The paths of all mappings in the file, also of empty ones. */
  readonly named: readonly (readonly string[])[]
}

/** @throws ConfigError if the file cannot be read, is not YAML or has an unknown key */
export function readFile(file: string): FileContent {
  const lines = new LineCounter()
  const document = parseDocument(textOf(file), { lineCounter: lines, prettyErrors: false })
  const place = (offset: number) => `${file}, line ${lines.linePos(offset).line}`
  const [error] = document.errors
  if (error) throw new ConfigError(`${place(error.pos[0])}: this is not YAML: ${error.message}`, error)
  const given: Given[] = []
  const named: string[][] = []

  function walk(node: Node, value: unknown, path: readonly string[]): void {
    const source = place(offsetOf(document, path))
    // A key without a value, for example with its value commented out, counts as missing.
    if (value === null || value === undefined) return
    if (isSetting(node)) return void given.push({ path, setting: node, value, source })
    if (!isMapping(value)) {
      const allowed = isEach(node)
        ? `a mapping from each ${node.form} to its settings`
        : `a mapping with ${Object.keys(node).join(', ')}`
      throw new ConfigError(
        `${path.join('.') || 'the configuration'} holds ${quoted(value)} (${source}); allowed: ${allowed}`,
      )
    }
    if (isEach(node)) named.push([...path])
    for (const [name, below] of Object.entries(value)) {
      const child = isEach(node) ? node.each : node[name]
      const here = [...path, name]
      const at = place(offsetOf(document, here))
      if (!child || !(isEach(node) ? node.names.test(name) : Object.hasOwn(node, name))) {
        const known = isEach(node) ? ': allowed are 1 to 64 of A-Z a-z 0-9 . _ -' : suggestion(name, Object.keys(node))
        throw new ConfigError(`${here.join('.')} (${at}) is no key of the configuration${known}`)
      }
      if (isEach(node)) named.push(here)
      walk(child, below, here)
    }
  }

  walk(SETTINGS, plainOf(document, file), [])
  return { given, named }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`the configuration file ${file} cannot be read: ${reason}`, error)
  }
}

function plainOf(document: Document, file: string): unknown {
  try {
    return document.toJS()
  } catch (error) {
    throw new ConfigError(`${file} is not YAML: ${error instanceof Error ? error.message : String(error)}`, error)
  }
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The position of a key in the text. */
function offsetOf(document: Document, path: readonly string[]): number {
  const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents
  const pair = isMap(parent)
    ? parent.items.find(({ key }) => String(isScalar(key) ? key.value : key) === path.at(-1))
    : undefined
  return (isNode(pair?.key) ? pair.key.range?.[0] : undefined) ?? 0
}

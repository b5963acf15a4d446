/** The keys of the table of settings as a list, and their names as flags and variables. */
import { parse } from 'yaml'
import { nearest } from './nearest.ts'
import { isEach, isSetting, type Node, SETTINGS, type Setting } from './settings.ts'

/** The configuration is wrong. The message is one line: the key, its value, the source, and what is allowed. */
export class ConfigError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message.replaceAll(/\s*\n\s*/g, ' '), { cause })
    this.name = 'ConfigError'
  }
}

/** A key of the table. In its path, `*` stands for a name. */
export interface Key {
  readonly path: readonly string[]
  readonly setting: Setting<unknown>
}

/** The value that a source gives to a key. */
export interface Given extends Key {
  readonly value: unknown
  /** "plugboard.yaml, line 3", "PLUGBOARD_HTTP_LISTEN", "--http-listen" */
  readonly source: string
}

/** All keys, in the order of the table. */
export const KEYS: readonly Key[] = [...keysOf(SETTINGS, [])]

function* keysOf(node: Node, path: readonly string[]): Generator<Key> {
  if (isSetting(node)) yield { path, setting: node }
  else if (isEach(node)) yield* keysOf(node.each, [...path, '*'])
  else for (const [name, child] of Object.entries(node)) yield* keysOf(child, [...path, name])
}

/** The flag of a key, such as `--http-listen`. @param name replaces `*` */
export const flagOf = ({ path }: Key, name = 'NAME'): string =>
  `--${path.map((part) => (part === '*' ? name : part.replaceAll('_', '-'))).join('-')}`

/** The variable of a key, such as `PLUGBOARD_HTTP_LISTEN`. @param name replaces `*` */
export const variableOf = ({ path }: Key, name = 'NAME'): string =>
  `PLUGBOARD_${path
    .map((part) => (part === '*' ? name : part))
    .join('_')
    .toUpperCase()}`

/** A name that may replace `*`; in a variable it is in capitals. */
const NAME = '([A-Za-z0-9._-]{1,64})'

/** Finds the key of a flag or a variable, and replaces its `*` by the name. */
function find(word: string, wordOf: (key: Key, name: string) => string): Key | undefined {
  for (const key of KEYS) {
    const found = new RegExp(`^${wordOf(key, NAME)}$`).exec(word)
    if (found) return { ...key, path: key.path.map((part) => (part === '*' ? (found[1] ?? part) : part)) }
  }
  return undefined
}

export const findFlag = (flag: string): Key | undefined => find(flag, flagOf)
export const findVariable = (variable: string): Key | undefined => find(variable, variableOf)

/** Parses the value of a flag or a variable. */
export function fromText(key: Key, text: string, source: string): Given {
  if (!key.setting.structured) return { ...key, value: text, source }
  try {
    return { ...key, value: parse(text) as unknown, source }
  } catch (error) {
    throw new ConfigError(
      `${key.path.join('.')} holds text that is not YAML (${source}); allowed: ${key.setting.form} as YAML or JSON`,
      error,
    )
  }
}

/** The end of a sentence about an unknown word: the most similar known word, or all of them. */
export const suggestion = (word: string, words: readonly string[]): string => {
  const meant = nearest(word, words)
  return meant === undefined ? `: it may be one of ${words.join(', ')}` : `: did you mean ${meant}?`
}

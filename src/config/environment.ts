/** The variables of the environment that are ours. */
import { ConfigError, findVariable, fromText, type Given, KEYS, suggestion, variableOf } from './keys.ts'

/** The variable for the file's path, beside those of the keys. */
export const FILE_VARIABLE = 'PLUGBOARD_CONFIG'

/** Kubernetes puts the addresses of a service named `plugboard` into variables like these. */
const OF_KUBERNETES = /^PLUGBOARD_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP)(_(ADDR|PORT|PROTO))?)?)$/

/**
 * An empty variable is as good as none.
 * @param named paths that the file has
 * @throws ConfigError for one that means nothing
 */
export function* fromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  named: readonly (readonly string[])[],
): Generator<Given> {
  const written = new Map(named.map((path) => [path.join('\0').toLowerCase(), path]))
  for (const [variable, text] of Object.entries(env)) {
    if (!text || !variable.startsWith('PLUGBOARD_')) continue
    if (variable === FILE_VARIABLE || OF_KUBERNETES.test(variable)) continue
    const key = findVariable(variable)
    if (!key) {
      const known = [FILE_VARIABLE, ...KEYS.map((key) => variableOf(key))]
      throw new ConfigError(`${variable} is no variable of Plugboard${suggestion(variable, known)}`)
    }
    const path = key.path.map((part) => part.toLowerCase())
    // A name in it is written as the file writes it.
    const depth = path.findLastIndex((_, at) => written.has(path.slice(0, at + 1).join('\0')))
    const known = written.get(path.slice(0, depth + 1).join('\0')) ?? []
    yield fromText({ ...key, path: [...known, ...path.slice(known.length)] }, text, variable)
  }
}

/** Reads Plugboard's environment variables. */
import { ConfigError, findVariable, fromText, type Given, KEYS, suggestion, variableOf } from './keys.ts'

/** The variable with the path of the configuration file. */
export const FILE_VARIABLE = 'PLUGBOARD_CONFIG'

/** Kubernetes sets variables like these for a service named `plugboard`. They are not settings. */
const OF_KUBERNETES = /^PLUGBOARD_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP)(_(ADDR|PORT|PROTO))?)?)$/

/**
 * Reads the settings. An empty variable counts as not set.
 * @param named paths that the file mentions
 * @throws ConfigError for an unknown variable
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
    // Variables are in capitals, so the spelling of a name is taken from the file.
    const depth = path.findLastIndex((_, at) => written.has(path.slice(0, at + 1).join('\0')))
    const known = written.get(path.slice(0, depth + 1).join('\0')) ?? []
    yield fromText({ ...key, path: [...known, ...path.slice(known.length)] }, text, variable)
  }
}

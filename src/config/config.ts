/** Merges file, environment and flags into one checked configuration. A later source overrides an earlier one, key by key. */
import { fromEnvironment } from './environment.ts'
import { readFile } from './file.ts'
import { overlaps } from './floating.ts'
import { ConfigError, type Given } from './keys.ts'
import { missingOidc, oidcOf } from './oidc-settings.ts'
import { type Config, isEach, isSetting, type Node, SETTINGS } from './settings.ts'
import { missingFile, tlsFilesOf } from './tls-settings.ts'
import { Disallowed, isLoopback, printAddress } from './values.ts'

export { ConfigError } from './keys.ts'
export type { Config } from './settings.ts'
export type { Token } from './tokens.ts'
export type { Address } from './values.ts'

/**
 * @param file path of a YAML file
 * @param flags the keys that the command line sets
 * @throws ConfigError
 */
export function configure(
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  flags: readonly Given[],
): Config {
  const inFile = file === undefined ? { given: [], named: [] } : readFile(file)
  const given = [...inFile.given, ...fromEnvironment(env, inFile.named), ...flags]
  const values = new Map(given.map((given) => [given.path.join('\0'), read(given)]))
  const config = assemble(SETTINGS, [], values, [...inFile.named, ...given.map(({ path }) => path)]) as Config
  checkAccess(config)
  checkDoors(config)
  checkFloating(config)
  return config
}

function read({ path, setting, value, source }: Given): unknown {
  try {
    return setting.read(value)
  } catch (error) {
    if (!(error instanceof Disallowed)) throw error
    throw new ConfigError(`${path.join('.')}${error.at} holds ${error.holds} (${source}); allowed: ${error.message}`)
  }
}

/** @param named paths that a source mentions */
function assemble(
  node: Node,
  path: readonly string[],
  values: ReadonlyMap<string, unknown>,
  named: readonly (readonly string[])[],
): unknown {
  if (isSetting(node)) {
    const key = path.join('\0')
    return values.has(key) ? values.get(key) : node.read(node.initial)
  }
  const below = named.filter((other) => path.every((part, index) => other[index] === part))
  const entry = (name: string, child: Node) => [name, assemble(child, [...path, name], values, below)] as const
  if (!isEach(node)) return Object.fromEntries(Object.entries(node).map(([name, child]) => entry(name, child)))
  const names = new Set(below.length === 0 ? node.initial : below.flatMap((other) => other[path.length] ?? []))
  return Object.fromEntries([...names].map((name) => entry(name, node.each)))
}

function checkAccess({ http, auth }: Config): void {
  if (auth.tokens.length > 0 || oidcOf(auth.oidc) || isLoopback(http.listen.host)) return
  throw new ConfigError(
    `http.listen holds "${printAddress(http.listen)}", and auth.tokens is empty: without tokens every caller is an administrator, so the API may listen on loopback only, such as 127.0.0.1:${http.listen.port}; configure tokens to let others in`,
  )
}

/** Keys that go together. */
function checkDoors({ http, openflow, ovsdb, auth }: Config): void {
  const { name: _, ...ofHosts } = ovsdb.tls
  const listeners = { http: http.tls, openflow: openflow.tls, ovsdb: ofHosts }
  for (const [name, files] of Object.entries(listeners)) {
    const missing = missingFile(files, name !== 'http')
    if (missing) {
      const all = name === 'http' ? 'cert and key, with or without ca' : 'cert, key and ca'
      throw new ConfigError(
        `${name}.tls.${missing} holds nothing, and another file of ${name}.tls is given; allowed: ${all}`,
      )
    }
  }
  const claim = missingOidc(auth.oidc)
  if (claim)
    throw new ConfigError(`auth.oidc.${claim} holds nothing; allowed: issuer, audience and jwks_url, or none of them`)
  const protocol = tlsFilesOf(openflow.tls) ? 'ssl' : 'tcp'
  if (openflow.advertise !== undefined && !openflow.advertise.startsWith(`${protocol}:`)) {
    const why = protocol === 'ssl' ? 'is given' : 'is not given'
    throw new ConfigError(
      `openflow.advertise holds "${openflow.advertise}", and openflow.tls ${why}; allowed: ${protocol}:ADDRESS:PORT`,
    )
  }
}

function checkFloating({ physical_networks: all }: Config): void {
  for (const [name, { vlans, floating }] of Object.entries(all)) {
    const wrong = overlaps(floating, vlans)
    if (wrong) throw new ConfigError(`physical_networks.${name}.floating${wrong}`)
  }
}

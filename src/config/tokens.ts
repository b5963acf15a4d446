/** Reads the tokens that the configuration lists. */
import { ROLES, type Role } from '../core/caller.ts'
import { quoted } from '../core/quoted.ts'
import { nearest } from './nearest.ts'
import { Disallowed, readOneOf } from './values.ts'

/** The digest of a token, with its project and role. The token itself is not stored. */
export interface Token {
  /** The SHA-256 digest of the token's UTF-8 bytes: 64 hexadecimal digits in lower case. */
  readonly sha256: string
  readonly project: string
  readonly role: Role
  /** What the audit log calls its bearer. */
  readonly name?: string
}

const TOKEN_FIELDS = ['sha256', 'project', 'role', 'name']
const PROJECT = /^[A-Za-z0-9._-]{1,64}$/
const NAME = /^[\x20-\x7e]{1,64}$/
const readRole = readOneOf(ROLES)

export function readTokens(value: unknown): readonly Token[] {
  // The value may be a secret in the wrong place, so no error repeats it.
  if (!Array.isArray(value)) {
    throw new Disallowed(value, 'a list of tokens, each {sha256: …, project: …, role: …}', { holds: 'no list' })
  }
  const tokens = value.map((item: unknown, index) => readToken(item, `[${index}]`))
  for (const [index, { sha256 }] of tokens.entries()) {
    const first = tokens.findIndex((other) => other.sha256 === sha256)
    if (first < index)
      throw new Disallowed(sha256, `another digest than auth.tokens[${first}] has`, { at: `[${index}].sha256` })
  }
  return tokens
}

function readToken(value: unknown, at: string): Token {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Disallowed(value, '{sha256: …, project: …, role: …}', { at, holds: 'no mapping' })
  }
  const unknown = Object.keys(value).find((name) => !TOKEN_FIELDS.includes(name))
  if (unknown !== undefined) {
    const meant = nearest(unknown, TOKEN_FIELDS)
    const allowed = `only ${TOKEN_FIELDS.join(', ')}${meant ? ` (${meant}?)` : ''}`
    throw new Disallowed(value, allowed, { at, holds: `a field ${quoted(unknown)}` })
  }
  const { sha256, project, role, name } = value as Record<string, unknown>
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/i.test(sha256)) {
    const holds = typeof sha256 === 'string' ? `${sha256.length} characters` : 'no text'
    throw new Disallowed(sha256, "the token's SHA-256 digest, 64 hexadecimal digits (quoted)", {
      at: `${at}.sha256`,
      holds,
    })
  }
  if (typeof project !== 'string' || !(project === '*' || PROJECT.test(project))) {
    throw new Disallowed(project, 'a project, 1 to 64 of A-Z a-z 0-9 . _ -, or "*" for all', { at: `${at}.project` })
  }
  if (name !== undefined && !(typeof name === 'string' && NAME.test(name))) {
    throw new Disallowed(name, 'a name of 1 to 64 printable ASCII characters', { at: `${at}.name` })
  }
  return {
    sha256: sha256.toLowerCase(),
    project,
    role: below(`${at}.role`, () => readRole(role)),
    ...(name !== undefined && { name }),
  }
}

function below<T>(at: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof Disallowed
      ? new Disallowed(undefined, error.message, { at: at + error.at, holds: error.holds })
      : error
  }
}

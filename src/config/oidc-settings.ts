/** The settings of bearer tokens that an OpenID provider signs. */
import type { OidcSettings } from '../http/oidc.ts'
import type { Setting } from './settings.ts'
import { Disallowed, isLoopback } from './values.ts'

/** The longest text of a setting. */
const MAX_TEXT_CHARACTERS = 1024

const readText = (value: unknown): string => {
  if (typeof value === 'string' && value !== '' && value.length <= MAX_TEXT_CHARACTERS) return value
  throw new Disallowed(value, `text of at most ${MAX_TEXT_CHARACTERS} characters`)
}

/** Keys that arrive without TLS could be those of anybody on the way. */
function readUrl(value: unknown): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
  const allowed = 'an https URL, or an http one on this machine, without a user or a password'
  if (url && (url.username !== '' || url.password !== ''))
    throw new Disallowed(value, allowed, { holds: 'a URL with a user' })
  if (!url || !isSafe) throw new Disallowed(value, allowed)
  return url.href
}

const needed = (form: string, words: string, read: (value: unknown) => string): Setting<string | undefined> => ({
  form,
  words,
  initial: undefined,
  read: (value) => (value === undefined ? undefined : read(value)),
})
const claim = (words: string, initial: string): Setting<string> => ({ form: 'CLAIM', words, initial, read: readText })

export const oidcSettings = {
  issuer: needed('URL', 'Whose signed tokens (JWT) are accepted beside those of auth.tokens: their "iss".', readText),
  audience: needed('TEXT', 'For whom they must be: their "aud".', readText),
  jwks_url: needed('URL', 'Where the public keys of the issuer are (JWKS).', readUrl),
  project_claim: claim('The claim with the project of the caller: its id, or "*" for all.', 'project'),
  role_claim: claim('The claim with the role: reader, member or admin, or a list with one of them.', 'role'),
}

type Given = { readonly [Name in keyof OidcSettings]: OidcSettings[Name] | undefined }

const NEEDED = ['issuer', 'audience', 'jwks_url'] as const

/** Undefined: signed tokens are not accepted. */
export function oidcOf(given: Given): OidcSettings | undefined {
  return missingOidc(given) === undefined && given.issuer !== undefined ? (given as OidcSettings) : undefined
}

/** The key that is left out though others are there; undefined: none. */
export const missingOidc = (given: Given): (typeof NEEDED)[number] | undefined =>
  NEEDED.every((name) => given[name] === undefined) ? undefined : NEEDED.find((name) => given[name] === undefined)

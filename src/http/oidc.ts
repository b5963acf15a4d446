/** Bearer tokens that an OpenID provider signs (JWT): who they are of, and what their bearer may do. */
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { type Caller, ROLES, type Role } from '../core/caller.ts'
import { PlugboardError } from '../core/errors.ts'
import type { ProjectId } from '../core/operations.ts'
import { quoted } from '../core/quoted.ts'

/** Whose tokens are accepted, and which claims say what their bearer may do. */
export interface OidcSettings {
  readonly issuer: string
  readonly audience: string
  /** Where the public keys of the issuer are. */
  readonly jwks_url: string
  /** The claim with the project: its id, or `*`. */
  readonly project_claim: string
  /** The claim with the role, or with a list that has one. */
  readonly role_claim: string
}

/** Signatures by a private key. With a shared secret, whoever can check a token could also make one. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** How far the clocks of the issuer and of this machine may be apart. */
const MAX_SKEW_SECONDS = 5
const MAX_FETCH_MS = 5_000

const PROJECT = /^[A-Za-z0-9._-]{1,64}$/
const MAX_NAME_CHARACTERS = 256

export interface Bearer {
  readonly caller: Caller
  /** The subject of the token. */
  readonly name: string
  /** When the token ends, in milliseconds since 1970. */
  readonly expires: number
}

/** Three parts of base64url, as a signed token has them. */
export const isSigned = (token: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)

export class OidcVerifier {
  readonly #settings: OidcSettings
  readonly #keys: JWTVerifyGetKey

  constructor(settings: OidcSettings) {
    this.#settings = settings
    this.#keys = createRemoteJWKSet(new URL(settings.jwks_url), { timeoutDuration: MAX_FETCH_MS })
  }

  /**
   * @throws PlugboardError `unauthenticated`; `forbidden` if the token names no project or role; `unavailable` if the keys of the
   * issuer cannot be read
   */
  async verify(token: string): Promise<Bearer> {
    const { issuer, audience } = this.#settings
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: MAX_SKEW_SECONDS,
        requiredClaims: ['exp', 'sub'],
      })
      return this.#bearerOf(payload)
    } catch (error) {
      throw error instanceof PlugboardError ? error : refusalOf(error)
    }
  }

  #bearerOf(payload: JWTPayload): Bearer {
    const { project_claim, role_claim } = this.#settings
    const project = claimOf(payload, project_claim)
    if (typeof project !== 'string' || !(project === '*' || PROJECT.test(project))) {
      throw new PlugboardError('forbidden', `the claim ${quoted(project_claim)} of the token must be a project, or "*"`)
    }
    const claimed = claimOf(payload, role_claim)
    const roles: readonly unknown[] = Array.isArray(claimed) ? claimed : [claimed]
    const role = ROLES.findLast((each): each is Role => roles.includes(each))
    if (!role) {
      throw new PlugboardError(
        'forbidden',
        `the claim ${quoted(role_claim)} of the token must be or have one of ${ROLES.join(', ')}`,
      )
    }
    const name = String(payload.sub).slice(0, MAX_NAME_CHARACTERS)
    return {
      // All tokens of one bearer count together.
      caller: { project: project as ProjectId | '*', role, id: `subject ${name}` },
      name,
      expires: Number(payload.exp) * 1000,
    }
  }
}

const claimOf = (payload: JWTPayload, name: string): unknown =>
  Object.hasOwn(payload, name) ? payload[name] : undefined

/** What is wrong, without the token or any part of it. */
function refusalOf(error: unknown): PlugboardError {
  if (error instanceof errors.JWTExpired) return unauthenticated('the token has expired', error)
  if (error instanceof errors.JWTClaimValidationFailed)
    return unauthenticated(`the claim "${error.claim}" of the token is not what it must be`, error)
  if (error instanceof errors.JWKSNoMatchingKey)
    return unauthenticated('the token is signed with a key that its issuer does not have', error)
  const isTokens =
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSMultipleMatchingKeys
  if (isTokens) return unauthenticated('the token is not one that its issuer has signed', error)
  return new PlugboardError('unavailable', 'the keys of the issuer of tokens cannot be read: try again later', {
    cause: error,
  })
}

const unauthenticated = (words: string, cause: unknown): PlugboardError =>
  new PlugboardError('unauthenticated', words, { cause })

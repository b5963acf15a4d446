/**
 * Authenticates a request by its bearer token, and authorises it by the token's role. A token is listed in the configuration by
 * its SHA-256 digest, or signed by the OpenID provider that the configuration names. Both can change while the server runs.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { FastifyRequest } from 'fastify'
import { type Caller, type Role, suffices } from '../core/caller.ts'
import { PlugboardError } from '../core/errors.ts'
import type { ProjectId } from '../core/operations.ts'
import { isSigned, type OidcSettings, OidcVerifier } from './oidc.ts'

export interface Token {
  /** The digest of the token, in hexadecimal. */
  readonly sha256: string
  /** The id of a project, or `*` for all projects. */
  readonly project: string
  readonly role: Role
  /** What the audit log calls its bearer. Default: the beginning of the digest. */
  readonly name?: string | undefined
}

export interface AuthSettings {
  readonly tokens: readonly Token[]
  /** Undefined: signed tokens are not accepted. */
  readonly oidc?: OidcSettings | undefined
}

/** What a request has shown. */
export interface Credential {
  readonly caller: Caller
  /** What the audit log calls the caller. */
  readonly name: string
  /** False when it has expired or is no longer accepted. */
  isValid(): boolean
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller
    /** Null until the caller is known. */
    credential: Credential | null
  }
  interface FastifyContextConfig {
    /** The least role that may call the route. */
    role?: Role
    /** Does the route concern all projects? Then it takes a token of project `*`. */
    ofAllProjects?: boolean
    /** Is the route served however many others are? */
    isProbe?: boolean
  }
}

/** The digits of the digest that tell tokens apart. */
const ID_DIGITS = 16

/** The caller of every request if neither tokens nor a provider are configured. */
const EVERYBODY: Caller = { project: '*', role: 'admin' }
const NAMED_DIGITS = 12

interface Listed {
  readonly digest: Buffer
  readonly token: Token
}

export class Authenticator {
  #listed: readonly Listed[] = []
  #settings: AuthSettings = { tokens: [] }
  #verifier: OidcVerifier | undefined

  constructor(settings: AuthSettings) {
    this.replace(settings)
  }

  /** Takes other settings. Credentials that they do not accept are invalid from now on. */
  replace(settings: AuthSettings): void {
    const { tokens, oidc } = settings
    this.#listed = tokens.map((token) => ({ digest: Buffer.from(token.sha256, 'hex'), token }))
    // A verifier that stays keeps the keys that it has read.
    if (!isDeepStrictEqual(oidc, this.#settings.oidc)) this.#verifier = oidc && new OidcVerifier(oidc)
    this.#settings = settings
  }

  /**
   * Finds the caller of a request by its header `authorization`.
   * @throws PlugboardError `unauthenticated`; `forbidden` for a signed token without a project or role; `unavailable` if a signed
   * token cannot be checked at present
   */
  async authenticate(header: string | undefined): Promise<Credential> {
    if (this.isOpen) return { caller: EVERYBODY, name: 'everybody', isValid: () => this.isOpen }
    const token = header?.match(/^Bearer +(\S+)$/i)?.[1]
    if (token === undefined) {
      throw new PlugboardError('unauthenticated', 'the request needs the header "Authorization: Bearer <token>"')
    }
    return this.#find(token) ?? (await this.#verified(token))
  }

  /** Is every caller an administrator, because neither tokens nor a provider are configured? */
  get isOpen(): boolean {
    return this.#listed.length === 0 && !this.#verifier
  }

  #find(token: string): Credential | undefined {
    const digest = createHash('sha256').update(token).digest()
    // Compares with every token, so that the time of the comparison does not reveal anything about the tokens.
    const [found] = this.#listed.filter((each) => timingSafeEqual(each.digest, digest))
    if (!found) return undefined
    const { sha256, project, role, name = `token ${sha256.slice(0, NAMED_DIGITS)}` } = found.token
    const isValid = () =>
      this.#listed.some(({ token: now }) => now.sha256 === sha256 && now.project === project && now.role === role)
    const caller = { project: project as ProjectId, role, id: sha256.slice(0, ID_DIGITS) }
    return { caller, name, isValid }
  }

  async #verified(token: string): Promise<Credential> {
    const verifier = this.#verifier
    if (!verifier || !isSigned(token)) {
      const words = verifier ? ', nor is it a signed one' : ''
      throw new PlugboardError('unauthenticated', `the token is not one that the configuration lists${words}`)
    }
    const { caller, name, expires } = await verifier.verify(token)
    return { caller, name, isValid: () => verifier === this.#verifier && Date.now() < expires }
  }
}

/** @throws PlugboardError `not-found` for another project's resources; `forbidden` for too small a role */
export function authorise(request: FastifyRequest, caller: Caller): void {
  const { project } = request.params as { project?: string }
  if (project !== undefined && caller.project !== '*' && caller.project !== project) {
    throw new PlugboardError('not-found', `there is no project ${project} for this token`)
  }
  const { role = 'reader', ofAllProjects } = request.routeOptions.config
  if (ofAllProjects && caller.project !== '*') {
    throw new PlugboardError('forbidden', `this is about all projects: it takes a token of project "*"`)
  }
  if (!suffices(caller.role, role)) {
    throw new PlugboardError('forbidden', `this takes role ${role}, the token has role ${caller.role}`)
  }
}

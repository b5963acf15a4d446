/** Authenticates a request by the SHA-256 digest of its token, and authorises it by the token's role. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { type Caller, ROLES, type Role } from '../core/caller.ts'
import { PlugboardError } from '../core/errors.ts'
import type { ProjectId } from '../core/operations.ts'

export interface Token {
  /** The digest of the token, in hexadecimal. */
  readonly sha256: string
  /** The id of a project, or `*` for all projects. */
  readonly project: string
  readonly role: Role
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller
  }
  interface FastifyContextConfig {
    /** The least role that may call the route. */
    role?: Role
  }
}

/** The caller of every request if no tokens are configured. */
const EVERYBODY: Caller = { project: '*', role: 'admin' }

export class Authenticator {
  readonly #tokens: ReadonlyArray<{ readonly digest: Buffer; readonly caller: Caller }>

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens.map(({ sha256, project, role }) => ({
      digest: Buffer.from(sha256, 'hex'),
      caller: { project: project as ProjectId, role },
    }))
  }

  /**
   * Finds the caller of a request.
   * @throws PlugboardError `unauthenticated`; `not-found` for another project's resources; `forbidden` for too small a role
   */
  authorise(request: FastifyRequest): Caller {
    const caller = this.#caller(request.headers.authorization)
    const { project } = request.params as { project?: string }
    if (project !== undefined && caller.project !== '*' && caller.project !== project) {
      throw new PlugboardError('not-found', `there is no project ${project} for this token`)
    }
    const role = request.routeOptions.config.role ?? 'reader'
    if (ROLES.indexOf(caller.role) < ROLES.indexOf(role)) {
      throw new PlugboardError('forbidden', `this takes role ${role}, the token has role ${caller.role}`)
    }
    return caller
  }

  #caller(header: string | undefined): Caller {
    if (this.#tokens.length === 0) return EVERYBODY
    const token = header?.match(/^Bearer +(\S+)$/i)?.[1]
    if (token === undefined) {
      throw new PlugboardError('unauthenticated', 'the request needs the header "Authorization: Bearer <token>"')
    }
    const digest = createHash('sha256').update(token).digest()
    // Compares with every token, so that the time of the comparison does not reveal anything about the tokens.
    const found = this.#tokens.filter((each) => timingSafeEqual(each.digest, digest))
    if (!found[0]) throw new PlugboardError('unauthenticated', 'the token is not one that the configuration lists')
    return found[0].caller
  }
}

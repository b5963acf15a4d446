/** The audit log: who has written what, from where, and the revisions before and after. */
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify'
import { noting } from '../core/commit-notes.ts'
import type { Committed } from '../core/committed.ts'
import { revisedBy } from '../core/revised.ts'

export type AuditLog = Pick<FastifyBaseLogger, 'info'>

/** A write may touch many objects, such as all ports of a trunk. */
const MAX_CHANGES = 100

/**
 * Records each commit of a request when it is durable, also if the caller has hung up meanwhile; and each request to write that
 * committed nothing, with the status of its answer.
 */
export function auditRequests(app: FastifyInstance, log: AuditLog): void {
  app.decorateRequest('origin', '')
  app.decorateRequest('hasCommitted', false)
  app.addHook('onRequest', async (request) => {
    // Of a caller that has hung up, the address is not known any more.
    request.origin = request.ip
  })
  app.addHook('onResponse', async (request, reply) => {
    // A caller without a token is none to record, nor is a request too many: they could fill the disk.
    if (isRead(request) || request.hasCommitted || !request.credential || !request.use) return
    log.info({ ...requestOf(request), status: reply.statusCode }, 'audit')
  })
  // Not sooner: the work that a body of several parts interrupts would be that of the connection, not of the request.
  app.addHook('preHandler', (request, _, done) => {
    if (isRead(request)) return done()
    const note = (committed: Committed) => {
      const changes = revisedBy(committed)
      if (changes.length === 0) return
      request.hasCommitted = true
      const more = changes.length - MAX_CHANGES
      const shown = { changes: changes.slice(0, MAX_CHANGES), ...(more > 0 && { more }) }
      log.info({ ...requestOf(request), ...shown }, 'audit')
    }
    noting(note, done)
  })
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The address that it came from. */
    origin: string
    /** Whether the audit log has a commit of it. */
    hasCommitted: boolean
  }
}

const isRead = ({ method }: FastifyRequest): boolean => method === 'GET' || method === 'HEAD'

function requestOf({ credential, origin, id, method, url }: FastifyRequest) {
  const { name: who, caller } = credential ?? {}
  return { who, project: caller?.project, role: caller?.role, from: origin, reqId: id, method, url }
}

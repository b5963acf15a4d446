/** What needs no token: versions and links, liveness, readiness, metrics. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { PlugboardError } from '../../core/errors.ts'
import type { HttpMetrics } from './metrics.ts'
import { answers } from './schemas.ts'

export interface ProbeOptions {
  readonly version: string
  /** Aliases of the engines that are loaded. */
  readonly engines: readonly string[]
  /** Why it is not ready, by what is not; empty when it is. */
  readonly readiness: () => Readonly<Record<string, string>>
  readonly metrics: HttpMetrics
}

const Root = Type.Object({
  name: Type.String(),
  version: Type.String(),
  versions: Type.Array(Type.String()),
  engines: Type.Array(Type.String()),
  links: Type.Record(Type.String(), Type.String()),
})
const Status = Type.Object({ status: Type.String() })

export const probeRoutes =
  ({ version, engines, readiness, metrics }: ProbeOptions): FastifyPluginAsyncTypebox =>
  async (app) => {
    const open = { security: [] }
    app.get(
      '/v1',
      {
        schema: { ...open, operationId: 'root', summary: 'Versions, engines, links', response: answers({ 200: Root }) },
      },
      async () => ({
        name: 'plugboard',
        version,
        versions: ['v1'],
        engines,
        links: {
          openapi: '/v1/openapi.json',
          extensions: '/v1/extensions',
          hypervisors: '/v1/hypervisors',
          vnics: '/v1/projects/{project}/vnics',
          ports: '/v1/projects/{project}/ports',
          networks: '/v1/projects/{project}/networks',
          events: '/v1/projects/{project}/events',
          health: '/healthz',
          readiness: '/readyz',
          metrics: '/metrics',
        },
      }),
    )
    app.get(
      '/v1/openapi.json',
      {
        schema: {
          ...open,
          operationId: 'openapi',
          summary: 'This document',
          response: answers({ 200: Type.Object({}) }),
        },
      },
      async () => app.swagger(),
    )
    app.get(
      '/healthz',
      { schema: { ...open, operationId: 'health', summary: 'The process is up', response: answers({ 200: Status }) } },
      async () => ({ status: 'ok' }),
    )
    app.get(
      '/readyz',
      {
        schema: {
          ...open,
          operationId: 'readiness',
          summary: 'The store takes writes and the listeners are open',
          response: answers({ 200: Status }),
        },
      },
      async () => {
        const reasons = readiness()
        if (Object.keys(reasons).length === 0) return { status: 'ready' }
        const words = Object.entries(reasons).map(([what, why]) => `${what}: ${why}`)
        throw new PlugboardError('unavailable', `not ready: ${words.join('; ')}`)
      },
    )
    app.get(
      '/metrics',
      {
        schema: {
          ...open,
          operationId: 'metrics',
          summary: 'Prometheus text',
          produces: ['text/plain'],
          response: answers({ 200: Type.String() }),
        },
      },
      async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()),
    )
  }

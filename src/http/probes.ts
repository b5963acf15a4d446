/** The routes for liveness, readiness and metrics. They need no token and belong to no API. */
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { PlugboardError } from '../core/errors.ts'
import type { HttpMetrics } from './http-metrics.ts'
import { responses } from './responses.ts'

export interface ProbeOptions {
  /** The parts that are not ready, with the reasons; empty if all are ready. */
  readonly readiness: () => Readonly<Record<string, string>>
  readonly metrics: HttpMetrics
}

const Status = Type.Object({ status: Type.String() })

export const probeRoutes =
  ({ readiness, metrics }: ProbeOptions): FastifyPluginAsync =>
  async (app) => {
    const open = { security: [] }
    app.get(
      '/healthz',
      {
        schema: { ...open, operationId: 'health', summary: 'The process is up', response: responses({ 200: Status }) },
      },
      async () => ({ status: 'ok' }),
    )
    app.get(
      '/readyz',
      {
        schema: {
          ...open,
          operationId: 'readiness',
          summary: 'The store takes writes and the listeners are open',
          response: responses({ 200: Status }),
        },
      },
      async () => {
        const reasons = Object.entries(readiness())
        if (reasons.length === 0) return { status: 'ready' }
        const words = reasons.map(([what, why]) => `${what}: ${why}`)
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
          response: responses({ 200: Type.String() }),
        },
      },
      async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()),
    )
  }

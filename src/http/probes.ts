/** The routes for liveness and readiness, which need no token, and the one for metrics. They belong to no API. */
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { PlugboardError } from '../core/errors.ts'
import type { HttpMetrics } from './http-metrics.ts'
import { responses } from './responses.ts'

export interface ProbeOptions {
  /** The parts that are not ready, with the reasons; empty if all are ready. */
  readonly readiness: () => Readonly<Record<string, string>>
}

const Status = Type.Object({ status: Type.String() })

export const probeRoutes =
  ({ readiness }: ProbeOptions): FastifyPluginAsync =>
  async (app) => {
    const open = { security: [] }
    const config = { isProbe: true }
    app.get(
      '/healthz',
      {
        config,
        schema: { ...open, operationId: 'health', summary: 'The process is up', response: responses({ 200: Status }) },
      },
      async () => ({ status: 'ok' }),
    )
    app.get(
      '/readyz',
      {
        config,
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
  }

/** @param isPublic may everybody read them? Otherwise they take a token of project `*`, if there are tokens. */
export const metricsRoute =
  (metrics: HttpMetrics, isPublic: boolean): FastifyPluginAsync =>
  async (app) => {
    app.get(
      '/metrics',
      {
        config: { isProbe: true, ofAllProjects: true },
        schema: {
          ...(isPublic && { security: [] }),
          operationId: 'metrics',
          summary: 'Prometheus text',
          produces: ['text/plain'],
          response: responses({ 200: Type.String() }),
        },
      },
      async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()),
    )
  }

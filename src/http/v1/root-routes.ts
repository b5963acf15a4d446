/** The routes that need no token: the root with its links, and the OpenAPI document. */
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import type { ApiContext } from '../api.ts'
import { responses } from '../responses.ts'
import { PROJECT } from './route.ts'

const Root = Type.Object({
  name: Type.String(),
  version: Type.String(),
  versions: Type.Array(Type.String()),
  engines: Type.Array(Type.String()),
  links: Type.Record(Type.String(), Type.String()),
})

/** A path in the notation of OpenAPI. */
export const braced = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}')

const ofProject = (collection: string): string => braced(`${PROJECT}/${collection}`)

export const DOCUMENT_PATH = '/v1/openapi.json'

export const rootRoutes =
  ({ version, operations, document }: ApiContext): FastifyPluginAsync =>
  async (app) => {
    const open = { security: [] }
    /** The document as text: it never changes, and everybody may ask for it. */
    let text: Buffer | undefined
    app.get(
      '/v1',
      {
        schema: {
          ...open,
          operationId: 'root',
          summary: 'Versions, engines, links',
          response: responses({ 200: Root }),
        },
      },
      async () => ({
        name: 'plugboard',
        version,
        versions: ['v1'],
        engines: [...operations.engines.keys()],
        links: {
          openapi: DOCUMENT_PATH,
          extensions: '/v1/extensions',
          hypervisors: '/v1/hypervisors',
          vnics: ofProject('vnics'),
          ports: ofProject('ports'),
          networks: ofProject('networks'),
          events: ofProject('events'),
          health: '/healthz',
          readiness: '/readyz',
          metrics: '/metrics',
        },
      }),
    )
    app.get(
      DOCUMENT_PATH,
      {
        schema: {
          ...open,
          operationId: 'openapi',
          summary: 'This document',
          response: responses({ 200: Type.Object({}) }),
        },
      },
      async (_, reply) => {
        text ??= Buffer.from(JSON.stringify(document()))
        return reply.type('application/json; charset=utf-8').send(text)
      },
    )
  }

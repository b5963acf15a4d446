/** The OpenAPI document of an API: its own routes, and the routes that belong to no API. */
import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import type { Api } from './api.ts'

/**
 * Collects all routes that are registered after this call.
 * @param apis all APIs, so that the document of one contains no routes of the others
 * @param version the version of the program
 * @returns a function that makes the document; call it when the server is ready
 */
export async function documentOf(
  app: FastifyInstance,
  api: Api,
  apis: readonly Api[],
  version: string,
): Promise<() => object> {
  const decorator = `openapi ${api.prefix}`
  const others = apis.filter((each) => each !== api)
  await app.register(swagger, {
    decorator: decorator as 'swagger',
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Plugboard',
        version,
        description: 'A network controller for clouds on Open vSwitch: plug a virtual NIC into a port.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: ({ schema, url }) => ({ url, schema: others.some((other) => isOf(other, url)) ? HIDDEN : schema }),
  })
  return () => (app as unknown as Readonly<Record<string, () => object>>)[decorator]?.() ?? {}
}

const HIDDEN = { hide: true }

const isOf = ({ prefix }: Api, url: string): boolean => url === prefix || url.startsWith(`${prefix}/`)

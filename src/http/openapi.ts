/** The OpenAPI document of each API: its own routes and those that belong to no API. */
import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import type { Api } from './api.ts'

/**
 * Collects the routes that are registered from now on.
 * @param apis all of them, so that one's document has no routes of another
 * @param version of the program
 * @returns makes the document, when the server is ready
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

/** Another HTTP API can stand beside version 1, using only the operations of the core. */

import t from 'tap'
import { Type } from 'typebox'
import type { Api } from '../../src/http/api.ts'
import { APIS } from '../../src/http/api-list.ts'
import { responses } from '../../src/http/responses.ts'
import type { ProjectId } from '../../topology/ids.ts'
import { apiOn } from '../support/api.ts'

/** `POST /count/:project` creates a network and returns the number of networks. */
const count: Api = {
  prefix: '/count',
  documentPath: '/count/openapi.json',
  open:
    ({ document }) =>
    async (app) => {
      app.get('/count/openapi.json', async () => document())
    },
  guarded:
    ({ operations: { networks } }) =>
    async (app) => {
      const schema = { operationId: 'count', response: responses({ 200: Type.Integer() }) }
      app.post('/count/:project', { schema, config: { role: 'member' } }, async ({ params, caller }) => {
        const { project } = params as { project: ProjectId }
        await networks.create(project, {}, caller)
        return [...networks.list(project)].length
      })
    },
}

const tokens = {
  reads: { project: 'red', role: 'reader' },
  writes: { project: 'red', role: 'member' },
} as const
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

t.test(
  'its routes ask for tokens and roles, and answer in the form of problems, as those of version 1 do',
  async (t) => {
    const { call } = await apiOn(t, { tokens, apis: [...APIS, count] })
    t.match(await call('POST', '//count/red'), { status: 401, body: { code: 'unauthenticated' } })
    t.match(await call('POST', '//count/red', undefined, bearer('reads')), { status: 403, body: { code: 'forbidden' } })
    t.match(await call('POST', '//count/blue', undefined, bearer('writes')), {
      status: 404,
      body: { code: 'not-found' },
    })
    const answer = await call('POST', '//count/red', undefined, bearer('writes'))
    t.match(answer, { status: 200, body: 1, headers: { 'x-request-id': /./ } })
    t.match((await call('GET', '/projects/red/networks', undefined, bearer('reads'))).body, { networks: [{}] })
    t.match(await call('GET', '//count', undefined, bearer('reads')), {
      status: 404,
      body: { detail: /\/v1\/openapi\.json or \/count\/openapi\.json lists what there is$/ },
    })
  },
)

t.test('each API has an OpenAPI document of its own', async (t) => {
  const pathsOf = async (apis: readonly Api[], document: string) => {
    const { call } = await apiOn(t, { apis })
    return Object.keys((await call('GET', `/${document}`)).body.paths as object)
  }
  const alone = await pathsOf(APIS, '/v1/openapi.json')
  t.strictSame(await pathsOf([...APIS, count], '/v1/openapi.json'), alone, 'the document of version 1 is unchanged')
  t.strictSame(await pathsOf([...APIS, count], '/count/openapi.json'), [
    '/count/openapi.json',
    '/healthz',
    '/readyz',
    '/metrics',
    '/count/{project}',
  ])
})

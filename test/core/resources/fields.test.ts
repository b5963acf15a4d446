/** Everything about a field follows from its one row. */

import t from 'tap'
import { Type } from 'typebox'
import type { Feature } from '../../../src/core/feature.ts'
import { asAttribute } from '../../../src/core/resources/field.ts'
import { FEATURES } from '../../../src/features/feature-list.ts'
import { type Answer, apiOn } from '../../support/api.ts'
import { MemoryStore } from '../../support/memory-store.ts'

/** A port field that is defined by one row. */
const colour: Feature = {
  name: 'colour',
  portFields: [
    {
      name: 'colour',
      documentation: 'The colour of its cable.',
      answer: Type.String({ description: 'of its cable' }),
      request: {
        schema: Type.Enum(['grey', 'red', 'blue']),
        roles: { create: 'member', createAlone: 'member', update: 'admin' },
        default: 'grey',
        ...asAttribute('colour'),
      },
    },
  ],
}

const ID = '3f2a9c1e-0b6d-4c57-9d2e-5b8a7f1c0e44'
const TOKENS = { root: { project: '*', role: 'admin' }, user: { project: 'red', role: 'member' } } as const

async function apiWith(t: { teardown(stop: () => unknown): void }, store: MemoryStore, features: readonly Feature[]) {
  const api = await apiOn(t, { store, features, tokens: TOKENS })
  const call = (method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown, token = 'root'): Promise<Answer> =>
    api.call(method, path, body, { authorization: `Bearer ${token}` })
  return { ...api, call }
}

t.test('a port field: requests, answers, roles, defaults, repeated requests, OpenAPI', async (t) => {
  const { call, app } = await apiWith(t, new MemoryStore(), [...FEATURES, colour])
  const { id } = (await call('POST', '/projects/red/networks', {})).body
  const ports = `/projects/red/networks/${id}/ports`
  t.match((await call('POST', ports, {})).body, { colour: 'grey' }, 'its default')
  const made = await call('POST', ports, { id: ID, colour: 'red' }, 'user')
  t.match(made, { status: 201, body: { colour: 'red' } })
  t.match(await call('POST', ports, { id: ID, colour: 'red' }), { status: 200 }, 'a repeated request')
  t.match(await call('POST', ports, { id: ID, colour: 'blue' }), { status: 409 }, 'a request with another value')
  t.match(await call('POST', ports, { colour: 'green' }), { status: 400, body: { field: 'colour' } })
  const port = `/projects/red/ports/${ID}`
  t.match(await call('PATCH', port, { colour: 'blue' }, 'user'), {
    status: 403,
    body: { field: 'colour', detail: '"colour" takes role admin, this token has role member: leave it out' },
  })
  t.match(await call('PATCH', port, { colour: 'red', name: 'x' }, 'user'), { status: 200 }, 'its current value')
  t.match(await call('PATCH', port, { colour: 'blue' }), { status: 200, body: { colour: 'blue', name: 'x' } })
  t.match((await call('GET', port)).body, { colour: 'blue' })
  const keys = Object.keys((await call('GET', port)).body)
  t.ok(keys.indexOf('trunk_vlan_id') < keys.indexOf('colour') && keys.indexOf('colour') < keys.indexOf('status'))
  const document = (await app.inject({ url: '/v1/openapi.json' })).json()
  const paths = Object.entries(document.paths) as Array<[string, Record<string, { requestBody?: object }>]>
  const taking = paths.flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody }]) =>
      JSON.stringify(requestBody ?? {}).includes('"colour"') ? `${method} ${path.split('/').at(-1)}` : [],
    ),
  )
  t.same(taking.sort(), ['patch {port_id}', 'post ports', 'post ports'])
})

t.test('a port that a version without the field stored has its default', async (t) => {
  const store = new MemoryStore()
  const before = await apiWith(t, store, FEATURES)
  const { id } = (await before.call('POST', '/projects/red/networks', {})).body
  const body = { id: ID, name: 'old' }
  await before.call('POST', `/projects/red/networks/${id}/ports`, body)
  const after = await apiWith(t, store, [...FEATURES, colour])
  t.match((await after.call('GET', `/projects/red/ports/${ID}`)).body, { colour: 'grey', name: 'old' })
  const again = await after.call('POST', `/projects/red/networks/${id}/ports`, body)
  t.match(again, { status: 200 }, 'the request that created it counts as the same')
})

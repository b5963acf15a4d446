/** `GET /v1/extensions`: documents of the extensions and their routes. */
import { Type } from 'typebox'
import { PlugboardError } from '../../core/errors.ts'
import type { Extension } from './extensions.ts'
import { braced } from './root-routes.ts'
import { operationIdOf, type Route } from './route.ts'
import { list, show } from './shapes.ts'

const ExtensionView = Type.Object(
  {
    alias: Type.String(),
    name: Type.String(),
    description: Type.String(),
    engines: Type.Array(Type.String(), { description: 'the engines that offer it' }),
    operations: Type.Array(
      Type.Object({
        operation: Type.String(),
        method: Type.String(),
        path: Type.String(),
        summary: Type.String(),
        role: Type.String(),
      }),
    ),
  },
  { title: 'extension' },
)

/** @param routes all routes of the API; those of an extension are found by the ids of their operations */
export function extensionRoutes(extensions: readonly Extension[], routes: readonly Route[]): Route[] {
  const viewOf = ({ alias, name, description, engines, operationIds }: Extension) => ({
    alias,
    name,
    description,
    engines,
    operations: operationIds.flatMap((id) => routes.filter((route) => operationIdOf(route) === id).map(operationView)),
  })
  return [
    list({
      operation: 'list_extensions',
      summary: 'The extensions that this controller has',
      path: '/v1/extensions',
      resource: ExtensionView,
      items: () => extensions.map((extension, key) => ({ key, view: () => viewOf(extension) })),
    }),
    show({
      operation: 'show_extension',
      summary: 'An extension and its operations',
      path: '/v1/extensions/:alias',
      resource: ExtensionView,
      find({ params: { alias } }) {
        const found = extensions.find((extension) => extension.alias === alias)
        if (found) return viewOf(found)
        const known = extensions.map((extension) => extension.alias).join(', ')
        throw new PlugboardError('not-found', `there is no extension "${alias}": there are ${known}`)
      },
    }),
  ]
}

const operationView = ({ operation, method, path, summary, role }: Route) => ({
  operation,
  method,
  path: braced(path),
  summary,
  role,
})

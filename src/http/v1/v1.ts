/** The HTTP API of version 1. */
import type { Api } from '../api.ts'
import { mountEvents } from './event-routes.ts'
import { extensionRoutes } from './extension-routes.ts'
import { extensionsOf } from './extensions.ts'
import { hypervisorRoutes } from './hypervisor-routes.ts'
import { migrationRoutes } from './migration-routes.ts'
import { networkRoutes } from './network-routes.ts'
import { networkPortRoutes, portRoutes } from './port-routes.ts'
import { DOCUMENT_PATH, rootRoutes } from './root-routes.ts'
import { mount, operationIdOf, type Route } from './route.ts'
import { vnicRoutes } from './vnic-routes.ts'

export const v1: Api = {
  prefix: '/v1',
  documentPath: DOCUMENT_PATH,
  open: rootRoutes,
  guarded:
    ({ operations, events, unread }) =>
    async (app) => {
      const extensions = extensionsOf(operations)
      const offering = (route: Route) =>
        extensions.find(({ operationIds }) => operationIds.includes(operationIdOf(route)))?.alias
      const mountAll = (routes: readonly Route[]) => {
        for (const route of routes) {
          const extension = offering(route)
          if (extension !== undefined || !route.isOptional) mount(app, route, extension)
        }
      }
      const resources = [
        ...vnicRoutes(operations),
        ...migrationRoutes(operations),
        ...portRoutes(operations),
        ...hypervisorRoutes(operations),
      ]
      const networks = [...networkRoutes(operations), ...networkPortRoutes(operations)]
      mountAll(resources)
      mountEvents(app, events, unread)
      mountAll(extensionRoutes(extensions, [...resources, ...networks]))
      mountAll(networks)
    },
}

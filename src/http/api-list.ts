/** The HTTP APIs as a list, in the order in which their routes are registered. */
import type { Api } from './api.ts'
import * as apis from './apis.ts'

export const APIS: readonly Api[] = Object.values(apis)

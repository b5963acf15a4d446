/** The HTTP APIs of the controller: one line each. */
import type { Api } from './api.ts'
import { v1 } from './v1/v1.ts'

export const APIS: readonly Api[] = [v1]

/** The HTTP APIs of the controller: one line each. */
export { v1 } from './v1/v1.ts'

/** The HTTP room's face. */
export { buildHttp, type HttpOptions } from './server.ts'

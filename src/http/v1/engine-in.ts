/**
 * Checks the engine that a body names before the schema checks the other fields. So a request for an engine that is not loaded gets
 * an error about the engine, not about an unknown field.
 * @param find throws if there is no such engine
 */
export function engineIn(body: unknown, find: (alias: string) => unknown): void {
  const alias = typeof body === 'object' && body !== null && 'engine' in body ? body.engine : undefined
  if (typeof alias === 'string') find(alias)
}

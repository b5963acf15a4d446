/**
 * Looks at the engine that a body names before the schema looks at the rest. So a request for an engine that is not loaded is told
 * so, and not that a field of that engine is unknown.
 * @param find throws if there is no such engine
 */
export function engineIn(body: unknown, find: (alias: string) => unknown): void {
  const alias = typeof body === 'object' && body !== null && 'engine' in body ? body.engine : undefined
  if (typeof alias === 'string') find(alias)
}

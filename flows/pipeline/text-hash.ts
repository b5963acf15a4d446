/** Hashes of 32 bits. They are not secure, and need not be. */

/** The hash of a value that JSON has. The order of properties does not matter. It is FNV-1a of a text, mixed. */
export function textHash(value: unknown): number {
  let hash = 0x811c9dc5
  for (const char of textOf(value)) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193)
  return mixed(hash)
}

/** Spreads all bits over all bits, like the last step of MurmurHash3. Different numbers stay different. */
export function mixed(value: number): number {
  let bits = value >>> 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? ''
  const properties = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${properties.map(([name, each]) => `${JSON.stringify(name)}:${textOf(each)}`).join()}}`
}

/** Hashes of 32 bits for values that JSON has. They are not secure, and need not be. */

/** Equal values have equal hashes. The order of properties does not matter. */
export function valueHash(value: unknown): number {
  if (typeof value === 'string') return textHash(value)
  if (typeof value === 'number') return mixed(NUMBER + (Number.isInteger(value) ? folded(value) : textHash(`${value}`)))
  if (Array.isArray(value)) return value.reduce<number>((hash, each) => mixed(hash + valueHash(each)), LIST)
  if (typeof value !== 'object' || value === null) return textHash(`${value}`)
  let sum = PROPERTIES
  for (const [name, each] of Object.entries(value)) sum = (sum + mixed(textHash(name) ^ mixed(valueHash(each)))) >>> 0
  return mixed(sum)
}

/** Spreads all bits over all bits, like the last step of MurmurHash3. Different numbers stay different. */
export function mixed(value: number): number {
  let bits = value >>> 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

/** What hashes of each kind begin with. */
const [NUMBER, LIST, PROPERTIES] = [0x1b873593, 0x38495ab5, 0x561ccd1b]

/** An integer of more than 32 bits, such as a MAC address, in 32 bits. */
const folded = (value: number): number => value ^ Math.imul(Math.floor(value / 2 ** 32), 0x01000193)

/** FNV-1a, mixed. */
function textHash(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return mixed(hash)
}

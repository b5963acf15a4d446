/**
 * Text on the wire is UTF-8. An octet that is not valid UTF-8 becomes the lone surrogate 0xdc00 + octet, so that it can
 * be encoded to the same octet again.
 */
const whole = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()
const ESCAPE = 0xdc00

export function textOf(octets: Uint8Array): string {
  try {
    return whole.decode(octets)
  } catch {
    return Array.from(octets, (octet) => String.fromCharCode(octet < 0x80 ? octet : ESCAPE + octet)).join('')
  }
}

export function octetsOf(text: string): Uint8Array {
  if (text.isWellFormed() || !/^[\0-\x7f\udc80-\udcff]*$/.test(text)) return encoder.encode(text)
  return Uint8Array.from(text, (char) => char.charCodeAt(0) & 0xff)
}

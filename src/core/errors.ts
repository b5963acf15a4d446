/** The errors of the API: one class, and one table from code to status and title. The API's contract lists all codes. */
export const ERRORS = {
  'bad-request': [400, 'The request is not valid'],
  'unknown-engine': [400, 'No such engine is loaded'],
  unsupported: [400, 'The engine cannot do this'],
  unauthenticated: [401, 'A valid token is needed'],
  forbidden: [403, 'The role does not allow this'],
  'not-found': [404, 'There is no such object'],
  'id-conflict': [409, 'The id is taken by something else'],
  'vnic-plugged': [409, 'The VNIC is plugged into another port'],
  'port-in-use': [409, 'A VNIC is plugged into the port'],
  'network-in-use': [409, 'The network has ports'],
  'mac-in-use': [409, 'The network has a VNIC with this MAC address'],
  'segment-in-use': [409, 'The segment is taken'],
  'segments-exhausted': [409, 'No segment is left'],
  'addresses-exhausted': [409, 'No address is left'],
  'address-in-use': [409, 'The address is taken'],
  'prefix-overlap': [409, 'The prefix overlaps another one'],
  'hypervisor-connected': [409, 'The hypervisor is connected'],
  'quota-exceeded': [409, 'The project has as much as it may have'],
  'request-timeout': [408, 'The request did not arrive in time'],
  'revision-mismatch': [412, 'The object has changed in the meantime'],
  'too-large': [413, 'The request is too large'],
  'rate-limited': [429, 'Too many requests'],
  unavailable: [503, 'The service cannot do this now'],
} as const satisfies Record<string, readonly [status: number, title: string]>

export type ErrorCode = keyof typeof ERRORS

export class PlugboardError extends Error {
  readonly code: ErrorCode
  /** The field of the body, or the parameter of the query, that caused the error; undefined if there is none. */
  readonly field: string | undefined

  /**
   * @param detail a sentence that says what is wrong and how to correct it
   */
  constructor(code: ErrorCode, detail: string, options: { field?: string; cause?: unknown } = {}) {
    super(detail, { cause: options.cause })
    this.name = 'PlugboardError'
    this.code = code
    this.field = options.field
  }

  /** Also accepts errors from another copy of this package: an outside engine may have its own copy in `node_modules`. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'PlugboardError' && 'code' in value && String(value.code) in ERRORS
  }

  get status(): number {
    return ERRORS[this.code][0]
  }

  get title(): string {
    return ERRORS[this.code][1]
  }
}

/** Reserved port numbers (OpenFlow 1.5.1, 7.2.2), and port numbers of 16 bits. */

/** Reserved port numbers. */
export const PORT = {
  IN_PORT: 0xfffffff8,
  TABLE: 0xfffffff9,
  NORMAL: 0xfffffffa,
  FLOOD: 0xfffffffb,
  ALL: 0xfffffffc,
  CONTROLLER: 0xfffffffd,
  LOCAL: 0xfffffffe,
  ANY: 0xffffffff,
} as const

/**
 * The first reserved port number in 16 bits. In 32 bits, reserved port numbers have 0xffff in the upper half and the
 * same lower half.
 */
const MIN_RESERVED_PORT = 0xff00

/** A port number in 16 bits, as OpenFlow 1.0 and Nicira's extensions have it. A number that does not fit stays as it is. */
export const narrow = (port: number): number => (port >= 0xffff_0000 + MIN_RESERVED_PORT ? port - 0xffff_0000 : port)

/** The reverse of `narrow`. */
export const widen = (port: number): number => (port >= MIN_RESERVED_PORT && port <= 0xffff ? port + 0xffff_0000 : port)

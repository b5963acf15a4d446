/** Bounds what is kept of a host. A string of its OVSDB may have a megabyte. */

/** Names and addresses are shorter; Open vSwitch reports errors in a line. */
const MAX_TEXT_CHARACTERS = 255

/** A text of a host as it is kept and shown: cut if it is long. */
export const kept = (text: string): string =>
  text.length <= MAX_TEXT_CHARACTERS ? text : `${text.slice(0, MAX_TEXT_CHARACTERS - 1)}…`

/** Can a name of a host be kept as it is? */
export const isShort = (text: string): boolean => text.length <= MAX_TEXT_CHARACTERS

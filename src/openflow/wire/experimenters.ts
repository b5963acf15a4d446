/** The experimenters whose extensions this library speaks. */

/**
 * The code of an error, action, property or multipart message, or the class of a field, that marks it as an
 * experimenter's.
 */
export const EXPERIMENTER = 0xffff

/** The Open Networking Foundation: its extensions give OpenFlow 1.3 what came with 1.4 (EXT-187, EXT-191, EXT-230). */
export const ONF = 0x4f4e4600
/** Nicira, whose extensions are those of Open vSwitch (nicira-ext.h). */
export const NICIRA = 0x00002320
/** The experimenter of the fields of the Network Service Header (NSH). */
export const NSH = 0x005ad650
/** Netronome (netronome-ext.h). */
export const NETRONOME = 0x0000154d

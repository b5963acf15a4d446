/** Frames that clients of Debian 12 have sent, from 02:00:00:00:00:05. */

const zeros = (octets: number): string => '00'.repeat(octets)
const bytes = (...hex: readonly string[]): Uint8Array => Uint8Array.from(Buffer.from(hex.join(''), 'hex'))

/** The headers of a broadcast: Ethernet, IPv4 and UDP. */
const broadcast = (head: string): string => `ffffffffffff0200000000050800${head}00000000ffffffff00440043`
const [UDHCPC, DHCLIENT] = [broadcast('4500014800000000401179a6'), broadcast('451001480000000080113996')]
const bootp = (xid: string): string => `01010600${xid}${zeros(20)}020000000005${zeros(202)}63825363`

/** udhcpc 1.35.0: DISCOVER. */
export const DISCOVER_UDHCPC = bytes(
  `${UDHCPC}01342536${bootp('6067ac32')}`,
  '3501013902024037070103060c0f1c2a3c0c756468637020312e33352e303d0701020000000005ff',
  zeros(20),
)
/** dhclient 4.4.3-P1: DISCOVER. */
export const DISCOVER_DHCLIENT = bytes(
  `${DHCLIENT}01345eaf${bootp('a89caa12')}`,
  '3501010c02766d370d011c02030f06770c2c2f1a792aff',
  zeros(37),
)
/** dhclient with a stored lease of 10.9.0.77: REQUEST after a reboot. */
export const REBOOT_DHCLIENT = bytes(
  `${DHCLIENT}013403fb${bootp('da207706')}`,
  '35010332040a09004d0c02766d370d011c02030f06770c2c2f1a792aff',
  zeros(31),
)
/** dhclient: INFORMATION-REQUEST of DHCPv6. */
export const INFORMATION_DHCLIENT = bytes(
  '33330001000202000000000586dd600d8dbb002c1101fe80000000000000000000fffe000005ff020000000000000000000000010002',
  '02220223002cfcc80b7b23c60001000a0003000102000000000500060008001700180027001f000800020000',
)
/** Linux 6.1: router solicitation. */
export const SOLICITATION_LINUX = bytes(
  '33330000000202000000000586dd6000000000103afffe80000000000000000000fffe000005ff020000000000000000000000000002',
  '85007b24000000000101020000000005',
)

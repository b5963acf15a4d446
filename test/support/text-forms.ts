/** Text forms of addresses, prefixes, MAC addresses, names and numbers: right ones, and all that look like one. */

/** Each right form with its canonical form. */
export const IPV4_FORMS = { '10.0.0.5': '10.0.0.5' } as const

export const IPV6_FORMS = {
  'fd00:7::5': 'fd00:7::5',
  'FD00:7::5': 'fd00:7::5',
  'fd00:0007:0000:0000:0000:0000:0000:0005': 'fd00:7::5',
  'fd00:7:0:0::5': 'fd00:7::5',
  'fd00:7::0.0.0.5': 'fd00:7::5',
} as const

/** Forms of an IPv4 address that some parser takes, and an API must not. */
const ODD_IPV4 = [
  '::ffff:10.0.0.5',
  '::FFFF:10.0.0.5',
  '::ffff:a00:5',
  '0:0:0:0:0:ffff:0a00:0005',
  '::10.0.0.5',
  'fd00:7::10.0.0.5',
  '010.0.0.5',
  '10.0.0.05',
  '10.0.5',
  '167772165',
  '0x0a000005',
  '0xa.0.0.5',
  '012.0.0.5',
  '10.0.0.5.',
  '10.0.0.5:80',
  '10.0.0.256',
  '10.0.0.-5',
  '+10.0.0.5',
  '10,0,0,5',
  '1e1.0.0.5',
] as const

const ODD_IPV6 = [
  'fd00:7::5%eth0',
  'fd00:7::5%25eth0',
  'fd00:7::5%',
  '[fd00:7::5]',
  '[fd00:7::5]:80',
  'fd00:7::5::',
  'fd00:7:::5',
  'fd00:7:0:0:0:0:0:0:5',
  'fd00:00007::5',
  'fd00:7::g',
  '\\\\fd00-7--5.ipv6-literal.net',
] as const

/** What stands around or inside of a text: white space, NUL, digits that are not ASCII, a length, and very much. */
export const disguised = (text: string): string[] => forms(text).filter((each) => each !== text)

const forms = (text: string): string[] => [
  ` ${text}`,
  `${text} `,
  `${text}\n`,
  `\t${text}`,
  `${text}\0`,
  `${text}\0.example`,
  `\ufeff${text}`,
  `${text}\u00a0`,
  text.replaceAll('0', '\u0660'),
  text.replaceAll('5', '\uff15'),
  text.replaceAll('0', '\u{1d7ce}'),
  `${text}/`,
  `/${text}`,
  `"${text}"`,
  text.repeat(2000),
  `${text}${'0'.repeat(5000)}`,
]

const NEITHER = ['', ' ', '\0', '/', ':', '::ffff:', '.', '%', 'localhost', 'null', '__proto__', '\ud800', '\u{1f4a9}']

/** Texts that no field for one address takes, whatever its family. Lengths belong to prefixes. */
export const NO_ADDRESS: readonly string[] = [
  ...NEITHER,
  ...ODD_IPV4.filter((each) => !/^(::10\.|fd00)/.test(each)),
  ...ODD_IPV6,
  ...disguised('10.0.0.5'),
  ...disguised('fd00:7::5'),
  ...['10.0.0.5/32', '10.0.0.0/24', 'fd00:7::5/128', 'fd00:7::/64', '::ffff:10.0.0.5/128'],
]

/** Texts that look like IPv4 and are IPv6, or the other way around. */
export const IPV6_WITH_DOTS = ['::10.0.0.5', 'fd00:7::10.0.0.5', '64:ff9b::10.0.0.5'] as const

/** Texts that no field for a prefix takes. */
export const NO_PREFIX: readonly string[] = [
  ...NEITHER,
  ...[...ODD_IPV4, ...ODD_IPV6].map((each) => `${each}/24`).filter((each) => !/^(::10\.|fd00:7::10)/.test(each)),
  ...disguised('10.0.0.0/24'),
  ...disguised('fd00:7::/64'),
  ...['/024', '/+24', '/-1', '/33', '/129', '/24.0', '/2e1', '/0x18', '/255.255.255.0', '/24/24', '//24', '%24'].map(
    (length) => `10.0.0.0${length}`,
  ),
  ...['/064', '/129', '/64%eth0', '%eth0/64', '/ffff::'].map((length) => `fd00:7::${length}`),
]

/** Right MAC addresses are six pairs of hexadecimal digits with one separator. */
export const MAC_FORMS = {
  '02:00:00:00:00:05': '02:00:00:00:00:05',
  '02-00-00-00-0A-05': '02:00:00:00:0a:05',
  '02:00:00:00:0A:05': '02:00:00:00:0a:05',
} as const

export const NO_MAC: readonly string[] = [
  ...NEITHER,
  ...disguised('02:00:00:00:00:05'),
  ...['2:0:0:0:0:5', '0200.0000.0005', '020000000005', '0x020000000005', '02:00-00:00:00:05', '02 00 00 00 00 05'],
  ...[
    '02:00:00:00:00:0g',
    '02:00:00:00:00:05:06:07',
    '00:00:00:00:00:00',
    '01:00:00:00:00:05',
    'ff:ff:ff:ff:ff:ff',
    '02:50:4c:55:47:01',
  ],
]

/** JSON that is no whole number, or none that a field of this API takes. As JSON text, since some of it is no value in JavaScript. */
export const NO_NUMBER: readonly string[] = [
  ...['"5"', '"0x5"', '" 5"', '""', 'null', 'true', '[]', '[5]', '{}', '1.5', '5e-1', '-1', '1e400', '-1e400', '1e21'],
  ...['9007199254740993', '18446744073709551616', '4294967296', '5e-324'],
]

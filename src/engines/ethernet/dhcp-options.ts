/** DHCP options for boot loaders, which a request sets on a network or on a port: checked, stored as text, and written as octets. */
import { Type } from 'typebox'
import type { Attributes } from '../../../topology/model.ts'
import { PlugboardError } from '../../core/errors.ts'
import { parseIp } from '../../core/ip-text.ts'
import { quoted } from '../../core/quoted.ts'
import { ipv4 } from '../../openflow/index.ts'
import { words } from '../dhcp/message4.ts'
import type { BootOption } from '../dhcp/server4.ts'

export const DHCP_OPTIONS = 'dhcp_options'
const FIELD = `ipv4.${DHCP_OPTIONS}`

const MAX_OPTIONS = 32
const MAX_VALUE_OCTETS = 255
/** `0x`, and two digits for each octet. */
const MAX_VALUE_CHARACTERS = 2 + 2 * MAX_VALUE_OCTETS

/** The address of the server in the header of a message (`siaddr`), which is no option. */
const NEXT_SERVER = 'next_server'

export interface DhcpOption {
  readonly code: number | typeof NEXT_SERVER
  readonly value: string
  /** Only for clients of this architecture (RFC 4578, 2.1). */
  readonly architecture?: number
}

export const DhcpOptions = Type.Array(
  Type.Object(
    {
      code: Type.Union([Type.Integer({ minimum: 1, maximum: 254 }), Type.Literal(NEXT_SERVER)], {
        description: `the code of the option, such as 66, 67 or 150; "${NEXT_SERVER}" is the server in the header of the message`,
      }),
      value: Type.String({
        minLength: 1,
        maxLength: MAX_VALUE_CHARACTERS,
        description:
          'text; IPv4 addresses with commas between them for 42, 150 and next_server; octets as 0x0a0b for others',
      }),
      architecture: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 0xffff,
          description:
            'only for clients of this architecture (option 93): 0 is BIOS, 7 is EFI on x86-64; left out: for all others',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  { maxItems: MAX_OPTIONS, description: 'DHCP options for boot loaders; left out: none' },
)

type Form = 'text' | 'addresses' | 'number'
/** Options with a form of their own (RFC 2132; 150: RFC 5859; 209 to 211: RFC 5071). Others are text, or octets after `0x`. */
const FORMS: ReadonlyMap<DhcpOption['code'], Form> = new Map<DhcpOption['code'], Form>([
  [15, 'text'],
  [17, 'text'],
  [42, 'addresses'],
  [60, 'text'],
  [66, 'text'],
  [67, 'text'],
  [150, 'addresses'],
  [209, 'text'],
  [210, 'text'],
  [211, 'number'],
  [NEXT_SERVER, 'addresses'],
])

const OCTETS = /^0x((?:[\da-f]{2})+)$/i

/** Options that the network's other fields say, or that belong to the protocol (RFC 2132, 9; 82: RFC 3046; 93: RFC 4578). */
const RESERVED = new Set<DhcpOption['code']>([
  ...[1, 3, 6, 26, 28, 33, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 61, 82, 93, 121, 249],
])

const refuse = (detail: string): never => {
  throw new PlugboardError('bad-request', detail, { field: FIELD })
}

/** Checks the options of a request. @returns them as they are stored @throws PlugboardError `bad-request` */
export function dhcpOptions(wish: readonly DhcpOption[]): readonly DhcpOption[] {
  const seen = new Set<string>()
  for (const { code, value, architecture } of wish) {
    if (RESERVED.has(code))
      refuse(`option ${code} belongs to the DHCP server: set it by the other fields of ipv4, or leave it out`)
    if (!FORMS.has(code) && /^0x/i.test(value) && !OCTETS.test(value))
      refuse(`option ${code} is ${quoted(value)}: pairs of hexadecimal digits must follow 0x`)
    const octets = octetsOf({ code, value })
    if (octets.length > MAX_VALUE_OCTETS)
      refuse(`option ${code} has ${octets.length} octets: ${MAX_VALUE_OCTETS} are the most`)
    const key = `${code}/${architecture}`
    if (seen.has(key)) refuse(`option ${code} is there twice for the same architecture: name it once`)
    seen.add(key)
  }
  return wish
}

/** The octets of an option. @throws PlugboardError `bad-request` */
function octetsOf({ code, value }: DhcpOption): Uint8Array {
  switch (FORMS.get(code)) {
    case 'addresses':
      return words(...addressesOf(code, value))
    case 'number': {
      const isNumber = /^(0|[1-9]\d{0,9})$/.test(value) && Number(value) <= 0xffffffff
      return isNumber
        ? words(Number(value))
        : refuse(`option ${code} is ${quoted(value)}: it must be a number of 32 bits`)
    }
    case 'text':
      return textOf(code, value)
    default: {
      const [, digits] = OCTETS.exec(value) ?? []
      return digits === undefined ? textOf(code, value) : Uint8Array.from(Buffer.from(digits, 'hex'))
    }
  }
}

function addressesOf(code: DhcpOption['code'], value: string): number[] {
  const all = value.split(',')
  if (code === NEXT_SERVER && all.length > 1) refuse(`${NEXT_SERVER} is ${quoted(value)}: it must be one IPv4 address`)
  return all.map((text) => {
    const address = parseIp(text.trim())
    if (address?.v4) return ipv4(address.correctForm())
    return refuse(`option ${code} is ${quoted(value)}: it must be IPv4 addresses with commas between them`)
  })
}

function textOf(code: DhcpOption['code'], value: string): Uint8Array {
  if (/^[\x20-\x7e]+$/.test(value)) return Uint8Array.from(Buffer.from(value, 'latin1'))
  return refuse(`option ${code} is ${quoted(value)}: it must be printable ASCII text, or octets such as 0x0a0b`)
}

/** The options that a client gets: those of its port, and those of the network with other codes. */
export function bootOptions(network: readonly DhcpOption[], port: readonly DhcpOption[]): BootOption[] {
  const own = new Set(port.map(({ code }) => code))
  return [...network.filter(({ code }) => !own.has(code)), ...port].map((option) => ({
    code: option.code === NEXT_SERVER ? null : option.code,
    octets: octetsOf(option),
    architecture: option.architecture ?? null,
  }))
}

/** The stored options of a port or a network. A node that an older version stored has none. */
export function optionsOf(ipv4: unknown): readonly DhcpOption[] {
  const { [DHCP_OPTIONS]: all } = (ipv4 ?? {}) as Attributes
  return Array.isArray(all) ? (all as unknown as readonly DhcpOption[]) : []
}

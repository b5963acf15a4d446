/**
 * The configuration, one row per key. The defaults, the keys of a file, the flags, the variables, the help and the errors all
 * follow from these rows.
 */
import { DEFAULT_ENGINE_ROLES } from '../core/engine/roles.ts'
import { ENGINE_ALIASES } from '../engines/engine-list.ts'
import { readRoles } from './engine-roles.ts'
import { readEngines } from './engines.ts'
import { readFloating } from './floating.ts'
import { connectionLimits, httpLimits, quota } from './limit-settings.ts'
import { oidcSettings } from './oidc-settings.ts'
import { readCertificateName, SYSTEM_ID, tlsSettings } from './tls-settings.ts'
import { readTokens } from './tokens.ts'
import {
  readAddress,
  readBoolean,
  readFilePath,
  readHosts,
  readNumber,
  readOneOf,
  readPath,
  readRanges,
  readTarget,
} from './values.ts'

export interface Setting<T> {
  /** The placeholder for the value in the help. */
  readonly form: string
  readonly words: string
  /** The default, as it would be written in a file. */
  readonly initial: unknown
  /** The value is a list or a mapping. A flag or a variable contains it as YAML or JSON. */
  readonly structured?: true
  /** The flag may stand alone, and then means true. */
  readonly isSwitch?: true
  /** @throws Disallowed */
  readonly read: (value: unknown) => T
}

/** A group of settings that exists once for each name. */
export interface Each<S> {
  readonly each: S
  readonly form: string
  /** The names if no source gives any. */
  readonly initial: readonly string[]
  /** The pattern of a name. */
  readonly names: RegExp
}

const optional =
  <T>(read: (value: unknown) => T) =>
  (value: unknown): T | undefined =>
    value === undefined ? undefined : read(value)

export const SETTINGS = {
  http: {
    listen: {
      form: 'ADDRESS:PORT',
      words: 'Where the HTTP API listens. Without tokens: on loopback only.',
      initial: '127.0.0.1:9797',
      read: readAddress,
    },
    hosts: {
      form: 'LIST',
      words: 'Hosts that requests may name. None: any with tokens, else addresses, localhost and that of "listen".',
      initial: [],
      structured: true,
      read: readHosts,
    },
    ...httpLimits(),
    tls: tlsSettings(
      'Callers must also show a certificate that one of these authorities has signed. Without it they need none.',
    ),
  },
  openflow: {
    listen: {
      form: 'ADDRESS:PORT',
      words: 'Where switches connect with OpenFlow.',
      initial: '0.0.0.0:6653',
      read: readAddress,
    },
    advertise: {
      form: 'tcp:ADDRESS:PORT',
      words:
        'Where switches are told to connect, when it is not the address that their OVSDB came in by. With TLS: ssl:ADDRESS:PORT.',
      initial: undefined,
      read: optional(readTarget),
    },
    tls: tlsSettings('The authorities that may have signed the certificates of hypervisors.'),
    ...connectionLimits('switches'),
  },
  ovsdb: {
    listen: {
      form: 'ADDRESS:PORT',
      words: 'Where hypervisors connect with OVSDB (ovs-vsctl set-manager).',
      initial: '0.0.0.0:6640',
      read: readAddress,
    },
    tls: {
      ...tlsSettings('The authorities that may have signed the certificates of hypervisors.'),
      name: {
        form: 'NAME',
        words: `The name that the certificate of a hypervisor must have, of its OVSDB and of its switch; ${SYSTEM_ID} stands for its system-id.`,
        initial: SYSTEM_ID,
        read: readCertificateName,
      },
    },
    ...connectionLimits('hypervisors'),
    max_message_mib: {
      form: 'MEBIBYTES',
      words: 'The longest message of a hypervisor. Each interface takes about 1 KB of the first one.',
      initial: 32,
      read: readNumber(1, 512),
    },
    max_rows: {
      form: 'NUMBER',
      words: 'The most rows of bridges, ports and interfaces of a hypervisor. An interface has two, its port included.',
      initial: 20_000,
      read: readNumber(100, 10_000_000),
    },
    max_strangers: {
      form: 'NUMBER',
      words: 'The most hypervisors that never had a VNIC, have gone and are still listed.',
      initial: 1000,
      read: readNumber(0, 1_000_000),
    },
    forget_seconds: {
      form: 'SECONDS',
      words: 'How long they are listed.',
      initial: 86_400,
      read: readNumber(1, 31_536_000),
    },
  },
  store: {
    path: {
      form: 'DIRECTORY',
      words: 'Where the state is kept: a directory for one Plugboard alone, on a disk of this machine.',
      initial: './plugboard-data',
      read: readPath,
    },
    adopt: {
      form: 'BOOLEAN',
      words:
        'Serve hosts that may belong to another store (condition foreign-store), each of them once. The flag needs no value.',
      initial: false,
      isSwitch: true,
      read: readBoolean,
    },
  },
  engines: {
    form: 'LIST',
    words: `The service engines: of ${ENGINE_ALIASES.join(', ')}, and modules as {module: PATH OR PACKAGE, options: …}.`,
    initial: ENGINE_ALIASES,
    structured: true,
    read: readEngines,
  },
  physical_networks: {
    form: 'NAME',
    initial: ['physnet1'],
    names: /^[A-Za-z0-9._-]{1,64}$/,
    each: {
      vlans: {
        form: 'RANGES',
        words: 'VLANs that networks of engine "vlan" are given on the physical network of this name.',
        initial: '100-4000',
        read: readRanges('VLAN', 1, 4094),
      },
      floating: {
        form: 'LIST',
        words:
          'Where floating addresses (engine "nat-ipv4") live there: a list of {prefix: PREFIX, vlan: ID, gateway_ip: ADDRESS}.',
        initial: [],
        structured: true,
        read: readFloating,
      },
    },
  },
  overlays: {
    vxlan: {
      vnis: {
        form: 'RANGES',
        words: 'Network identifiers that networks of engine "vxlan" are given.',
        initial: '4096-16777215',
        read: readRanges('VNI', 1, 16777215),
      },
    },
    geneve: {
      vnis: {
        form: 'RANGES',
        words: 'Network identifiers that networks of engine "geneve" are given.',
        initial: '4096-16777215',
        read: readRanges('VNI', 1, 16777215),
      },
    },
    mtu: {
      form: 'OCTETS',
      words: 'What the network between the hypervisors carries, its IP header included.',
      initial: 1500,
      read: readNumber(1280, 65535),
    },
  },
  auth: {
    tokens: {
      form: 'LIST',
      words:
        'Who may do what: a list of {sha256: DIGEST OF THE TOKEN, project: ID or "*", role: reader, member or admin, name: …}.',
      initial: [],
      structured: true,
      read: readTokens,
    },
    oidc: oidcSettings,
    roles: {
      form: 'MAPPING',
      words: 'The least role that may make networks or ports of an engine, if not member.',
      initial: DEFAULT_ENGINE_ROLES,
      structured: true,
      read: readRoles,
    },
  },
  audit: {
    path: {
      form: 'FILE',
      words: 'Where each write over the API is recorded. Without it, in the log.',
      initial: undefined,
      read: readFilePath,
    },
  },
  quotas: {
    networks: quota('networks', 1000),
    ports: quota('ports', 10_000),
    vnics: quota('VNICs', 10_000),
  },
  metrics: {
    public: {
      form: 'true|false',
      words: 'May everybody read /metrics? Otherwise it takes a token of project "*", if there are tokens.',
      initial: false,
      read: readBoolean,
    },
  },
  log: {
    level: {
      form: 'LEVEL',
      words: 'How much is logged: fatal, error, warn, info, debug, trace or silent.',
      initial: 'info',
      read: readOneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    },
  },
} as const satisfies Group

export type Node = Setting<unknown> | Each<Group> | Group
export interface Group {
  readonly [name: string]: Node
}

type ConfigOf<N> =
  N extends Setting<infer T>
    ? T
    : N extends Each<infer S>
      ? { readonly [name: string]: ConfigOf<S> }
      : { readonly [Name in keyof N]: ConfigOf<N[Name]> }

/** The whole checked configuration. */
export type Config = ConfigOf<typeof SETTINGS>

export const isSetting = (node: Node): node is Setting<unknown> => 'read' in node
export const isEach = (node: Node): node is Each<Group> => 'each' in node

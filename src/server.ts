/** Starts and stops Plugboard: the store, the controller and the three listeners. */
import type { Logger } from 'pino'
import { changedKeys } from './config/changes.ts'
import { type Config, ConfigError } from './config/config.ts'
import { oidcOf } from './config/oidc-settings.ts'
import { tlsFilesOf } from './config/tls-settings.ts'
import { type Address, printAddress } from './config/values.ts'
import { Controller } from './controller/controller.ts'
import type { ControllerOptions } from './controller/options.ts'
import { EngineError } from './core/engine/load.ts'
import { identityOf } from './core/identity.ts'
import { load } from './core/persist.ts'
import type { RefusalOf } from './core/refusal-of.ts'
import { type AllCredentials, expiryMetric, isReloaded, readCredentials, renewable } from './credentials.ts'
import { refusalOf } from './gate/certificate-names.ts'
import { apiConnectionsFor, descriptorLimit } from './gate/descriptors.ts'
import type { GateLimits } from './gate/gate.ts'
import { Gates, through } from './gate/gates.ts'
import { OPENFLOW_LIMITS, OVSDB_LIMITS } from './gate/limits.ts'
import { fitted } from './http/api-limits.ts'
import type { AuthSettings } from './http/auth.ts'
import { buildHttp, type HttpServer } from './http/http-server.ts'
import { listening } from './listening.ts'
import { loadEngines } from './loaded-engines.ts'
import { listen as listenForSwitches, type Listener as SwitchListener } from './openflow/index.ts'
import { type Connection, type Listener as HostListener, listen as listenForHosts } from './ovsdb/index.ts'
import type { Store } from './store/store.ts'
import { openStore } from './store/stores.ts'

/** The addresses of the listeners, with the actual port if the configuration says 0. */
export interface Addresses {
  readonly http: string
  readonly openflow: string
  readonly ovsdb: string
}

/** The longest time of each step of stopping. Together they are less than 5 s. */
const MAX_REQUESTS_MS = 2500
const MAX_CONNECTIONS_MS = 500
const MAX_STORE_MS = 1500

export class Server {
  readonly addresses: Addresses
  /** The configuration of the start. */
  readonly #config: Config
  readonly #doors: Doors
  readonly #log: Logger
  readonly #store: Store
  readonly #controller: Controller
  readonly #switches: SwitchListener
  readonly #hosts: HostListener
  readonly #http: HttpServer

  constructor(addresses: Addresses, log: Logger, parts: Parts) {
    this.#config = parts.config
    this.#doors = parts.doors
    this.addresses = addresses
    this.#log = log
    this.#store = parts.store
    this.#controller = parts.controller
    this.#switches = parts.switches
    this.#hosts = parts.hosts
    this.#http = parts.http
  }

  /**
   * Takes tokens, keys and certificates of another configuration. Sessions and requests go on.
   * @returns the keys with other values that need a restart
   * @throws ConfigError; then nothing has changed
   */
  reload(config: Config): readonly string[] {
    // All files are read and checked before the first one is used.
    const read = readCredentials(config)
    const used = renewable(this.#doors.credentials, read)
    const { http, openflow, ovsdb } = used
    if (http) this.#http.renewTls(http)
    if (openflow) this.#switches.renew(openflow)
    if (ovsdb) this.#hosts.renew(ovsdb)
    this.#http.reauthenticate(authOf(config))
    this.#doors.credentials = used
    return changedKeys(this.#config, config).filter((key) => !isReloaded(key, used, read))
  }

  /**
   * Accepts no more requests, finishes the current ones (waits are answered, streams end), and closes the connections and the
   * store. Switches keep their rules. After less than 5 s, it returns even if steps are not finished.
   * @returns whether the store is closed
   */
  async stop(): Promise<boolean> {
    // First stops accepting requests, then ends the waits. So no new wait can begin.
    const requestsEnd = this.#http.close()
    this.#controller.stop()
    await this.#atMost(MAX_REQUESTS_MS, requestsEnd, 'requests were still under way')
    this.#controller.close()
    const connectionsEnd = Promise.all([this.#switches.close(), this.#hosts.close('the controller stops')])
    await this.#atMost(MAX_CONNECTIONS_MS, connectionsEnd, 'connections were still open')
    // The last events must be committed before the store closes.
    const storeEnds = this.#controller.journal.idle().then(() => this.#store.close())
    return this.#atMost(MAX_STORE_MS, storeEnds, 'the store was still writing')
  }

  /** @returns whether the work ended within the time */
  async #atMost(milliseconds: number, end: Promise<unknown>, otherwise: string): Promise<boolean> {
    const { promise: late, resolve } = Promise.withResolvers<false>()
    const timer = setTimeout(() => resolve(false), milliseconds)
    const ended = await Promise.race([end.then(() => true), late])
    clearTimeout(timer)
    if (!ended) this.#log.warn({ waited: milliseconds }, `stopping: ${otherwise}`)
    return ended
  }
}

/** The keys and certificates in use. */
interface Doors {
  credentials: AllCredentials
}

interface Parts {
  readonly store: Store
  readonly controller: Controller
  readonly switches: SwitchListener
  readonly hosts: HostListener
  readonly http: HttpServer
  readonly config: Config
  readonly doors: Doors
}

/**
 * @param audit where writes over the API are recorded
 * @param version the version of the program
 * @throws StoreError; ConfigError if it cannot listen on an address
 */
export async function start(config: Config, log: Logger, audit: Logger, version: string): Promise<Server> {
  const credentials = readCredentials(config)
  const doors = { credentials }
  const engines = await enginesOf(config)
  const store = await openStore(config.store)
  /** Steps that undo what was started so far, in reverse order. */
  const undo: Array<() => Promise<unknown>> = [() => store.close()]
  try {
    let openflowPort = config.openflow.listen.port
    const gates = new Gates({ openflow: limitsOf(config.openflow), ovsdb: limitsOf(config.ovsdb) }, log)
    const maxMessage = config.ovsdb.max_message_mib * 1024 * 1024
    const identity = await identityOf(store)
    const controller = new Controller({
      store,
      identity,
      adoptAll: config.store.adopt,
      loaded: await load(store),
      log,
      engines,
      controllerFor: ({ localAddress }) => targetFor(config, openflowPort, localAddress),
      policy: { roles: config.auth.roles, quotas: config.quotas },
      refusals: refusalsOf(config, credentials),
      hostLimits: {
        maxMessage,
        rows: { maxOctets: OVSDB_LIMITS.REPLICA_OCTETS, maxRows: config.ovsdb.max_rows },
      },
      strangers: { forgetMs: config.ovsdb.forget_seconds * 1_000, maxGone: config.ovsdb.max_strangers },
      switchKnown(session) {
        session.maxWaiting = OPENFLOW_LIMITS.WAITING_OCTETS
        gates.openflow.admit(session.remoteAddress)
      },
    })

    const switches = await listening('openflow.listen', config.openflow.listen, (place) =>
      listenForSwitches({
        ...place,
        ...(credentials.openflow && { tls: credentials.openflow }),
        ...through(gates.openflow),
        maxWaiting: OPENFLOW_LIMITS.EARLY_WAITING_OCTETS,
        onSession: (session) => controller.acceptSwitch(session),
        onRefused: ({ message }, from) => gates.refused('OpenFlow', from.replace(/:\d+$/, ''), message, from),
      }),
    )
    undo.unshift(() => switches.close())
    openflowPort = switches.address.port

    const hosts = await listening('ovsdb.listen', config.ovsdb.listen, (place) =>
      listenForHosts(
        { ...place, tls: credentials.ovsdb },
        {
          ...through(gates.ovsdb),
          onRefused: ({ message }, from) => gates.refused('OVSDB', from.replace(/:\d+$/, ''), message, from),
          maxMessage: Math.min(maxMessage, OVSDB_LIMITS.EARLY_MESSAGE_OCTETS),
          maxUnread: OVSDB_LIMITS.UNREAD_OCTETS,
          maxHeld: Math.max(OVSDB_LIMITS.HELD_OCTETS, OVSDB_LIMITS.MIN_HELD_MESSAGES * maxMessage),
          messageTimeout: OVSDB_LIMITS.MESSAGE_TIMEOUT_MS,
          requestTimeout: OVSDB_LIMITS.REQUEST_TIMEOUT_MS,
          onConnection: async (connection) => {
            await controller.acceptHost(connection)
            gates.ovsdb.admit(nameOf(connection))
          },
        },
      ),
    )
    undo.unshift(() => hosts.close())

    let ready = false
    const http = await buildHttp({
      operations: controller.operations,
      events: controller.events,
      readiness: () => ({
        ...(controller.broken !== null && { store: controller.broken }),
        ...(!ready && { listeners: 'they are being opened' }),
      }),
      metrics: async () => [...(await controller.metrics()), ...gates.metrics(), expiryMetric(doors.credentials)],
      latencies: controller.latencies.all,
      auth: authOf(config),
      tls: credentials.http,
      audit,
      limits: fitted(
        config.http,
        apiConnectionsFor(descriptorLimit(), [config.openflow.max_connections, config.ovsdb.max_connections]),
      ),
      hosts: { names: config.http.hosts, listen: config.http.listen.host },
      hasPublicMetrics: config.metrics.public,
      log,
      version,
    })
    undo.unshift(() => http.close())
    await withSchemas(http)
    await listening('http.listen', config.http.listen, (place) => http.listen(placeOf(place, credentials.http)))
    ready = true

    const addresses = {
      http: printOf(http.server.address()),
      openflow: printOf(switches.address),
      ovsdb: 'path' in hosts.address ? hosts.address.path : printAddress(hosts.address),
    }
    return new Server(addresses, log, { store, controller, switches, hosts, http, config, doors })
  } catch (error) {
    for (const step of undo) await step()
    throw error
  }
}

/** For localhost Fastify makes a server for each address, and only one of them could be given other certificates. */
const placeOf = ({ host, port }: Address, tls: unknown) => ({
  host: tls && host === 'localhost' ? '127.0.0.1' : host,
  port,
})

const limitsOf = (listener: Config['openflow' | 'ovsdb']): GateLimits => ({
  maxConnections: listener.max_connections,
  maxUnknown: listener.max_unknown,
  maxUnknownPerAddress: listener.max_unknown_per_address,
  joinSeconds: listener.join_seconds,
})

const authOf = ({ auth }: Config): AuthSettings => ({ tokens: auth.tokens, oidc: oidcOf(auth.oidc) })

/** Who may pass for a hypervisor: where a listener has TLS, the one that its certificate names. */
function refusalsOf({ ovsdb }: Config, credentials: AllCredentials): NonNullable<ControllerOptions['refusals']> {
  const named: RefusalOf = (hypervisor, { certificate }) => refusalOf(ovsdb.tls.name, hypervisor, certificate)
  return { host: credentials.ovsdb && named, switch: credentials.openflow && named }
}

const nameOf = ({ remoteAddress, remotePort }: Connection): string => `${remoteAddress}:${remotePort}`

/** @throws ConfigError if the engine of a module has an invalid schema */
async function withSchemas(http: HttpServer): Promise<void> {
  try {
    await http.ready()
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`engines: a module's engine has a schema that cannot be used: ${words}`, error)
  }
}

/** @throws ConfigError if an engine cannot be loaded */
async function enginesOf(config: Config) {
  try {
    return await loadEngines(config.engines, { physicalNetworks: config.physical_networks, overlays: config.overlays })
  } catch (error) {
    if (error instanceof EngineError) throw new ConfigError(`engines: ${error.message}`, error)
    throw error
  }
}

/**
 * The address that a switch must connect to.
 * @param port the port of our OpenFlow listener
 * @param localAddress the local address of the host's OVSDB connection; undefined if that is closed
 */
export const targetFor = ({ openflow }: Config, port: number, localAddress = openflow.listen.host): string =>
  openflow.advertise ?? `${tlsFilesOf(openflow.tls) ? 'ssl' : 'tcp'}:${printAddress({ host: localAddress, port })}`

const printOf = (address: { readonly address: string; readonly port: number } | string | null): string =>
  typeof address === 'object' && address ? printAddress({ host: address.address, port: address.port }) : String(address)

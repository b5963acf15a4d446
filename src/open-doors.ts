/** Warns of listeners that are open to others than they are meant for. */
import type { Logger } from 'pino'
import type { Config } from './config/config.ts'
import { tlsFilesOf } from './config/tls-settings.ts'
import { isLoopback, printAddress } from './config/values.ts'

const MEANS = {
  http: 'tokens and answers can be read on the way: configure http.tls, or put a proxy with TLS on this machine in front of it',
  openflow:
    'whoever reaches it can pass for the switch of any hypervisor, and read which rules it gets: configure openflow.tls, or let only hypervisors reach this port',
  ovsdb:
    'whoever reaches it can pass for any hypervisor and take its VNICs: configure ovsdb.tls, or let only hypervisors reach this port',
} as const

export function warnOfOpenDoors(config: Config, log: Logger): void {
  for (const listener of ['http', 'openflow', 'ovsdb'] as const) {
    const { listen, tls } = config[listener]
    if (tlsFilesOf(tls) || isLoopback(listen.host)) continue
    log.warn({ listener, listen: printAddress(listen) }, `this listener has no TLS: ${MEANS[listener]}`)
  }
}

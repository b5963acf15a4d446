/** A controller process with TLS, and hosts and switches with certificates, true and false ones. */
import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import { Framer, NO_TRANSACTION } from '../../src/ovsdb/index.ts'
import { certifyController, certifyHost, makeAuthority } from '../../src/pki/authority.ts'
import { Plugboard } from '../support/program.ts'

export interface Authority {
  readonly directory: string
  /** The options of TLS for a client with the certificate of this host. */
  host(name: string): Promise<{ readonly key: Buffer; readonly cert: Buffer; readonly ca: Buffer }>
  /** The text of the configuration of a listener's TLS. */
  readonly tls: string
}

export async function authorityIn(directory: string): Promise<Authority> {
  const ca = await makeAuthority(directory)
  const own = await certifyController(directory, ['127.0.0.1', 'localhost'])
  return {
    directory,
    tls: `{ cert: ${own.cert}, key: ${own.key}, ca: ${ca.cert} }`,
    async host(name) {
      const { key, cert } = await certifyHost(directory, name)
      return { key: readFileSync(key), cert: readFileSync(cert), ca: readFileSync(ca.cert) }
    },
  }
}

const portOf = (address: unknown): number => Number(String(address).split(':').at(-1))

/** Starts a controller with a configuration file in the test's directory, which exists. @returns it with a function that writes its file anew and sends SIGHUP */
export async function withConfig(t: Test, yaml: string, log = 'info') {
  const file = join(t.testdirName, 'plugboard.yaml')
  writeFileSync(file, yaml)
  const plugboard = new Plugboard(t, [
    '--config',
    file,
    '--store-path',
    join(t.testdirName, 'store'),
    '--log-level',
    log,
  ])
  const { http, openflow, ovsdb } = await plugboard.says('plugboard is ready')
  /** Resolves with the next line that says what became of it. */
  const reload = async (text = readFileSync(file, 'utf8')) => {
    writeFileSync(file, text)
    const before = plugboard.log.length
    plugboard.process.kill('SIGHUP')
    for (;;) {
      const line = plugboard.log.slice(before).find(({ msg }) => msg.startsWith('the configuration was'))
      if (line) return line
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  return { plugboard, reload, http: String(http), openflow: portOf(openflow), ovsdb: portOf(ovsdb) }
}

/** A caller of a listener with TLS. Resolves when the handshake is done, as far as the caller can tell. */
export async function call(
  t: Test,
  port: number,
  credentials: ConnectionOptions,
  localAddress = '127.0.0.1',
): Promise<TLSSocket> {
  const place = { host: '127.0.0.1', port, localAddress, checkServerIdentity: () => undefined }
  const socket = connect({ ...credentials, ...place })
  t.teardown(() => socket.destroy())
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('secureConnect', resolve).once('close', resolve))
  return socket
}

export const ended = (socket: TLSSocket): Promise<void> =>
  new Promise((resolve) => (socket.destroyed ? resolve() : socket.resume().once('close', () => resolve())))

/** Lets a caller play a host that reports a bridge `br-int` with this datapath id. @param ids its further external ids */
export function playHost(
  socket: TLSSocket,
  systemId: string,
  datapathId: string,
  ids: Readonly<Record<string, string>> = {},
): TLSSocket {
  const framer = new Framer()
  const external_ids = ['map', Object.entries({ ...ids, 'system-id': systemId })]
  const bridge = randomUUID()
  const root = { external_ids, bridges: ['uuid', bridge] }
  const rows = {
    Open_vSwitch: { [randomUUID()]: { initial: root } },
    Bridge: { [bridge]: { initial: { name: 'br-int', datapath_id: datapathId, fail_mode: 'secure' } } },
  }
  socket.on('data', (chunk) => {
    for (const message of framer.push(chunk)) {
      const { id, method, params } = message as { id: unknown; method: string; params: readonly unknown[] }
      const answer = (result: unknown) => void socket.write(JSON.stringify({ id, result, error: null }))
      if (method === 'echo') answer(params)
      else if (method === 'monitor_cond_since') answer([false, NO_TRANSACTION, rows])
      else if (method === 'transact') {
        const operations = params.slice(1) as ReadonlyArray<{ readonly op: string }>
        answer(
          operations.map(({ op }) =>
            op === 'select' ? { rows: [{ external_ids }] } : { count: 1, uuid: ['uuid', randomUUID()] },
          ),
        )
      }
    }
  })
  return socket
}

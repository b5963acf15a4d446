/** A controller process that listens on IPv4, and the memory that it takes. */
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import type { Test } from 'tap'
import { type Plugboard, start, storeIn } from '../support/program.ts'

export const ON_IPV4 = ['--ovsdb-listen', '127.0.0.1:0']

const portOf = (address: unknown): number => Number(String(address).split(':').at(-1))

export async function running(t: Test, ...flags: string[]) {
  return runningAs(start(t, storeIn(t), ...ON_IPV4, ...flags))
}

export async function runningAs(plugboard: Plugboard) {
  const url = await plugboard.ready()
  const { openflow, ovsdb } = await plugboard.says('plugboard is ready')
  return { plugboard, url, openflow: portOf(openflow), ovsdb: portOf(ovsdb) }
}

export const memoryOf = ({ process: { pid } }: Plugboard, what: 'VmRSS' | 'VmHWM'): number => {
  const [, kilobytes] = new RegExp(`^${what}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1024
}

/** @returns a check that the process has never taken so many MiB more than now */
export function growthOf(t: Test, plugboard: Plugboard): (most: number) => void {
  const before = memoryOf(plugboard, 'VmRSS')
  return (most) => {
    const grown = memoryOf(plugboard, 'VmHWM') - before
    t.comment(`${Math.round(grown)} MiB more at most`)
    t.ok(grown < most, `${grown} MiB`)
  }
}

/** Resolves when a socket has room again, or is closed. */
export const room = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
    if (socket.destroyed) done()
  })

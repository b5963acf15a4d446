/** Values that the examples share. */
import { mac } from '../../../src/openflow/index.ts'

/** An ARP request. */
export const data = new Uint8Array(
  Buffer.from('ffffffffffff020000000001080600010800060400010200000000010a0000010000000000000a000002', 'hex'),
)
export const duration = { seconds: 3, nanoseconds: 5 }
export const counts = { packets: 7n, bytes: 900n }
export const inPort = [{ field: 'in_port', value: 3 }] as const
export const output3 = [{ type: 'output', port: 3 }] as const

const LINK = {
  type: 'ethernet',
  current: 0x840,
  advertised: 0,
  supported: 0,
  peer: 0,
  currentSpeed: 10_000_000,
  maxSpeed: 0,
} as const
export const port = {
  port: 3,
  address: mac('02:00:00:00:00:03'),
  name: 'eth3',
  config: 0,
  state: 4,
  properties: [LINK],
}

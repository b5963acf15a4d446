/** Feature `rate_limit` of a port: how fast its VM may send and receive. Ports of every engine have it. */
import { type Static, type TSchema, Type } from 'typebox'
import type { RateLimit } from '../../../topology/model.ts'
import { PlugboardError } from '../../core/errors.ts'
import type { Feature } from '../../core/feature.ts'
import type { PortField } from '../../core/resources/port-fields.ts'

const NAME = 'rate_limit'

/** The largest rate in kbit/s and the largest burst in kbit. Switches store both in 32 bits. */
const MAX_RATE = 400_000_000
/** The size of a frame of 1,500 octets, in kbit. A smaller burst would let no such frame pass. */
const MIN_BURST_KBIT = 16

const orNull = (schema: TSchema, description: string) => Type.Union([schema, Type.Null()], { description })
const rate = (description: string) =>
  Type.Optional(orNull(Type.Integer({ minimum: 1, maximum: MAX_RATE }), description))

const Wish = Type.Union(
  [
    Type.Object(
      {
        ingress_kbps: rate('towards the VM, kilobits a second; null or left out: as fast as it goes'),
        egress_kbps: rate('from the VM, kilobits a second; null or left out: as fast as it goes'),
        burst_kbit: Type.Optional(
          orNull(
            Type.Integer({ minimum: MIN_BURST_KBIT, maximum: MAX_RATE }),
            'what may come at once, kilobits; null or left out: what the rate gives in 400 ms',
          ),
        ),
      },
      { additionalProperties: false },
    ),
    Type.Null(),
  ],
  { description: 'at most so fast, counted in whole Ethernet frames; null: no limit' },
)
interface Wish {
  readonly ingress_kbps?: number | null
  readonly egress_kbps?: number | null
  readonly burst_kbit?: number | null
}

const View = Type.Union(
  [
    Type.Object({
      ingress_kbps: orNull(Type.Integer(), 'towards the VM, kilobits a second'),
      egress_kbps: orNull(Type.Integer(), 'from the VM, kilobits a second'),
      burst_kbit: orNull(Type.Integer(), 'what may come at once, kilobits'),
    }),
    Type.Null(),
  ],
  { description: 'at most so fast; null: no limit' },
)
type View = Static<typeof View>

const FIELD: PortField = {
  name: NAME,
  documentation: 'How fast the VM may send and receive: [quality of service](quality-of-service.md). Null is no limit.',
  answer: View,
  request: {
    schema: Wish,
    roles: { create: 'member', createAlone: 'member', update: 'member' },
    default: null,
    get: ({ rateLimit }) => show(rateLimit),
    set: (port, wish) => ({ ...port, rateLimit: read((wish ?? {}) as Wish) }),
    said: ({ rateLimit }) => show(rateLimit),
    check({ id, rateLimit, hypervisor }, { graph }) {
      if (!rateLimit) return
      if (hypervisor !== null)
        refuse('a port that leads to a remote site has no VNIC to limit: limit the ports that take VNICs')
      const carrier = graph.carrierOf(id)?.port.id
      if (carrier !== undefined)
        refuse(`port ${id} is in the trunk of port ${carrier}, which has one limit as a whole: limit that port`)
    },
  },
  initial: { rateLimit: null },
}

/** @throws PlugboardError `bad-request` */
function read(wish: Wish): RateLimit | null {
  const { ingress_kbps: ingressKbps = null, egress_kbps: egressKbps = null, burst_kbit: burstKbit = null } = wish
  if (ingressKbps !== null || egressKbps !== null) return { ingressKbps, egressKbps, burstKbit }
  if (burstKbit === null) return null
  const detail = 'a burst_kbit without a rate limits nothing: give ingress_kbps, egress_kbps or both'
  throw new PlugboardError('bad-request', detail, { field: NAME })
}

const show = (limit: RateLimit | null): View =>
  limit && { ingress_kbps: limit.ingressKbps, egress_kbps: limit.egressKbps, burst_kbit: limit.burstKbit }

const refuse = (detail: string): never => {
  throw new PlugboardError('unsupported', detail, { field: NAME })
}

export const rateLimit: Feature = { name: 'rate limit', portFields: [FIELD] }

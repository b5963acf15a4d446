/** Fields that every port of an Ethernet network has. */
import { Type } from 'typebox'
import type { PortFields } from './engine.ts'

export const UNKNOWN_UNICAST = 'unknown_unicast'

export const ethernetPortFields: PortFields = {
  schema: Type.Object({
    [UNKNOWN_UNICAST]: Type.Optional(
      Type.Enum(['drop', 'flood'], {
        description:
          'frames for addresses that no VNIC of the network has: none of them, or a copy of each, for a guest that bridges',
      }),
    ),
  }),
  set(port, fields) {
    const wish = (fields[UNKNOWN_UNICAST] ?? port.attributes[UNKNOWN_UNICAST] ?? 'drop') as string
    return {
      ...port,
      attributes: { ...port.attributes, [UNKNOWN_UNICAST]: wish },
      asksForUnknown: wish === 'flood',
    }
  },
}

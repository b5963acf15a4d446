/** Database Open_vSwitch, of schema 8.3.1. Made by ovsdb-types: make it again rather than edit it. */
import { immutable, mapOf, optional, type Row, type Schema, scalar, setOf } from './schema.ts'

/** Its tables and their columns, for `operations`, `Replica` and `disagreements`. */
export const openVSwitch = {
  name: 'Open_vSwitch',
  tables: {
    Open_vSwitch: {
      bridges: setOf('uuid'),
      manager_options: setOf('uuid'),
      external_ids: mapOf('string', 'string'),
      other_config: mapOf('string', 'string'),
      ovs_version: optional('string'),
      db_version: optional('string'),
      cur_cfg: scalar('integer'),
      next_cfg: scalar('integer'),
      system_type: optional('string'),
      iface_types: setOf('string'),
      datapath_types: setOf('string'),
    },
    Bridge: {
      name: immutable(scalar('string')),
      ports: setOf('uuid'),
      controller: setOf('uuid'),
      datapath_id: optional('string'),
      datapath_type: scalar('string'),
      fail_mode: optional(['standalone', 'secure']),
      protocols: setOf(['OpenFlow10', 'OpenFlow11', 'OpenFlow12', 'OpenFlow13', 'OpenFlow14', 'OpenFlow15']),
      other_config: mapOf('string', 'string'),
      external_ids: mapOf('string', 'string'),
    },
    Port: {
      name: immutable(scalar('string')),
      interfaces: setOf('uuid'),
      tag: optional('integer'),
      external_ids: mapOf('string', 'string'),
      other_config: mapOf('string', 'string'),
    },
    Interface: {
      name: immutable(scalar('string')),
      type: scalar('string'),
      options: mapOf('string', 'string'),
      ofport: optional('integer'),
      ofport_request: optional('integer'),
      external_ids: mapOf('string', 'string'),
      other_config: mapOf('string', 'string'),
      mac: optional('string'),
      mac_in_use: optional('string'),
      mtu: optional('integer'),
      mtu_request: optional('integer'),
      error: optional('string'),
      admin_state: optional(['up', 'down']),
      link_state: optional(['up', 'down']),
    },
    Controller: {
      target: scalar('string'),
      connection_mode: optional(['in-band', 'out-of-band']),
      max_backoff: optional('integer'),
      inactivity_probe: optional('integer'),
      is_connected: scalar('boolean'),
      external_ids: mapOf('string', 'string'),
    },
    Manager: {
      target: scalar('string'),
      connection_mode: optional(['in-band', 'out-of-band']),
      max_backoff: optional('integer'),
      inactivity_probe: optional('integer'),
      is_connected: scalar('boolean'),
    },
  },
} as const satisfies Schema

/** The type of `openVSwitch`. */
export type OpenVSwitch = typeof openVSwitch
type Tables = OpenVSwitch['tables']
/** A row of Open_vSwitch. */
export type OpenVSwitchRow = Row<Tables['Open_vSwitch']>
/** A row of Bridge. */
export type BridgeRow = Row<Tables['Bridge']>
/** A row of Port. */
export type PortRow = Row<Tables['Port']>
/** A row of Interface. */
export type InterfaceRow = Row<Tables['Interface']>
/** A row of Controller. */
export type ControllerRow = Row<Tables['Controller']>
/** A row of Manager. */
export type ManagerRow = Row<Tables['Manager']>

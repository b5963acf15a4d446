/** Values that are not messages, from callers without type checks: the error names the field and the allowed values. */
import t from 'tap'
import { encode, type Message } from '../../../src/openflow/index.ts'

const mod = { type: 'flow_mod', command: 'add', table: 0, priority: 0, match: [] }
const matching = (...match: unknown[]) => ({ ...mod, match })
const instructed = (...instructions: unknown[]) => ({ ...mod, instructions })
const doing = (...actions: unknown[]) => instructed({ type: 'apply_actions', actions })
const reg0 = { field: 'reg0', offset: 0, bits: 4 }
const group = { type: 'group_mod', command: 'add', group: 1, groupType: 'all', buckets: [] }
const data = new Uint8Array()

const REFUSED: ReadonlyArray<readonly [unknown, RegExp]> = [
  [{}, /^type holds undefined/],
  [{ type: 'toString' }, /^type holds toString/],
  [{ ...mod, version: 'x' }, /^version holds x/],
  [{ ...mod, version: 6n }, /^version holds 6n/],
  [{ ...mod, xid: 5n }, /^xid holds 5n: it takes a whole number of 32 bits/],
  [{ ...mod, command: 'nope' }, /^command holds nope: it takes add, modify/],
  [{ ...mod, table: 5n }, /^table holds 5n: it takes a whole number of 8 bits/],
  [{ ...mod, idleTimeout: '5' }, /^idleTimeout holds 5/],
  [{ ...mod, importance: 5n }, /^importance holds 5n/],
  [{ ...mod, cookie: 5 }, /^cookie holds 5: it takes a bigint of 64 bits/],
  [{ ...mod, match: null }, /^match holds null: it takes an array/],
  [{ ...mod, match: { field: 'in_port' } }, /^match holds .*array/],
  [{ ...mod, instructions: 5 }, /^instructions holds 5: it takes an array/],
  [matching({ field: 'nonsense', value: 1 }), /^field holds nonsense: it takes a name of FIELDS/],
  [matching({ field: 'toString', value: 1 }), /^field holds toString/],
  [matching({ field: 'in_port', value: '5' }), /^in_port holds 5 \(a string\)/],
  [matching({ field: 'in_port', value: 5, mask: null }), /^in_port holds null/],
  [matching({ field: 'reg0', value: 5, header: 'nxm' }), /^header holds nxm: it takes oxm$/],
  [matching({ field: 'tcp_flags', value: 5, header: 'row' }), /^header holds row: it takes oxm, nxm, onf$/],
  [matching({ field: 'unknown', class: 5, type: 1.5, hasMask: false, body: data }), /^type of a field holds 1.5/],
  [matching({ field: 'unknown', class: 5, type: 1, hasMask: false, body: 'x' }), /^length of a field|^body of a field/],
  [instructed({ type: 'nope' }), /^type of an instruction holds nope: it takes goto_table/],
  [instructed({ type: 'toString' }), /^type of an instruction holds toString/],
  [instructed({ type: 'apply_actions' }), /^actions holds undefined: it takes an array/],
  [instructed({ type: 'goto_table', table: 5n }), /^goto_table holds 5n/],
  [doing({ type: 'nope' }), /^type of an action holds nope/],
  [doing({ type: 'toString' }), /^type of an action holds toString/],
  [doing({ type: 'output', port: 'LOCAL' }), /^output port holds LOCAL/],
  [doing({ type: 'set_field', field: 'nope', value: 1 }), /^field holds nope/],
  [doing({ type: 'reg_move', src: { ...reg0, field: 'nope' }, dst: reg0, bits: 4 }), /^field holds nope/],
  [
    doing({ type: 'reg_move', src: reg0, dst: reg0, bits: 4, form: 'x' }),
    /^form holds x: it takes copy_field, nicira, onf/,
  ],
  [doing({ type: 'push', field: 'reg0', offset: 0.5, bits: 4 }), /^offset holds 0.5/],
  [doing({ type: 'ct', zone: { ...reg0, offset: 0.5 }, actions: [] }), /^4 bits from 0.5 on of reg0/],
  [doing({ type: 'ct', actions: [{ type: 'nat', to: 'up' }] }), /^to holds up: it takes src, dst/],
  [doing({ type: 'clone' }), /^actions holds undefined/],
  [doing({ type: 'note', note: 'abc' }), /^note holds abc: it takes octets/],
  [doing({ type: 'reg_load', ...reg0, value: 1 }), /1 does not fit|value holds 1/],
  [doing({ type: 'delete_field' }), /^field holds undefined/],
  [doing({ type: 'dec_ttl_cnt_ids' }), /^ids holds undefined/],
  [doing({ type: 'unknown', code: 5 }), /^body of an action holds undefined/],
  [{ type: 'hello', versions: 5 }, /^versions holds 5: it takes an array/],
  [{ type: 'echo_request', data: 'abc' }, /^data holds abc: it takes octets/],
  [{ type: 'error', errorType: 1, code: 5, data: 'abc' }, /^data holds abc/],
  [{ type: 'multipart_request', multipart: 'nope' }, /^multipart holds nope: it takes desc, flow/],
  [{ type: 'multipart_request', multipart: 'toString' }, /^multipart holds toString/],
  [{ type: 'multipart_reply', multipart: 'flow' }, /^flows holds undefined: it takes an array/],
  [{ type: 'multipart_reply', multipart: 'desc' }, /^desc holds undefined: it takes an object/],
  [{ ...group, buckets: 5 }, /^buckets holds 5/],
  [{ ...group, buckets: [{}] }, /^actions holds undefined/],
  [{ ...group, properties: [{ type: 'nope' }] }, /^type of a property holds nope: it takes/],
  [{ type: 'packet_out', match: [], actions: [], data: 'abc' }, /^data holds abc/],
  [{ type: 'packet_out', version: 4, actions: [], data }, /^match holds undefined/],
  [{ type: 'bundle_add', bundle: 1, flags: 0, message: { type: 'nope' } }, /^type holds nope/],
  [{ type: 'set_async' }, /^properties holds undefined/],
  [{ type: 'unknown', code: 50, body: 'abc' }, /^body holds abc/],
]

t.test('what is wrong is named', async (t) => {
  for (const [message, words] of REFUSED) {
    t.throws(() => encode(message as Message), { name: 'OpenFlowError', code: 'out-of-range', message: words })
  }
})

t.test('unexpected errors are refused, too, with the cause', async (t) => {
  let deep: unknown[] = []
  for (let depth = 0; depth < 50_000; depth += 1) deep = [{ type: 'clone', actions: deep }]
  for (const message of [null, matching(null), instructed(null), doing(null), doing(...deep)]) {
    t.throws(() => encode(message as Message), { code: 'out-of-range', message: /cannot be encoded/ })
  }
  t.equal(encode({ type: 'barrier_request' }).length, 8)
})

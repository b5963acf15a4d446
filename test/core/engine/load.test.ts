/** Engines named in the configuration. Each mistake gives one line with the module, the wrong part, and the right form. */
import { join } from 'node:path'
import t from 'tap'
import { EngineError, type EngineWish } from '../../../src/core/engine/load.ts'
import { ETHERNET } from '../../../src/core/engine/offers.ts'
import { loadEngines } from '../../../src/loaded-engines.ts'
import { oddEngine } from '../../support/odd-engine.ts'
import { ANY_PORTS, run } from '../../support/program.ts'

const VNIS = { vnis: [{ first: 4096, last: 5000 }] }
const SETTINGS = {
  physicalNetworks: { physnet1: { vlans: [{ first: 1, last: 2 }] } },
  overlays: { vxlan: VNIS, geneve: VNIS, mtu: 1500 },
}

/** A module whose default export returns the value that `globalThis.made` has for the option `made`. */
const MODULE = 'export default ({ made }) => globalThis.made.get(made)'
const made = new Map<string, unknown>()
Object.assign(globalThis, { made })

t.test('a module is loaded by its path, and its engine is used', async (t) => {
  const module = join(t.testdir({ 'odd.js': MODULE }), 'odd.js')
  made.set('good', oddEngine())
  const engines = await loadEngines(['vxlan', { module, options: { made: 'good' } }, 'vlan'], SETTINGS)
  t.same(
    engines.map(({ alias }) => alias),
    ['vlan', 'vxlan', 'odd'],
  )
})

t.test('a value that is not an engine is refused in one line', async (t) => {
  const module = join(t.testdir({ 'odd.js': MODULE }), 'odd.js')
  const { rules, vnics: [vnic] = [], ports } = oddEngine()
  const networks = { mesh: true, segment: { type: 'object', properties: {} }, plan: () => ({}), mtu: () => 1500 }
  const object = (properties: object) => ({ type: 'object', properties })
  const wrong: ReadonlyArray<readonly [part: string, object: unknown, words: string]> = [
    ['nothing', undefined, 'its engine is nothing: it must be an object'],
    ['alias', { alias: 'My Engine' }, 'has "My Engine" as its alias: it must be a-z, 0-9 and -'],
    ['alias of an extension', { alias: 'logical-network' }, 'has "logical-network" as its alias'],
    ['name', { name: 7 }, '(odd) has 7 as name: it must be a string'],
    ['kinds', { kinds: 'odd' }, '(odd) has "odd" as kinds: it must be a list'],
    ['no kinds', { kinds: [] }, '(odd) has a list as kinds: it must be a list'],
    ['checkPlug', { checkPlug: undefined }, '(odd) has nothing as checkPlug: it must be a function'],
    ['rules', { rules: null }, '(odd) has null as rules: it must be an object'],
    ['alias of rules', { rules: { ...rules, alias: 'even' } }, '(odd) has "even" as rules.alias'],
    ['rules.remote', { rules: { ...rules, remote: [] } }, '(odd) has a list as rules.remote: it must be a function'],
    ['neither', { ports: undefined }, '(odd) has neither networks nor ports'],
    ['vnics', { vnics: {} }, '(odd) has an object as vnics: it must be a list'],
    ['a kind', { vnics: [{ ...vnic, kind: 'O' }] }, '(odd) has "O" as vnics[0].kind'],
    ['its attributes', { vnics: [{ ...vnic, attributes: {} }] }, 'vnics[0].attributes: it must be a function'],
    ['its schema', { vnics: [{ ...vnic, schema: {} }] }, 'as vnics[0].schema: it must be a JSON Schema'],
    [
      'a name of the core',
      { vnics: [{ ...vnic, schema: object({ vm_id: {} }) }] },
      'a field "vm_id" in vnics[0].schema: the core has a field of that name, so take another one',
    ],
    ['ports', { ports: true }, '(odd) has true as ports: it must be an object'],
    ['ports.plan', { ports: { ...ports, plan: 'no' } }, 'has "no" as ports.plan: it must be a function'],
    ['inNetworks', { ports: { ...ports, inNetworks: undefined } }, 'ports.inNetworks: it must be a boolean'],
    ['ports.schema', { ports: { ...ports, schema: object({ Engine: {} }) } }, 'a name must be a-z, 0-9 and _'],
    ['networks', { networks: { ...networks, mtu: 1500 } }, 'has 1500 as networks.mtu: it must be a function'],
    ['limits', { networks: { ...networks, limits: 1 } }, 'has 1 as networks.limits: it must be a function'],
    ['portFields', { networks: { ...networks, portFields: { schema: object({}) } } }, 'networks.portFields.set'],
  ]
  for (const [part, parts, right] of wrong) {
    made.set(part, parts && { ...oddEngine(), ...(parts as object) })
    const said = await words(loadEngines(['vlan', { module, options: { made: part } }], SETTINGS))
    t.ok(said.startsWith(`module ${module}: `) && said.includes(right), `${part}: ${said}`)
    t.notOk(said.includes('\n'))
  }
})

/** The message of the refusal. */
const words = async (loading: Promise<unknown>): Promise<string> => {
  const error: unknown = await loading.then(
    () => 'nothing was wrong',
    (error: unknown) => error,
  )
  return error instanceof EngineError ? error.message : String(error)
}

t.test('values that are not modules, modules that fail, and engines that conflict', async (t) => {
  const directory = t.testdir({
    'odd.js': MODULE,
    'none.js': 'export const engine = 1',
    'fails.js': 'export default () => { throw new Error("no licence\\nat all") }',
    'broken.js': 'export default (',
    'object.js': 'export default {}',
  })
  const load = (...wishes: EngineWish[]) => loadEngines(wishes, SETTINGS)
  const at = (name: string, options?: object) => ({ module: join(directory, name), ...(options && { options }) })
  const refused = async (wishes: EngineWish[], right: RegExp) => t.match(await words(load(...wishes)), right)
  await refused([at('there-is-none.js')], /there-is-none\.js cannot be loaded: Cannot find module/)
  await refused([{ module: 'no-such-package' }], /^module no-such-package cannot be loaded: Cannot find module/)
  await refused([at('broken.js')], /broken\.js cannot be loaded: /)
  await refused([at('none.js')], /none\.js: it has no default export: it must be a function/)
  await refused([at('object.js')], /object\.js: its default export is object: it must be a function/)
  await refused([at('fails.js')], /fails\.js: it could not make its engine: no licence$/)
  made.set('odd', oddEngine())
  made.set('even', oddEngine({ alias: 'even' }))
  made.set('vlan', oddEngine({ alias: 'vlan' }))
  made.set('strange', oddEngine({ alias: 'strange', kinds: ['nobody'], vnics: [] }))
  made.set(
    'ethernet',
    oddEngine({ alias: 'mine', vnics: oddEngine().vnics?.map((kind) => ({ ...kind, kind: ETHERNET })) ?? [] }),
  )
  await refused([at('odd.js', { made: 'vlan' })], /its alias "vlan" is that of another engine$/)
  await refused(
    [at('odd.js', { made: 'odd' }), at('odd.js', { made: 'odd' })],
    /alias "odd" is that of another engine$/,
  )
  const twice = /^engine even adds VNICs of kind "odd", which odd already adds: choose another name$/
  await refused([at('odd.js', { made: 'odd' }), at('odd.js', { made: 'even' })], twice)
  await refused(
    [at('odd.js', { made: 'ethernet' })],
    /^engine mine adds VNICs of kind "ethernet", which Plugboard already adds/,
  )
  await refused(
    [at('odd.js', { made: 'strange' })],
    /^engine strange takes VNICs of kind "nobody", which no loaded engine/,
  )
  const many = [...Array(20).keys()].map((n) => {
    made.set(`m${n}`, oddEngine({ alias: `m${n}`, vnics: [], kinds: [ETHERNET] }))
    return at('odd.js', { made: `m${n}` })
  })
  await refused(many, /^20 modules are configured, but there are tables for at most \d+$/)
})

t.test('the program reports it in one line', async (t) => {
  const schema = { type: 'object', properties: { key: { type: 'nonsense' } } }
  const text = `export default () => ({ ...${JSON.stringify({ alias: 'odd', name: 'Odd', description: '', kinds: ['ethernet'] })},
    ports: { inNetworks: false, schema: ${JSON.stringify(schema)}, plan() {} }, checkPlug() {}, judgeHost() {}, fabricPorts() {},
    rules: { alias: 'odd', fabric() {}, guard() {}, domain() {}, member() {}, remote() {} } })`
  const directory = t.testdir({ 'odd.js': text })
  const engines = ['--engines', `[{module: ${join(directory, 'odd.js')}}]`, '--store-path', join(directory, 'store')]
  t.match(await run(...ANY_PORTS, ...engines), {
    status: 1,
    stderr: /^plugboard: engines: a module's engine has a schema that cannot be used: [^\n]*\/ports[^\n]*\n$/,
  })
  t.match(await run('--engines', '[vlan, {module: ./there-is-none.js}]'), {
    status: 1,
    stdout: '',
    stderr: /^plugboard: engines: module \.\/there-is-none\.js cannot be loaded: Cannot find module [^\n]*\n$/,
  })
})

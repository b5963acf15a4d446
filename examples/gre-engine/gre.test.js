/** The kit that every built-in engine passes, for this one. `node --test` runs it; as root it makes a lab of its own. */
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { conformance, laws, whyNotHere } from 'plugboard/engine-kit'

/** @type {import('plugboard/engine-kit').EngineUnderTest} */
const gre = { engine: { module: fileURLToPath(new URL('./gre.js', import.meta.url)) } }

test('the laws', () => laws(gre))

test('on real Open vSwitch', { skip: whyNotHere() ?? false }, (t) => conformance(gre, (name, run) => t.test(name, run)))

/** Runs the kit that every built-in engine passes, for this engine. Start it with `node --test`. As root it makes its own lab. */
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { conformance, laws, PLACES, whyNotHere } from 'plugboard/engine-kit'

// In the lab, each of the two hypervisors is the concentrator of the other one, so that both ends of a line can be checked.
const concentrators = Object.fromEntries(PLACES.map(({ hypervisor, address }) => [hypervisor, address]))

/** @type {import('plugboard/engine-kit').EngineUnderTest} */
const line = {
  engine: { module: fileURLToPath(new URL('./line.js', import.meta.url)), options: { concentrators } },
  vnic: () => ({ kind: 'line', signal: 'e1' }),
  port: (n, _here, there) => ({ concentrator: there.hypervisor, circuit: 200 + n, signal: 'e1' }),
}

test('the laws', () => laws(line))

test('on real Open vSwitch', { skip: whyNotHere() ?? false }, (t) =>
  conformance(line, (name, run) => t.test(name, run)),
)

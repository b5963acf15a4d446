/** The built-in engines on physical networks pass the kit for authors of engines, side by side on the same hypervisors. */
import t from 'tap'
import { BUILT_IN, TUNNELLED } from './engine-kit/description.ts'
import { conformance, whyNotHere } from './engine-kit/index.ts'

const MAX_FILE_MS = 600_000
t.setTimeout(MAX_FILE_MS)
t.test('the built-in engines without tunnels', { skip: whyNotHere() ?? false, timeout: MAX_FILE_MS }, async (t) => {
  await conformance(
    BUILT_IN.filter((each) => !TUNNELLED.includes(each)),
    (name, run) => t.test(name, run),
  )
})

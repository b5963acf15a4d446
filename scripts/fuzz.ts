/** `npm run fuzz [-- seconds [seed]]`: runs the fuzz tests with a new seed, ten minutes per target by default. */
import { spawnSync } from 'node:child_process'

const [seconds = '600', seed = String(Date.now() % 0x1_0000_0000)] = process.argv.slice(2)
const milliseconds = Number(seconds) * 1000
console.log(`seed ${seed}, ${seconds} s a target`)
const { status } = spawnSync(process.execPath, ['test/openflow/fuzz.test.ts'], {
  stdio: 'inherit',
  env: {
    ...process.env,
    FUZZ_MS: String(milliseconds),
    FUZZ_SEED: seed,
    TAP_TIMEOUT: String(4 * Number(seconds) + 300),
  },
})
process.exitCode = status ?? 1

/** Which releases of Open vSwitch may keep cached decisions. */
import t from 'tap'
import { keepsDecisions } from '../../src/hypervisors/cached-decisions.ts'

t.test('the user-space datapath of releases without the correction, and of unknown ones', async (t) => {
  for (const version of ['2.15.0', '2.17.7', '3.0.0', '3.0.4', '3.1.0', '3.1.2', '', 'unknown', '3.1'])
    t.equal(keepsDecisions(version, 'netdev'), true, version)
  for (const version of ['2.17.8', '2.17.12', '3.0.5', '3.1.3', '3.2.0', '3.5.1', '4.0.0'])
    t.equal(keepsDecisions(version, 'netdev'), false, version)
  for (const type of ['', 'system']) t.equal(keepsDecisions('3.1.0', type), false, `datapath ${type}`)
})

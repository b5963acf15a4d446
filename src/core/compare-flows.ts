/** Rules, flows and meters as the API shows them, and how the flows of a switch differ from the rules that it should have. */
import type { Rule } from '../../flows/pipeline/rule.ts'
import { type Flow, type Meter, printFlow, printMeter, ruleBody, ruleKey } from '../openflow/index.ts'
import type { FlowsView, FlowView } from './views.ts'

export function compareFlows(
  expected: readonly Rule[],
  actual: readonly Flow[],
): Pick<Required<FlowsView>, 'actual' | 'missing' | 'extra'> {
  const identity = (flow: Flow): string => `${ruleKey(flow)} ${flow.cookie} ${ruleBody(flow)}`
  const [there, wanted] = [new Set(actual.map(identity)), new Set(expected.map(identity))]
  const show = (flow: Flow) => ({ flow: printFlow(flow) })
  return {
    actual: actual.map(show),
    missing: expected.filter((rule) => !there.has(identity(rule))).map(showRule),
    extra: actual.filter((flow) => !wanted.has(identity(flow))).map(show),
  }
}

export const showRule = (rule: Rule): FlowView => ({ flow: printFlow(rule), why: rule.why })

/** One line for each meter, however many rules use it. */
export const showMeters = (meters: readonly Meter[]): string[] =>
  [...new Set(meters.map((meter) => printMeter(meter).replaceAll('\n', ' ')))].sort()

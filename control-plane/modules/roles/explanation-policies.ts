import type { AccessPolicy, PolicyTerms, PolicyVerdict } from '../../authorization/access-policy.ts'
import { describeWindow } from '../../authorization/time-window.ts'
import type { PolicyReason, Question } from './explain-permission.ts'

/** Every access policy about whom and what was asked, with what it does there. */
export function policyReasons({ subject: { bound }, permission, place }: Question): PolicyReason[] {
  const { restrictions } = bound ?? {}
  if (!restrictions) return []
  return restrictions.applying
    .filter(({ permissions }) => permissions.has(permission))
    .map((policy) => {
      const verdict = policy.judge(restrictions.circumstances, place.scope)
      const { id: policyId, name } = policy.terms
      return { policyId, name, verdict, explanation: explainPolicy(policy, verdict) }
    })
}

function explainPolicy({ terms }: AccessPolicy, verdict: PolicyVerdict): string {
  const { name, effect } = terms
  const when = describeTimes(terms)
  if (when === '') return `The access policy "${name}" denies it, always.`
  const denies = `The access policy "${name}" denies it ${effect === 'deny_when' ? 'while' : 'except while'} ${when}.`
  if (verdict === 'unknown') return `${denies} Whether that is so is not known here.`
  const holds = (verdict === 'denies') === (effect === 'deny_when')
  return `${denies} That is ${holds ? '' : 'not '}so now.`
}

function describeTimes({ timeWindows, condition }: PolicyTerms): string {
  const times = timeWindows.map(describeWindow).join(' or ')
  const parts = [...(times === '' ? [] : [`it is ${times}`]), ...(condition === null ? [] : [condition])]
  return parts.join(', and ')
}

import { type ConnectionOptions, connect } from '../client/connection.ts'
import { CommandFailed } from '../client/failures.ts'
import type { SummarizeUsageQuery, SummarizeUsageQueryVariables } from '../generated/graphql.ts'
import { pointInTime } from '../terminal/duration.ts'
import { printJson, printTable } from '../terminal/output.ts'
import { csvParameters } from './csv.ts'
import { SummarizeUsage } from './documents.ts'

export interface UsageOptions extends ConnectionOptions {
  /** `24h`, `7d` or a date. */
  readonly since?: string
  readonly by?: string
  readonly json?: boolean
}

type Group = SummarizeUsageQuery['usageSummary'][number]

interface Grouping {
  readonly variables: Pick<SummarizeUsageQueryVariables, 'groupBy' | 'interval'>
  readonly label: (group: Group) => string | null | undefined
}

export const groupings: Readonly<Record<string, Grouping>> = {
  team: { variables: { groupBy: ['TEAM'] }, label: ({ team }) => team?.name },
  key: { variables: { groupBy: ['VIRTUAL_KEY'] }, label: ({ virtualKey }) => virtualKey?.name },
  model: { variables: { groupBy: ['MODEL'] }, label: ({ model }) => model },
  user: { variables: { groupBy: ['USER'] }, label: ({ user }) => user?.email ?? user?.name },
  customer: { variables: { groupBy: ['CUSTOMER'] }, label: ({ customer }) => customer?.name },
  provider: { variables: { groupBy: ['PROVIDER'] }, label: ({ provider }) => provider?.name },
  outcome: { variables: { groupBy: ['OUTCOME'] }, label: ({ outcome }) => outcome },
  tag: { variables: { groupBy: ['TAG'] }, label: ({ tag }) => tag },
  day: { variables: { groupBy: [], interval: 'DAY' }, label: ({ from }) => from?.slice(0, 10) },
}

/** Prints what calls came to, the dearest group first. */
export async function showUsage(given: UsageOptions): Promise<void> {
  const misplaced = Object.keys(given).find((name) => name === 'output' || csvParameters.includes(name))
  if (misplaced) throw new CommandFailed(`--${kebabCase(misplaced)} needs --csv`, 2)
  const { since = '24h', by = 'team', json, ...options } = given
  const grouping = Object.hasOwn(groupings, by) ? groupings[by] : undefined
  if (!grouping)
    throw new CommandFailed(`--by is one of ${Object.keys(groupings).join(', ')}, not "${by}"`, 2)
  const from = pointInTime(since, 'ago', Date.now())
  const controlPlane = await connect(options)
  const variables = { ...grouping.variables, filter: { from } }
  const { usageSummary } = await controlPlane.run(SummarizeUsage, variables)
  const rows = usageSummary
    .map((group) => ({ name: grouping.label(group) ?? '(none)', ...group.totals }))
    .toSorted((a, b) => (BigInt(b.costNanoUsd) > BigInt(a.costNanoUsd) ? 1 : -1))
  if (json) return printJson({ since: from, by, groups: rows })
  printTable(
    [
      { title: by.toUpperCase(), cell: ({ name }) => name },
      { title: 'CALLS', cell: ({ requests }) => String(requests), align: 'right' },
      { title: 'INPUT TOKENS', cell: ({ inputTokens }) => String(inputTokens), align: 'right' },
      { title: 'OUTPUT TOKENS', cell: ({ outputTokens }) => String(outputTokens), align: 'right' },
      { title: 'COST USD', cell: ({ costNanoUsd }) => usdText(costNanoUsd), align: 'right' },
    ],
    rows,
  )
}

/** Six digits behind the point, as a bill for tokens needs them; what is finer is cut off. */
function usdText(nanoUsd: string): string {
  const digits = nanoUsd.padStart(10, '0')
  return `${digits.slice(0, -9)}.${digits.slice(-9, -3)}`
}

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

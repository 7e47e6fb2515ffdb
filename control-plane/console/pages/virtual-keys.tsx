import { Badge, Button, Group, Paper, Progress, Stack, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { type Answer, useAnswer } from '../answer.ts'
import { Answered } from '../answered.tsx'
import type { SpendingQuery, VirtualKeysQuery } from '../generated/graphql.ts'
import { dollars, percentOf } from '../money.ts'
import { ownBudgetsQuery, spendingQuery, virtualKeysQuery } from '../operations.ts'
import { Page } from '../page.tsx'
import { ownUserId, useViewer } from '../signed-in.tsx'
import { momentOf, monthBegin } from '../time.ts'

type VirtualKey = VirtualKeysQuery['virtualKeys']['edges'][number]['node']
type Budget = VirtualKey['budgets'][number]
type Spending = SpendingQuery['usageSummary'][number]

/** The virtual keys that are one's own, and what they have cost. */
export function VirtualKeysPage() {
  const userId = ownUserId(useViewer())
  return (
    <Page title="Your virtual keys">
      {userId === null ? (
        <Text>Your API token stands for no user, so that no virtual key is its own.</Text>
      ) : (
        <OwnKeys userId={userId} />
      )}
    </Page>
  )
}

function OwnKeys({ userId }: { userId: string }) {
  const [from] = useState(() => monthBegin(Date.now()))
  const [after, setAfter] = useState<string | null>(null)
  const keys = useAnswer(virtualKeysQuery, { userId, after })
  const spending = useAnswer(spendingQuery, { userId, from })
  return (
    <Stack gap="lg">
      <Month spending={spending} />
      <OwnBudgets />
      <Answered answer={keys}>
        {({ virtualKeys: { edges, totalCount, pageInfo } }) => (
          <Stack component="section" aria-labelledby="keys" gap="sm">
            <Title order={2} size="h4" id="keys">
              {totalCount === 1 ? 'One key' : `${totalCount} keys`}
            </Title>
            {totalCount === 0 && (
              <Text>No key is yours. Whoever may issue virtual keys names you as the owner of one.</Text>
            )}
            <Stack component="ul" className="list" gap="sm">
              {edges.map(({ node }) => (
                <KeyItem key={node.id} virtualKey={node} spent={spentBy(node, spending.data)} />
              ))}
            </Stack>
            <Group gap="sm">
              {after !== null && (
                <Button variant="default" onClick={() => setAfter(null)}>
                  First keys
                </Button>
              )}
              {pageInfo.hasNextPage && (
                <Button variant="default" onClick={() => setAfter(pageInfo.endCursor)}>
                  Next keys
                </Button>
              )}
            </Group>
          </Stack>
        )}
      </Answered>
    </Stack>
  )
}

function spentBy({ id }: VirtualKey, data: SpendingQuery | undefined): Spending['totals'] | undefined {
  if (!data) return undefined
  const none = { requests: 0, costNanoUsd: '0' }
  return data.usageSummary.find(({ virtualKey }) => virtualKey?.id === id)?.totals ?? none
}

function Month({ spending }: { spending: Answer<SpendingQuery> }) {
  return (
    <Paper component="section" withBorder p="md" radius="md" aria-labelledby="month">
      <Title order={2} size="h4" id="month" mb="xs">
        This month
      </Title>
      <Answered answer={spending}>
        {({ usageSummary }) => (
          <Text>
            <Text span fw={700} size="xl">
              {dollars(usageSummary.reduce((sum, { totals }) => sum + BigInt(totals.costNanoUsd), 0n))}
            </Text>{' '}
            for {countOf(usageSummary.reduce((sum, { totals }) => sum + totals.requests, 0))}, since the first
            of the month (UTC)
          </Text>
        )}
      </Answered>
    </Paper>
  )
}

function OwnBudgets() {
  const { data } = useAnswer(ownBudgetsQuery, {})
  const budgets = data?.viewer.user?.budgets ?? []
  if (budgets.length === 0) return null
  return (
    <Paper component="section" withBorder p="md" radius="md" aria-labelledby="budgets">
      <Title order={2} size="h4" id="budgets" mb="xs">
        Your budget
      </Title>
      <Budgets budgets={budgets} of="you" />
    </Paper>
  )
}

const statuses = {
  ACTIVE: { label: 'active', color: 'teal.9' },
  INACTIVE: { label: 'switched off', color: 'gray.7' },
  REVOKED: { label: 'revoked', color: 'red.9' },
} as const

function KeyItem({ virtualKey, spent }: { virtualKey: VirtualKey; spent: Spending['totals'] | undefined }) {
  const { name, status, workspace, expiresAt, budgets } = virtualKey
  const { label, color } = statuses[status]
  return (
    <Paper component="li" withBorder p="md" radius="md">
      <Stack gap="xs">
        <Group gap="xs">
          <Text fw={600}>{name}</Text>
          <Badge color={color} tt="none">
            {label}
          </Badge>
        </Group>
        {spent && (
          <Text>
            {dollars(spent.costNanoUsd)} this month, {countOf(spent.requests)}
          </Text>
        )}
        <Budgets budgets={budgets} of={name} />
        <Text size="sm" c="dimmed">
          {workspace && `Workspace ${workspace.name}. `}
          {expiresAt === null ? 'Does not expire.' : `Expires ${momentOf(expiresAt)}.`}
        </Text>
      </Stack>
    </Paper>
  )
}

const periods: Readonly<Record<Budget['period'], string>> = {
  MINUTE: 'a minute',
  FIVE_MINUTES: 'five minutes',
  HOUR: 'an hour',
  DAY: 'a day',
  WEEK: 'a week',
  MONTH: 'a month',
  QUARTER: 'a quarter',
  YEAR: 'a year',
  NONE: 'in all',
}

function Budgets({ budgets, of }: { budgets: readonly Budget[]; of: string }) {
  return budgets.map(({ id, period, effectiveLimit, settled, resetsAt }) => {
    const text = `${dollars(settled)} of ${dollars(effectiveLimit)} ${periods[period]}`
    const percent = percentOf(settled, effectiveLimit)
    return (
      <Stack key={id} gap={4}>
        <Text size="sm">
          {text}
          {resetsAt !== null && `, anew on ${momentOf(resetsAt)}`}
        </Text>
        <Progress
          value={percent}
          color={percent >= 100 ? 'red' : 'blue'}
          aria-label={`Budget of ${of}: ${text}`}
        />
      </Stack>
    )
  })
}

function countOf(calls: number): string {
  return calls === 1 ? 'one call' : `${calls.toLocaleString('en-US')} calls`
}

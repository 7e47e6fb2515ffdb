import { Badge, Button, Group, Paper, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useAnswer } from '../answer.ts'
import { Answered } from '../answered.tsx'
import { endOtherSessions, endSession } from '../auth-routes.ts'
import { hasToken } from '../credential.ts'
import { deviceName } from '../device-name.ts'
import { type Failure, failureOf, isFailure } from '../failure.ts'
import { FailureNotice } from '../failure-notice.tsx'
import type { SessionsQuery } from '../generated/graphql.ts'
import { sessionsQuery } from '../operations.ts'
import { Page } from '../page.tsx'
import { fromNow, momentOf } from '../time.ts'

type Session = SessionsQuery['sessions'][number]

/** Where one is signed in. */
export function SessionsPage() {
  return <Page title="Your sessions">{hasToken() ? <NoSessions /> : <Sessions />}</Page>
}

function NoSessions() {
  return <Text>You use an API token, which has no session: it works until it expires or is revoked.</Text>
}

function Sessions() {
  const answer = useAnswer(sessionsQuery, {})
  const [failed, setFailed] = useState<{ failure: Failure; again: () => void }>()
  const [said, setSaid] = useState('')
  const act = async (work: () => Promise<void>, done: string): Promise<void> => {
    try {
      await work()
      setFailed(undefined)
      setSaid(done)
    } catch (error) {
      const failure = isFailure(error) ? error : failureOf(error)
      setFailed({ failure, again: () => void act(work, done) })
    }
    answer.again()
  }
  return (
    <Stack gap="md">
      <Text>
        Each is a browser in which you are signed in. End those that you do not know: what they send next is
        refused.
      </Text>
      {failed && <FailureNotice {...failed} />}
      <div role="status">{said}</div>
      <Answered answer={answer}>
        {({ sessions }) => (
          <>
            <Stack component="ul" className="list" gap="sm" aria-label="Sessions">
              {sessions.map((session) => (
                <SessionItem
                  key={session.id}
                  session={session}
                  end={() =>
                    act(() => endSession(session.id), `${deviceName(session.userAgent)} is signed out.`)
                  }
                />
              ))}
            </Stack>
            {sessions.length > 1 && (
              <Button
                w="fit-content"
                variant="default"
                onClick={() => act(endOtherSessions, 'All other sessions are signed out.')}
              >
                Sign out all others
              </Button>
            )}
          </>
        )}
      </Answered>
    </Stack>
  )
}

function SessionItem({ session, end }: { session: Session; end: () => void }) {
  const { isCurrent, userAgent, address, createdAt, lastSeenAt, expiresAt, unverifiedSince } = session
  const { identityProvider } = session
  const device = deviceName(userAgent)
  const now = Date.now()
  return (
    <Paper component="li" withBorder p="md" radius="md">
      <Group justify="space-between" align="flex-start" gap="sm">
        <Stack gap={4}>
          <Group gap="xs">
            <Text fw={600}>{device}</Text>
            {isCurrent && <Badge tt="none">this one</Badge>}
          </Group>
          <Text size="sm">
            Last used <time dateTime={lastSeenAt}>{fromNow(lastSeenAt, now)}</time>, from {address}
          </Text>
          <Text size="sm" c="dimmed">
            Signed in <time dateTime={createdAt}>{momentOf(createdAt)}</time>
            {identityProvider && ` with ${identityProvider.name}`}, until{' '}
            <time dateTime={expiresAt}>{momentOf(expiresAt)}</time>
          </Text>
          {unverifiedSince && (
            <Text size="sm">
              Your identity provider has not confirmed it since{' '}
              <time dateTime={unverifiedSince}>{momentOf(unverifiedSince)}</time>. If that lasts an hour, it
              ends.
            </Text>
          )}
        </Stack>
        {!isCurrent && (
          <Button
            variant="default"
            onClick={end}
            aria-label={`Sign out ${device}, last used ${fromNow(lastSeenAt, now)}`}
          >
            Sign out
          </Button>
        )}
      </Group>
    </Paper>
  )
}

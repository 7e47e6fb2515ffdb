import { Alert, Button, Stack, Text } from '@mantine/core'
import { useEffect } from 'react'
import type { Failure } from './failure.ts'

const titles: Readonly<Record<Failure['kind'], string>> = {
  signed_out: 'You are not signed in',
  mfa_required: 'This needs a second factor',
  offline: 'No connection',
  unavailable: 'Gatehouse is not available at this moment',
  forbidden: 'Your role does not show this',
  other: 'This did not work',
}

const askedFor = 'Your identity provider asks for it, and then you come back to this page.'

/** The address of a step-up, from which one comes back to this page. */
function comingBack(stepUpUrl: string): string {
  const { pathname, search } = new URL(stepUpUrl)
  const { location } = window
  const returnTo = encodeURIComponent(`${location.pathname}${location.search}`)
  return `${pathname}${search === '' ? '?' : `${search}&`}returnTo=${returnTo}`
}

/** Says what went wrong and what to do. What may pass by itself is tried again by itself. */
export function FailureNotice({ failure, again }: { failure: Failure; again: () => void }) {
  const { kind, message, retryAfterSeconds, stepUpUrl } = failure
  useEffect(() => {
    if (kind === 'offline') {
      window.addEventListener('online', again)
      return () => window.removeEventListener('online', again)
    }
    if (retryAfterSeconds === null) return undefined
    const timer = setTimeout(again, retryAfterSeconds * 1_000)
    return () => clearTimeout(timer)
  }, [kind, retryAfterSeconds, again])
  return (
    <Alert color={kind === 'forbidden' ? 'gray' : 'red'} variant="outline" title={titles[kind]} role="alert">
      <Stack align="flex-start" gap="sm">
        <Text size="sm">{stepUpUrl === undefined ? message : askedFor}</Text>
        {kind === 'offline' && <Text size="sm">It is tried again when your network is back.</Text>}
        {retryAfterSeconds !== null && (
          <Text size="sm">It is tried again every {retryAfterSeconds} seconds.</Text>
        )}
        {stepUpUrl !== undefined && (
          <Button component="a" href={comingBack(stepUpUrl)}>
            Confirm who you are
          </Button>
        )}
        {kind !== 'forbidden' && (
          <Button variant="default" onClick={again}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  )
}

import { Alert, Button, Stack, Text } from '@mantine/core'
import { useEffect } from 'react'
import type { Failure } from './failure.ts'

const titles: Readonly<Record<Failure['kind'], string>> = {
  signed_out: 'You are not signed in',
  offline: 'No connection',
  unavailable: 'Gatehouse is not available at this moment',
  forbidden: 'Your role does not show this',
  other: 'This did not work',
}

/** Says what went wrong and what to do. What may pass by itself is tried again by itself. */
export function FailureNotice({ failure, again }: { failure: Failure; again: () => void }) {
  const { kind, message, retryAfterSeconds } = failure
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
        <Text size="sm">{message}</Text>
        {kind === 'offline' && <Text size="sm">It is tried again when your network is back.</Text>}
        {retryAfterSeconds !== null && (
          <Text size="sm">It is tried again every {retryAfterSeconds} seconds.</Text>
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

import { Container, Group, Loader, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Answer } from './answer.ts'
import { FailureNotice } from './failure-notice.tsx'
import { Page } from './page.tsx'

/**
 * What an answer brings, or that it is on its way, or why there is none. `title`: of the page, where it is the whole page
 * that waits.
 */
export function Answered<Data>({
  answer: { data, failure, isLoading, again },
  title,
  children,
}: {
  answer: Answer<Data>
  title?: string
  children: (data: Data) => ReactNode
}) {
  if (data) return children(data)
  if (isLoading || !failure) return title === undefined ? <Loading /> : <LoadingPage />
  const notice = <FailureNotice failure={failure} again={again} />
  return title === undefined ? notice : <Page title={title}>{notice}</Page>
}

/** Without a heading: that would take the focus from where it belongs when the page itself comes. */
function LoadingPage() {
  return (
    <Container component="main" id="content" tabIndex={-1} size="md" py="lg">
      <Loading />
    </Container>
  )
}

export function Loading() {
  return (
    <Group role="status" gap="sm">
      <Loader size="sm" aria-hidden />
      <Text>Loading…</Text>
    </Group>
  )
}

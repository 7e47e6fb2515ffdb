import { Button, Code, Text } from '@mantine/core'
import { type ErrorComponentProps, Link } from '@tanstack/react-router'
import { PageHeader } from '../frame.tsx'
import { Page } from '../page.tsx'

export function NotFoundPage() {
  return (
    <>
      <PageHeader />
      <Page title="There is no such page">
        <Text>The address may be misspelt, or from another release.</Text>
        <Text>
          <Link to="/account">Go to your account</Link>
        </Text>
      </Page>
    </>
  )
}

/** For a mistake of ours. */
export function BrokenPage({ error }: ErrorComponentProps) {
  return (
    <Page title="This page is broken">
      <Text>That is a mistake in Gatehouse. What it says of itself:</Text>
      <Code block>{error instanceof Error ? error.message : String(error)}</Code>
      <Button variant="default" onClick={() => window.location.reload()} w="fit-content">
        Load it again
      </Button>
    </Page>
  )
}

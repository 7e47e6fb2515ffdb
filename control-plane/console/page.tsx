import { Container, Stack, Title } from '@mantine/core'
import { type ReactNode, useEffect, useRef } from 'react'

/** The first page leaves the focus where its reader has it by now; a later one is told to whoever listens. */
let isFirst = true

/** The content of a page under its heading. */
export function Page({ title, children }: { title: string; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} - Gatehouse`
    if (!isFirst) heading.current?.focus()
    isFirst = false
  }, [title])
  return (
    <Container component="main" id="content" tabIndex={-1} size="md" py="lg">
      <Stack gap="lg">
        <Title order={1} size="h2" ref={heading} tabIndex={-1}>
          {title}
        </Title>
        {children}
      </Stack>
    </Container>
  )
}

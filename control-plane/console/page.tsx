import { Container, Stack, Title } from '@mantine/core'
import { type ReactNode, useEffect, useRef } from 'react'

/** The first page keeps the browser's own beginning; a later one is told to whoever listens instead of looking. */
let isFirst = true

/** The content of a page under its heading. */
export function Page({ title, children }: { title: string; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} - Gatehouse`
    const isUntouched = isFirst && document.activeElement === document.body
    isFirst = false
    if (!isUntouched) heading.current?.focus()
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

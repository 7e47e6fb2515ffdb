import { Container, Group, NativeSelect, Text, useMantineColorScheme } from '@mantine/core'
import { Outlet } from '@tanstack/react-router'
import type { ReactNode } from 'react'

/** What every page stands in. */
export function Frame() {
  return (
    <>
      <a className="skip-link" href="#content">
        Skip to content
      </a>
      <Outlet />
    </>
  )
}

/** The top of a page, the same on each; what differs stands in it. */
export function PageHeader({ actions, children }: { actions?: ReactNode; children?: ReactNode }) {
  return (
    <header className="page-header">
      <Container size="md" pt="sm" pb={children ? 0 : 'sm'}>
        <Group justify="space-between" gap="xs">
          <Text fw={700} size="lg">
            Gatehouse
          </Text>
          <Group gap="xs">
            <ColorSchemeChoice />
            {actions}
          </Group>
        </Group>
        {children}
      </Container>
    </header>
  )
}

const schemes = [
  { value: 'auto', label: 'System' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
] as const

function ColorSchemeChoice() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <NativeSelect
      aria-label="Colours"
      w={104}
      data={[...schemes]}
      value={colorScheme}
      onChange={({ currentTarget }) => {
        const chosen = schemes.find(({ value }) => value === currentTarget.value)
        if (chosen) setColorScheme(chosen.value)
      }}
    />
  )
}

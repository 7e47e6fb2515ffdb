import { Badge, Group, Paper, Stack, Table, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { Page } from '../page.tsx'
import { PermissionCheck } from '../permission-check.tsx'
import { useViewer, type Viewer } from '../signed-in.tsx'
import { momentOf } from '../time.ts'

const scopes: Readonly<Record<Viewer['rowScope'], string>> = {
  ALL: 'of everybody',
  TEAM: 'of your teams',
  OWN: 'of your own',
}

const sources = { IDENTITY_PROVIDER: 'an identity provider', MANUAL: 'somebody by hand' } as const

/** Who one is, and what one may do, and why. */
export function AccountPage() {
  const viewer = useViewer()
  return (
    <Page title="Your account">
      <Section title="Who you are">
        <Identity viewer={viewer} />
      </Section>
      <Section title="May I?">
        <PermissionCheck />
      </Section>
      <Section title={`What you may do (${viewer.permissions.length} permissions)`}>
        <Permissions permissions={viewer.permissions} />
      </Section>
    </Page>
  )
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper component="section" withBorder p="md" radius="md" aria-label={title}>
      <Title order={2} size="h4" mb="sm">
        {title}
      </Title>
      {children}
    </Paper>
  )
}

function Identity({ viewer }: { viewer: Viewer }) {
  const { name, user, role, organization, rowScope, workspaces, expiresAt } = viewer
  const teams = user?.memberships.edges.map(({ node }) => node.team?.name ?? node.businessUnit?.name) ?? []
  return (
    <dl className="facts">
      <Fact term="Name">{name}</Fact>
      {user?.email && <Fact term="E-mail">{user.email}</Fact>}
      {organization && <Fact term="Organization">{organization.name}</Fact>}
      <Fact term="Role">
        <Badge variant="default" tt="none">
          {role.name}
        </Badge>
        {role.description !== '' && <Text size="sm">{role.description}</Text>}
      </Fact>
      {user && user.roleAssignments.length > 0 && (
        <Fact term="Roles given">
          <Assignments assignments={user.roleAssignments} />
        </Fact>
      )}
      <Fact term="Teams">
        <Names
          names={teams.filter((team) => team !== undefined)}
          none={user ? 'none' : 'not shown to your role'}
        />
      </Fact>
      <Fact term="Workspaces">
        {workspaces === null ? (
          'all of the organization'
        ) : (
          <Names
            names={workspaces.map((workspace) => workspace?.name ?? 'one that you may not see')}
            none="none"
          />
        )}
      </Fact>
      <Fact term="You see">virtual keys, usage and audit events {scopes[rowScope]}</Fact>
      {expiresAt && <Fact term="First right ends">{momentOf(expiresAt)}</Fact>}
    </dl>
  )
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </>
  )
}

function Names({ names, none }: { names: readonly string[]; none: string }) {
  if (names.length === 0) return none
  return (
    <Group component="ul" className="list" gap="xs">
      {names.map((name) => (
        <Badge component="li" key={name} variant="default" tt="none">
          {name}
        </Badge>
      ))}
    </Group>
  )
}

function Assignments({ assignments }: { assignments: NonNullable<Viewer['user']>['roleAssignments'] }) {
  return (
    <Stack component="ul" className="list" gap={4}>
      {assignments.map(({ id, role, source, givenBy, expiresAt, objectId }) => (
        <li key={id}>
          {role?.name ?? 'a role that you may not see'}, by {givenBy ? givenBy.name : sources[source]}
          {objectId !== null && `, for ${objectId} alone`}
          {expiresAt !== null && `, until ${momentOf(expiresAt)}`}
        </li>
      ))}
    </Stack>
  )
}

function Permissions({ permissions }: { permissions: readonly string[] }) {
  const byResource = Object.entries(
    Object.groupBy(permissions, (permission) => permission.split(':')[0] ?? ''),
  )
  if (byResource.length === 0) return <Text>Nothing: no role gives you a permission at this time.</Text>
  return (
    <Table layout="auto" verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Things</Table.Th>
          <Table.Th>What you may do with them</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {byResource.map(([resource, held = []]) => (
          <Table.Tr key={resource}>
            <Table.Th scope="row" fw={400}>
              {resource.replaceAll('_', ' ')}
            </Table.Th>
            <Table.Td>{held.map((permission) => permission.split(':')[1]).join(', ')}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}

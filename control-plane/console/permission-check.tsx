import { Badge, List, NativeSelect, Paper, Stack, Text } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useAnswer } from './answer.ts'
import { Answered } from './answered.tsx'
import type { ExplainPermissionQuery } from './generated/graphql.ts'
import { explainPermissionQuery, permissionCatalogQuery } from './operations.ts'

const route = getRouteApi('/signed-in/account')

type Explanation = ExplainPermissionQuery['explainPermission']
type Reason = Explanation['reasons'][number]

/** Why one may use a permission, or why not; which one stands in the address, so that it can be shown to somebody. */
export function PermissionCheck() {
  const { permission } = route.useSearch()
  const navigate = route.useNavigate()
  const catalog = useAnswer(permissionCatalogQuery, {})
  return (
    <Stack gap="md">
      <Answered answer={catalog}>
        {({ permissionCatalog }) => (
          <NativeSelect
            label="Permission"
            description="What you want to do. The answer says which of your roles allows it, or what stands in the way."
            maw={480}
            value={permission ?? ''}
            onChange={({ currentTarget }) =>
              navigate({ search: { permission: currentTarget.value || undefined }, replace: true })
            }
          >
            <option value="">Choose one</option>
            {permissionCatalog.map(({ resource, operations }) => (
              <optgroup key={resource} label={resource.replaceAll('_', ' ')}>
                {operations.map((operation) => (
                  <option key={operation} value={`${resource}:${operation}`}>
                    {resource}:{operation}
                  </option>
                ))}
              </optgroup>
            ))}
          </NativeSelect>
        )}
      </Answered>
      <div aria-live="polite">{permission !== undefined && <Explained permission={permission} />}</div>
    </Stack>
  )
}

function Explained({ permission }: { permission: string }) {
  const answer = useAnswer(explainPermissionQuery, { permission })
  return (
    <Answered answer={answer}>
      {({ explainPermission: { allowed, explanation, reasons } }) => (
        <Stack gap="sm">
          <Text>
            <Verdict isGood={allowed} yes="Allowed" no="Not allowed" /> {explanation}
          </Text>
          <Stack component="ul" className="list" gap="xs">
            {reasons.map((reason, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a role may stand there twice, and nothing else tells them apart
              <Paper component="li" key={index} withBorder p="sm">
                <Because reason={reason} />
              </Paper>
            ))}
          </Stack>
        </Stack>
      )}
    </Answered>
  )
}

function Because({ reason: { role, counts, explanation, via } }: { reason: Reason }) {
  return (
    <Stack gap={4}>
      <Text>
        Role <strong>{role.name}</strong> <Verdict isGood={counts} yes="counts" no="does not count" />
      </Text>
      <Text size="sm">{explanation}</Text>
      {via.length > 1 && (
        <List size="sm" type="ordered" aria-label="How the permission comes to the role">
          {via.map(({ name }) => (
            <List.Item key={name}>{name}</List.Item>
          ))}
        </List>
      )}
    </Stack>
  )
}

function Verdict({ isGood, yes, no }: { isGood: boolean; yes: string; no: string }) {
  return (
    <Badge color={isGood ? 'teal.9' : 'red.9'} variant="filled" tt="none" mr="xs">
      {isGood ? yes : no}
    </Badge>
  )
}

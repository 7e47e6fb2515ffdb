import { Button, Code, Paper, Stack, Text, TextInput, Title } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useCallback, useEffect, useState } from 'react'
import { Loading } from '../answered.tsx'
import { loginAddress, type Offer, type OfferedProvider, readOffer } from '../auth-routes.ts'
import { BreakGlassForm } from '../break-glass-form.tsx'
import { FailureNotice } from '../failure-notice.tsx'
import { PageHeader } from '../frame.tsx'
import { Page } from '../page.tsx'
import { returnPath } from '../return-path.ts'
import { TokenForm } from '../token-form.tsx'

const route = getRouteApi('/sign-in')

const kinds: Readonly<Record<string, string>> = {
  entra: 'Microsoft Entra ID',
  google_workspace: 'Google Workspace',
  keycloak: 'Keycloak',
  oauth2: 'OAuth 2.0',
  oidc: 'OpenID Connect',
  okta: 'Okta',
  zitadel: 'Zitadel',
}

/** Where one chooses how to sign in. */
export function SignInPage() {
  const { returnTo: wanted, organization, with: way } = route.useSearch()
  const [offer, setOffer] = useState<Offer>()
  const read = useCallback(() => {
    setOffer(undefined)
    void readOffer(organization).then(setOffer)
  }, [organization])
  useEffect(read, [read])
  const returnTo = returnPath(wanted)
  return (
    <>
      <PageHeader />
      <Page title="Sign in">
        {wanted !== undefined && <Text>Sign in to go on. You come back to the page where you were.</Text>}
        {offer === undefined && <Loading />}
        {offer?.state === 'failed' && <FailureNotice failure={offer.failure} again={read} />}
        {offer?.state === 'organization_unknown' && <OrganizationForm named={organization} />}
        {offer?.state === 'offered' && <Providers providers={offer.providers} returnTo={returnTo} />}
        <Paper withBorder p="md" radius="md">
          <TokenForm returnTo={returnTo} />
        </Paper>
        {offer?.state === 'offered' && (
          <Paper component="details" withBorder p="md" radius="md" open={way === 'break-glass'}>
            <Text component="summary" fw={700}>
              Use a break-glass password
            </Text>
            <BreakGlassForm organization={organization} returnTo={returnTo} />
          </Paper>
        )}
      </Page>
    </>
  )
}

function Providers({ providers, returnTo }: { providers: readonly OfferedProvider[]; returnTo: string }) {
  if (providers.length === 0) return <NoProvider />
  return (
    <Stack component="section" aria-label="Identity providers" gap="sm" align="flex-start">
      {providers.map((provider) => (
        <Button key={provider.name} component="a" href={loginAddress(provider, returnTo)} size="md">
          {labelOf(provider)}
        </Button>
      ))}
    </Stack>
  )
}

function labelOf({ name, kind }: OfferedProvider): string {
  const kindName = kinds[kind] ?? kind
  const says = kindName.toLowerCase().includes(name.toLowerCase())
  return says ? `Sign in with ${kindName}` : `Sign in with ${name} (${kindName})`
}

function NoProvider() {
  return (
    <Paper component="section" aria-labelledby="no-provider" withBorder p="md" radius="md">
      <Stack gap="xs">
        <Title order={2} size="h4" id="no-provider">
          No identity provider is connected yet
        </Title>
        <Text>
          People sign in with their company's identity provider: Okta, Microsoft Entra ID, Keycloak, Zitadel,
          Google Workspace, or any other that speaks OpenID Connect. An administrator connects it with{' '}
          <Code>createIdentityProvider</Code>, <Code>verifyIdentityProvider</Code> and{' '}
          <Code>setIdentityProviderEnabled</Code> in the <a href="/graphiql">API's editor</a>;{' '}
          <Code>docs/sign-in</Code> has the settings of each. Until then, sign in with an API token.
        </Text>
      </Stack>
    </Paper>
  )
}

function OrganizationForm({ named }: { named: string | undefined }) {
  const navigate = route.useNavigate()
  const submit = (form: FormData) => {
    const organization = String(form.get('organization')).trim()
    void navigate({ search: (search) => ({ ...search, organization }) })
  }
  return (
    <Paper withBorder p="md" radius="md">
      <form action={submit}>
        <Stack gap="sm" align="flex-start">
          <TextInput
            name="organization"
            label="Your organization"
            description="Several organizations use this Gatehouse. Give the id of yours, org_…; whoever runs it knows."
            error={named === undefined ? undefined : `There is no organization ${named}.`}
            defaultValue={named}
            required
            w="100%"
            maw={480}
          />
          <Button type="submit">Continue</Button>
        </Stack>
      </form>
    </Paper>
  )
}

import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { readServiceAccountKey } from '../../directory/access-token.ts'
import { directoryNeeds } from '../../directory/open.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { checkEmail, checkText } from '../../input.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { requireMayGive } from '../roles/index.ts'
import { checkClientId } from './checked-settings.ts'
import type { ConfiguredDirectory, IdentityProvider } from './entity.ts'
import { directorySecretPlace } from './secret.ts'
import { lockProvider } from './service.ts'
import { rolesOf } from './spoken-for.ts'

export interface SetDirectory {
  readonly identityProviderId: string
  readonly expectedVersion?: number | null | undefined
  readonly url?: string | null | undefined
  readonly clientId?: string | null | undefined
  /** Left out: the one that there is. */
  readonly secret?: string | null | undefined
  readonly adminEmail?: string | null | undefined
  readonly projectId?: string | null | undefined
  readonly groupPrefix?: string | null | undefined
  readonly reconcileEnabled?: boolean | null | undefined
  readonly importsUsers?: boolean | null | undefined
}

const longestSecret = 16_384

/**
 * Says how a provider's directory is asked, all of it anew but for a secret that is left out.
 *
 * @throws NotFound, StaleUpdate, RightsExceeded, BadUserInput
 */
export function setDirectory(
  context: ServiceContext,
  actor: Actor,
  input: SetDirectory,
): Promise<IdentityProvider> {
  actor.require('identity_providers:update', organizationWide)
  const directory = checkAccount(input)
  if (directory.importsUsers) actor.require('users:create', organizationWide)
  return transactionOf(context, actor, async (em) => {
    const provider = await lockProvider(em, input.identityProviderId, input)
    // What it says of people gives them roles, as signing in does.
    await requireMayGive(em, actor, rolesOf(provider))
    checkSecret(provider, directory, input.secret)
    provider.directory = directory
    if (input.secret != null) {
      provider.sealedDirectorySecret = context.secrets.sealValue(directorySecretPlace(provider), input.secret)
    }
    await recordChange(context, em, actor, describe('identity_provider.directory_set', provider))
    return provider
  })
}

/** Nobody is held against it any more. @throws NotFound, StaleUpdate */
export function removeDirectory(
  context: ServiceContext,
  actor: Actor,
  input: Pick<SetDirectory, 'identityProviderId' | 'expectedVersion'>,
): Promise<IdentityProvider> {
  actor.require('identity_providers:update', organizationWide)
  return transactionOf(context, actor, async (em) => {
    const provider = await lockProvider(em, input.identityProviderId, input)
    Object.assign(provider, { directory: null, sealedDirectorySecret: null })
    await recordChange(context, em, actor, describe('identity_provider.directory_removed', provider))
    return provider
  })
}

const organizationWide = { workspaceId: null }

/** @throws BadUserInput */
function checkAccount(input: SetDirectory): ConfiguredDirectory {
  const { clientId, adminEmail, projectId, groupPrefix } = input
  return {
    url: checkUrl(input.url),
    clientId: clientId == null ? null : checkClientId(clientId),
    adminEmail: adminEmail == null ? null : checkEmail('adminEmail', adminEmail),
    projectId: projectId == null ? null : checkProjectId(projectId),
    groupPrefix: groupPrefix ? checkText('groupPrefix', groupPrefix, { maximumLength: 256 }) : '',
    isReconciled: input.reconcileEnabled ?? true,
    importsUsers: input.importsUsers ?? false,
  }
}

/** @throws BadUserInput */
function checkProjectId(text: string): string {
  if (/^[\w-]{1,128}$/.test(text)) return text
  throw new BadUserInput('projectId', 'must be 1 to 128 letters, digits, "-" and "_"')
}

/** @throws BadUserInput */
function checkUrl(text: string | null | undefined): string | null {
  if (text == null) return null
  checkText('url', text, { maximumLength: 2_048 })
  const url = URL.parse(text)
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  if (isWeb && url.username === '' && url.password === '' && !/[?#]/.test(text)) return text
  throw new BadUserInput(
    'url',
    'must be a URL such as "https://graph.microsoft.us", without user, query or fragment',
  )
}

/**
 * A secret goes only where whoever set it wanted it to go: another address needs it anew.
 *
 * @throws BadUserInput
 */
function checkSecret(
  provider: IdentityProvider,
  directory: ConfiguredDirectory,
  given: string | null | undefined,
): void {
  const needs = directoryNeeds(provider.kind)
  if (!needs)
    throw new BadUserInput('identityProviderId', 'is of a kind whose directory cannot be asked: OIDC')
  if (given != null && (given === '' || given.length > longestSecret)) {
    throw new BadUserInput('secret', `must have 1 to ${longestSecret} characters`)
  }
  if (provider.kind === 'google_workspace') checkGoogle(directory, given)
  else if (given != null && !/^[!-~]([ -~]*[!-~])?$/.test(given)) {
    throw new BadUserInput('secret', 'must be printable ASCII characters, with no space around them')
  }
  if (given != null) return
  const isElsewhere = directory.url !== (provider.directory?.url ?? null)
  const isOther = directory.clientId !== (provider.directory?.clientId ?? null)
  const isMissing =
    provider.sealedDirectorySecret === null && (!needs.mayUseClient || directory.clientId !== null)
  if (isMissing) throw new BadUserInput('secret', 'is needed to ask this directory')
  if (isElsewhere || isOther)
    throw new BadUserInput('secret', 'must be given anew with another url or clientId')
}

/** @throws BadUserInput */
function checkGoogle({ adminEmail }: ConfiguredDirectory, secret: string | null | undefined): void {
  if (adminEmail === null) {
    throw new BadUserInput(
      'adminEmail',
      'is needed: the administrator in whose name the service account asks',
    )
  }
  if (secret != null && readServiceAccountKey(secret) === null) {
    throw new BadUserInput(
      'secret',
      'must be the JSON key of a service account, as Google’s console gives it to download',
    )
  }
}

function describe(type: string, { id, name, directory, sealedDirectorySecret }: IdentityProvider) {
  const details = {
    name,
    directory: directory && { ...directory },
    hasSecret: sealedDirectorySecret !== null,
  }
  return { type, subject: { kind: 'identity_provider', id }, details }
}

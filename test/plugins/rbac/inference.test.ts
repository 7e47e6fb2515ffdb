import type { Operation } from 'gatehouse/plugin-sdk'
import type { InferenceRights } from 'gatehouse/plugin-sdk/builtin'
import { describe, expect, it } from 'vitest'
import rbac from '../../../plugins/rbac/index.ts'
import { FakeCall } from '../fake-call.ts'
import { grant, key, model, provider } from '../fake-configuration.ts'
import { fakeHost } from '../fake-host.ts'
import { refusalOf } from '../refusal.ts'

const none = { chat: -Infinity, embeddings: -Infinity, images: -Infinity }
const rights = (until: Partial<InferenceRights['until']>, heldBack: string | null = null) => ({
  until: { ...none, ...until },
  heldBack,
})

const now = 1_000_000
const grants = [grant(provider('acme', [model('small')]))]

function callOf(operation: Operation, inference: InferenceRights | null) {
  return new FakeCall({
    operation,
    receivedAt: now,
    body: { model: 'small' },
    key: key({ grants, inference }),
  })
}

function refused(operation: Operation, inference: InferenceRights | null) {
  return refusalOf(() => rbac.setup({}, fakeHost().host).onCall?.(callOf(operation, inference)))
}

function targetsOf(operation: Operation, inference: InferenceRights | null): number {
  const call = callOf(operation, inference)
  rbac.setup({}, fakeHost().host).onCall?.(call)
  return call.targets.length
}

const permissions: readonly [Operation, keyof InferenceRights['until']][] = [
  ['chat.completions', 'chat'],
  ['completions', 'chat'],
  ['responses', 'chat'],
  ['embeddings', 'embeddings'],
  ['images.generations', 'images'],
]

describe('a user whose roles govern their calls', () => {
  it.each(permissions)('asks for %s with inference:%s, and with nothing else', async (operation, needed) => {
    expect(targetsOf(operation, rights({ [needed]: Infinity }))).toBe(1)
    const others = { chat: Infinity, embeddings: Infinity, images: Infinity, [needed]: -Infinity }
    expect(await refused(operation, rights(others))).toMatchObject({
      ...{ code: 'user_not_authorized', status: 403 },
      message: `Your roles do not include inference:${needed}`,
    })
  })

  it('may do it for as long as the role lasts, to the millisecond', async () => {
    expect(targetsOf('chat.completions', rights({ chat: now + 1 }))).toBe(1)
    expect(await refused('chat.completions', rights({ chat: now }))).toMatchObject({ status: 403 })
  })

  it('is told when a role that cannot be read may be the one, and is not let through', async () => {
    const reason = 'role/role_1 cannot be read by this release'
    expect(await refused('embeddings', rights({ chat: Infinity }, reason))).toMatchObject({
      ...{ code: 'config_unavailable', message: reason },
    })
    expect(targetsOf('chat.completions', rights({ chat: Infinity }, reason))).toBe(1)
  })

  it.each(['models.list', 'quota'] as const)('asks for %s without any role', (operation) => {
    expect(targetsOf(operation, rights({}))).toBe(0)
  })
})

it('a call that no roles govern needs none', () => {
  for (const [operation] of permissions) expect(targetsOf(operation, null)).toBe(1)
})

import type { SecretNames } from './bifrost-values.ts'
import type { Members } from './members.ts'

/** Where providers that speak the OpenAI API are found when the file does not say. */
const addresses: Readonly<Record<string, string>> = {
  openai: 'https://api.openai.com/v1',
  cerebras: 'https://api.cerebras.ai/v1',
  groq: 'https://api.groq.com/openai/v1',
  mistral: 'https://api.mistral.ai/v1',
  openrouter: 'https://openrouter.ai/api/v1',
  xai: 'https://api.x.ai/v1',
}

const longestIdleTimeoutMs = 3_600_000

/** The providers that can be called, with their keys; the others are left out with a notice. */
export function readProviders(providers: Members, secrets: SecretNames): Record<string, unknown>[] {
  return providers.names.flatMap((name) => {
    const provider = providers.object(name)
    if (!provider) return []
    const baseUrl = baseUrlOf(name, provider)
    if (baseUrl === undefined) {
      providers.notice(name, `"${name}" is left out: it needs network_config.base_url of an OpenAI API`)
      return []
    }
    const sources = provider.list('keys')
    const models = aliasesOf(sources)
    const keys = sources.map((key, index) => readKey(name, key, index, secrets))
    const network = provider.object('network_config')
    const entry = {
      name,
      baseUrl,
      ...(name === 'openai' && { catalogue: 'OPENAI' }),
      ...networkOf(network),
      keys,
      ...(models.length > 0 && { models }),
    }
    network?.noticeRest()
    provider.noticeRest()
    return [entry]
  })
}

/** An alias is a model of its own, which asks for another one; here it holds for all keys of its provider. */
function aliasesOf(keys: readonly Members[]): { readonly name: string; readonly upstreamName: string }[] {
  const upstreamNames = new Map<string, string>()
  for (const aliases of keys.flatMap((key) => key.object('aliases') ?? [])) {
    for (const name of aliases.names) {
      const upstreamName = aliases.text(name)
      if (upstreamName === undefined) continue
      const other = upstreamNames.get(name)
      if (other === undefined) upstreamNames.set(name, upstreamName)
      else if (other !== upstreamName)
        aliases.notice(name, `another key calls "${name}" "${other}": left out`)
    }
  }
  return [...upstreamNames].map(([name, upstreamName]) => ({ name, upstreamName }))
}

function baseUrlOf(name: string, provider: Members): string | undefined {
  const url = provider.object('network_config')?.text('base_url')
  if (url === undefined || url === '') return addresses[name]
  // There the version belongs to each route.
  return URL.parse(url)?.pathname === '/' ? `${url.replace(/\/$/, '')}/v1` : url
}

function networkOf(network: Members | undefined) {
  if (!network) return {}
  network.value('base_url')
  const seconds = [
    network.number('default_request_timeout_in_seconds'),
    network.number('stream_idle_timeout_in_seconds'),
  ].filter((value) => value !== undefined)
  const allowPrivateNetwork = network.flag('allow_private_network')
  return {
    ...(allowPrivateNetwork !== undefined && { allowPrivateNetwork }),
    ...(seconds.length > 0 && {
      idleTimeoutMs: Math.min(longestIdleTimeoutMs, Math.round(Math.max(...seconds) * 1000)),
    }),
  }
}

function readKey(provider: string, key: Members, index: number, secrets: SecretNames) {
  const name = key.text('name') ?? key.text('id') ?? `key-${index + 1}`
  const weight = key.number('weight')
  const models = key.texts('models')
  const enabled = key.flag('enabled')
  const secret = secrets.refer(key, 'value', `${provider}_${name}`)
  key.value('id')
  key.value('aliases')
  if (models && !(models.length === 1 && models[0] === '*')) {
    key.notice('models', 'a key serves every model of its provider: limit models in the virtual keys')
  }
  key.noticeRest()
  return {
    name,
    ...(secret !== undefined && { secret }),
    ...(weight !== undefined && weight > 0 && { weight }),
    ...((enabled === false || weight === 0) && { active: false }),
  }
}

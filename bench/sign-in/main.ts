import type { Browser } from '../../test/environment/browser.ts'
import { run } from '../run.ts'
import { startStores } from '../stores.ts'
import { readSignInFlags, type SignInFlags, usage } from './flags.ts'
import { measureCallbacks, measureEach, measureTurns } from './measure.ts'
import { type Scene, startScene } from './scene.ts'

const progress = (text: string) => process.stderr.write(`${text}\n`)
const warmUps = 100

async function main(): Promise<void> {
  const flags = readSignInFlags(process.argv.slice(2))
  if (flags === 'help') {
    progress(usage)
    return
  }
  const stores = await startStores(progress)
  for (const kind of ['database', 'redis', 'memory'] as const) {
    progress(`sessions in ${kind}`)
    const scene = await startScene(stores, kind, flags.people)
    const tell = (measured: string, figures: object) =>
      process.stdout.write(`${JSON.stringify({ sessions: kind, measured, ...figures })}\n`)
    // The first of each kind compiles what the others find compiled.
    await measureCallbacks(scene, 1)
    tell('a first sign-in, without the provider', (await measureCallbacks(scene, flags.people)).times)
    const { times, browsers } = await measureCallbacks(scene, flags.people)
    tell('another sign-in, without the provider', times)
    await measureUse(scene, { ...flags, browsers, adminToken: stores.adminToken, tell })
  }
}

interface Use extends SignInFlags {
  readonly browsers: readonly Browser[]
  readonly adminToken: string
  tell(measured: string, figures: object): void
}

async function measureUse(scene: Scene, { requests, browsers, adminToken, tell }: Use): Promise<void> {
  const cookies = browsers.map((browser) =>
    [...browser.cookiesOf(scene.url)].map(([name, value]) => `${name}=${value}`).join('; '),
  )
  const cookieOf = (index: number) => cookies[index % cookies.length] ?? ''
  const lookUp = async (index: number) => {
    if (!(await scene.sessions.authenticate(cookieOf(index)))) throw new Error('a session is gone')
  }
  await measureEach(warmUps, lookUp)
  tell('the lookup of a session', await measureEach(requests, lookUp))
  const ask = async (headers: Record<string, string>) => {
    const body = JSON.stringify({ query: '{ viewer { name } }' })
    const sent = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body }
    const response = await fetch(`${scene.url}/graphql`, sent)
    const { errors } = (await response.json()) as { errors?: unknown }
    if (errors) throw new Error(`refused: ${JSON.stringify(errors)}`)
  }
  const bySession = (index: number) => ask({ cookie: cookieOf(index) })
  const byToken = () => ask({ authorization: `Bearer ${adminToken}` })
  await measureTurns(warmUps, bySession, byToken)
  const [session, token] = await measureTurns(requests, bySession, byToken)
  const timesThatByToken = Number((session.p50Ms / token.p50Ms).toFixed(2))
  tell('a GraphQL request by session', { ...session, timesThatByToken })
}

await run(main)

import { run } from '../bench/run.ts'
import { startStores } from '../bench/stores.ts'
import { startGatehouse } from './gatehouse.ts'
import { startGlewlwyd } from './glewlwyd.ts'
import { requireGlewlwyd } from './glewlwyd-program.ts'
import { providerName } from './sign-in.ts'
import { stepsOf } from './steps.ts'
import { startTlsFront } from './tls-front.ts'
import { trust } from './visitor.ts'

const usage = `npm run interop

Signs in to Gatehouse at glewlwyd, an OpenID provider that nobody here wrote: Debian's package of it, which is installed
where it is missing (as root on Debian). About five minutes. One line a step goes to stdout. Exit code 1 when one failed.`

const progress = (text: string) => process.stderr.write(`${text}\n`)

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    progress(usage)
    return
  }
  requireGlewlwyd(progress)
  progress('starting PostgreSQL, Redis, the control plane and glewlwyd')
  const stores = await startStores(progress)
  const front = await startTlsFront(stores.folder)
  trust(front.certificate)
  const gatehouse = await startGatehouse(stores, front.certificateFile)
  const { url, organizationId } = gatehouse
  const of = `${url}/auth/oidc/${providerName}`
  const provider = await startGlewlwyd(stores.folder, front, {
    redirectUri: `${of}/callback/${organizationId}`,
    backChannelLogoutUri: `${of}/back-channel-logout?organization=${organizationId}`,
    returnUri: `${url}/`,
  })
  for (const { name, run: take } of stepsOf()) {
    try {
      process.stdout.write(`ok      ${name}: ${await take({ gatehouse, provider })}\n`)
    } catch (error) {
      process.stdout.write(`FAILED  ${name}: ${error instanceof Error ? error.message : error}\n`)
      process.exitCode = 1
      progress(provider.log())
      return
    }
  }
}

await run(main)

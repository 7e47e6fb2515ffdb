import { connect } from 'node:net'
import { secretOf } from './canaries.ts'
import type { CanaryRun } from './canary-mutations.ts'
import { echoes } from './echoing-provider.ts'

/** Uses the keys, rightly and wrongly. */
export async function call(run: CanaryRun): Promise<void> {
  const bearer = (name: string) => ({ authorization: `Bearer ${secretOf(name)}` })
  for (const model of Object.keys(echoes)) {
    await chat(run, bearer('imported virtual key'), model)
    await chat(run, bearer('issued virtual key'), model, true)
  }
  await chat(run, bearer('demo key'), 'demo-chat', true)
  await chat(run, bearer('demo key'), 'demo-error-401')
  for (const name of ['rotated virtual key', 'revoked virtual key', 'unknown virtual key', 'provider key'])
    await chat(run, bearer(name), 'echo-whole')
  for (const header of ['x-api-key', 'api-key', 'x-goog-api-key', 'x-bf-vk', 'x-bifrost-virtual-key'])
    await chat(run, { [header]: secretOf('imported virtual key') }, 'echo-whole')
  await chat(
    run,
    { ...bearer('imported virtual key'), 'x-api-key': secretOf('unknown virtual key') },
    'echo-whole',
  )
  const forwarded = { 'x-bf-eh-x-key': secretOf('imported virtual key'), 'x-bf-eh-authorization': 'Bearer x' }
  await chat(run, { ...bearer('imported virtual key'), ...forwarded }, 'echo-whole')
  await chat(run, {}, 'demo-chat', false, `?key=${secretOf('key in the query')}`)
  await chat(run, bearer('demo key'), 'demo-chat', false, `?key=${secretOf('key in the query')}`)
  const broken = secretOf('key in a broken request')
  await sendRaw(
    run.gateway.dataPlaneUrl,
    `GET /v1/models HTTP/1.1\r\nhost: x\r\nx-api-key: ${broken}\r\nbad\u0001name: x\r\n\r\n`,
  )
  await sendRaw(run.gateway.dataPlaneUrl, `${broken} ${broken}\r\n\r\n`)
  await sendRaw(
    run.gateway.dataPlaneUrl,
    `GET /v1/models HTTP/1.1\r\nx-api-key: ${broken}\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
  )
  await sendRaw(
    run.gateway.graphqlUrl,
    `POST /graphql HTTP/1.1\r\nauthorization: Bearer ${broken}\r\nbad\u0001name: x\r\n\r\n`,
  )
}

export async function chat(
  run: CanaryRun,
  headers: Record<string, string>,
  model: string,
  stream = false,
  query = '',
) {
  run.calls++
  const response = await fetch(`${run.gateway.dataPlaneUrl}/v1/chat/completions${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], stream }),
  })
  const head = JSON.stringify([...response.headers])
  const text = await response.text().catch((error: unknown) => String(error))
  run.answered.push({ where: `${model} ${response.status}`, bytes: Buffer.from(`${head}\n${text}`) })
}

/** Bytes that no client would send; resolves when the server has closed the connection. */
function sendRaw(url: string, request: string): Promise<void> {
  const { hostname, port } = new URL(url)
  return new Promise((closed) => {
    const socket = connect(Number(port), hostname, () => socket.write(request, 'latin1'))
    socket.setTimeout(5_000, () => socket.destroy())
    socket.on('data', () => undefined)
    socket.on('error', () => undefined)
    socket.on('close', () => closed())
  })
}

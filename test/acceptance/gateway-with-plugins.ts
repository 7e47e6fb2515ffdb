import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, type Gateway, startGateway } from './gateway.ts'
import { configurationApplied } from './keys.ts'

/** As somebody writes it who has read the README: one file, in a folder without a package of ours around it. */
const houseRules = `
import { Denied, definePlugin, Type } from 'gatehouse/plugin-sdk'

export default definePlugin({
  name: 'house-rules',
  version: '2.3.4',
  config: Type.Object(
    {
      banned: Type.String({ minLength: 1 }),
      breaksIn: Type.Optional(Type.String()),
      throws: Type.Optional(Type.String({ default: 'error' })),
    },
    { additionalProperties: false },
  ),
  setup({ banned, breaksIn, throws }) {
    const mayBreak = (hook) => {
      if (breaksIn !== hook) return
      if (throws === 'nothing') throw undefined
      if (throws === 'later') return Promise.reject(new Error('for the operator only'))
      throw new Error('for the operator only')
    }
    return {
      onCall(call) {
        if (call.body.includes(banned)) throw new Denied('user_not_authorized', 'Not in this house')
        return mayBreak('onCall')
      },
      onUpstream: () => mayBreak('onUpstream'),
      onChunk(call, chunk) {
        mayBreak('onChunk')
        return chunk
      },
      onComplete: () => mayBreak('onComplete'),
    }
  },
})
`

export interface Configured {
  readonly __typename: string
  readonly code?: string
  readonly message?: string
  readonly name?: string
}

export interface Settings {
  readonly name: string
  readonly enabled?: boolean
  readonly position?: { readonly side: 'BEFORE' | 'AFTER'; readonly of: string }
  readonly config?: unknown
}

export interface Answer {
  readonly response: Response
  readonly status: number
  readonly text: string
}

/** A gateway that has loaded house-rules and the example package from the disk. */
export class GatewayWithPlugins {
  readonly gateway: Gateway
  /** Where the plugins are; `rules/unnamed.js` is there too, and nobody has named it. */
  readonly folder: string

  private constructor(gateway: Gateway, folder: string) {
    this.gateway = gateway
    this.folder = folder
  }

  static async start(): Promise<GatewayWithPlugins> {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-plugin-'))
    mkdirSync(join(folder, 'rules'))
    writeFileSync(join(folder, 'rules/house-rules.js'), houseRules)
    writeFileSync(join(folder, 'rules/unnamed.js'), houseRules.replace('house-rules', 'unnamed'))
    const named = [join(folder, 'rules/house-rules.js'), './examples/plugin-block-words/src/index.ts']
    const gateway = await startGateway({ env: { GATEHOUSE_PLUGINS: named.join(',') } })
    const started = new GatewayWithPlugins(gateway, folder)
    // What a data plane has loaded is known to the control plane once its first report has arrived.
    try {
      await eventually(async () => (await started.pluginNames()).includes('house-rules'), 30_000)
    } catch (error) {
      await started.stop()
      throw error
    }
    return started
  }

  async stop(): Promise<void> {
    await this.gateway.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  async pluginNames(): Promise<string[]> {
    const { plugins } = await this.gateway.graphql<{ plugins: { edges: { node: { name: string } }[] } }>(
      '{ plugins { edges { node { name } } } }',
    )
    return plugins.edges.map(({ node }) => node.name)
  }

  async configure(input: Settings): Promise<Configured> {
    const { configurePlugin } = await this.gateway.graphql<{ configurePlugin: Configured }>(
      `mutation ($input: ConfigurePluginInput!) { configurePlugin(input: $input) {
         __typename ... on Plugin { name } ... on Refusal { code message } } }`,
      { input },
    )
    return configurePlugin
  }

  /** Changes a plugin's settings and waits until calls run under them. */
  async apply(input: Settings): Promise<void> {
    const configured = await this.configure(input)
    if (configured.__typename !== 'Plugin' || configured.name !== input.name)
      throw new Error(`configurePlugin: ${JSON.stringify(configured)}`)
    await configurationApplied(this.gateway)
  }

  async call(content: string, options: { stream?: boolean } = {}): Promise<Answer> {
    const response = await fetch(`${this.gateway.dataPlaneUrl}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.gateway.virtualKey}` },
      body: JSON.stringify({ model: 'demo-chat', messages: [{ role: 'user', content }], ...options }),
    })
    return { response, status: response.status, text: await response.text() }
  }

  async revision(): Promise<number> {
    const { configuration } = await this.gateway.graphql<{ configuration: { revision: number } }>(
      '{ configuration { revision } }',
    )
    return configuration.revision
  }
}

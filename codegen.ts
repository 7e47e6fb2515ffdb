import type { CodegenConfig } from '@graphql-codegen/cli'

/** Typed documents for everything of ours that speaks GraphQL: the CLI, the examples and the tests. */
const clients = ['cli', 'examples/node-client']

const config: CodegenConfig = {
  schema: 'schema.graphql',
  generates: Object.fromEntries(
    clients.map((folder) => [
      `${folder}/generated/`,
      {
        preset: 'client',
        documents: [`${folder}/**/*.ts`, `!${folder}/generated/**`],
        presetConfig: { fragmentMasking: false },
        config: {
          documentMode: 'string',
          useTypeImports: true,
          enumsAsTypes: true,
          avoidOptionals: { field: true },
          scalars: {
            NanoUsd: 'string',
            DateTime: 'string',
            Duration: 'string',
            JSON: 'unknown',
            ID: 'string',
          },
          importExtension: '.ts',
        },
      },
    ]),
  ),
}

export default config

import type { GraphQLError } from 'graphql'

type Names = Readonly<Record<string, string>>
const fieldsOfFile: Names = {
  providerConfigs: 'providers',
  allowedModels: 'models',
  providerKeyIds: 'keys',
  limit: 'limitUsd',
  inheritedRoleIds: 'inherits',
  workspaceIds: 'workspaces',
  inputNanoUsdPerMillionTokens: 'inputUsdPerMillionTokens',
  cachedInputNanoUsdPerMillionTokens: 'cachedInputUsdPerMillionTokens',
  outputNanoUsdPerMillionTokens: 'outputUsdPerMillionTokens',
  imageNanoUsd: 'imageUsd',
  reasoningNanoUsdPerMillionTokens: 'reasoningUsdPerMillionTokens',
  audioInputNanoUsdPerMillionTokens: 'audioInputUsdPerMillionTokens',
  audioOutputNanoUsdPerMillionTokens: 'audioOutputUsdPerMillionTokens',
  callNanoUsd: 'callUsd',
  toolCallNanoUsd: 'toolCallUsd',
}

/** Of the field of the API that is bad: `providerConfigs[0].allowedModels` is `/providers/0/models` in a file. */
export function fieldPath({ extensions: { field } }: GraphQLError): string {
  if (typeof field !== 'string') return ''
  const steps = field.split(/[.[\]]+/).filter((step) => step !== '')
  // What users may ask for is called the same in a file.
  const names: Names = steps[0] === 'access' ? {} : fieldsOfFile
  return steps.map((step) => `/${names[step] ?? step}`).join('')
}

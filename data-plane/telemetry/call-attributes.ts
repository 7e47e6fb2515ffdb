import type { Attributes } from '@opentelemetry/api'
import { ATTR_ERROR_TYPE, ATTR_HTTP_RESPONSE_STATUS_CODE } from '@opentelemetry/semantic-conventions'
import {
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_REQUEST_MAX_TOKENS,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_REQUEST_STREAM,
  ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_OUTPUT_TOKENS,
  GEN_AI_OPERATION_NAME_VALUE_CHAT,
  GEN_AI_OPERATION_NAME_VALUE_EMBEDDINGS,
  GEN_AI_OPERATION_NAME_VALUE_GENERATE_CONTENT,
  GEN_AI_OPERATION_NAME_VALUE_TEXT_COMPLETION,
} from '@opentelemetry/semantic-conventions/incubating'
import type { BuiltinCall } from '../../plugins/sdk/builtin.ts'
import type { Operation, Outcome } from '../../plugins/sdk/call.ts'

/** The convention's names; an operation that is no inference has none, and is not traced. */
const operationNames: { readonly [operation in Operation]?: string } = {
  'chat.completions': GEN_AI_OPERATION_NAME_VALUE_CHAT,
  responses: GEN_AI_OPERATION_NAME_VALUE_CHAT,
  completions: GEN_AI_OPERATION_NAME_VALUE_TEXT_COMPLETION,
  embeddings: GEN_AI_OPERATION_NAME_VALUE_EMBEDDINGS,
  'images.generations': GEN_AI_OPERATION_NAME_VALUE_GENERATE_CONTENT,
}

export function operationNameOf({ operation }: Pick<BuiltinCall, 'operation'>): string | undefined {
  return operationNames[operation]
}

/** What a call was, for its span: whose key, which model, how it ended. Nothing of what was said. */
export function spanAttributes(call: BuiltinCall, outcome: Outcome): Attributes {
  const { usage, key, configuration } = call
  return {
    ...commonAttributes(call, outcome),
    [ATTR_GEN_AI_REQUEST_MODEL]: call.model || undefined,
    [ATTR_GEN_AI_REQUEST_STREAM]: call.stream,
    [ATTR_GEN_AI_REQUEST_MAX_TOKENS]: call.maxOutputTokens ?? undefined,
    [ATTR_HTTP_RESPONSE_STATUS_CODE]: outcome.status,
    'gatehouse.call.id': call.id,
    'gatehouse.request.id': call.requestId,
    'gatehouse.virtual_key.id': key?.id,
    'gatehouse.workspace.id': key?.principal.workspaceId,
    'gatehouse.refused_by': outcome.refusedBy ?? undefined,
    'gatehouse.configuration.revision': configuration.revision,
    ...(usage && {
      [ATTR_GEN_AI_USAGE_INPUT_TOKENS]: usage.inputTokens,
      [ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS]: usage.cachedInputTokens,
      [ATTR_GEN_AI_USAGE_OUTPUT_TOKENS]: usage.outputTokens,
      'gatehouse.usage.estimated': usage.estimated,
      'gatehouse.cost_nano_usd': usage.costNanoUsd,
    }),
  }
}

/** Of a bounded number of values each: the model is one of the configuration, never what a caller made up. */
export function metricAttributes(call: BuiltinCall, outcome: Outcome): Attributes {
  return {
    ...commonAttributes(call, outcome),
    [ATTR_GEN_AI_REQUEST_MODEL]: targetOf(call)?.model.name,
  }
}

function commonAttributes(call: BuiltinCall, { outcome, errorCode }: Outcome): Attributes {
  return {
    [ATTR_GEN_AI_OPERATION_NAME]: operationNameOf(call),
    [ATTR_GEN_AI_PROVIDER_NAME]: targetOf(call)?.grant.provider.name,
    [ATTR_ERROR_TYPE]: outcome === 'succeeded' ? undefined : (errorCode ?? outcome),
    'gatehouse.outcome': outcome,
  }
}

/** Where the call went, or would have gone; several candidates are none. */
function targetOf({ targets }: BuiltinCall) {
  return targets.length === 1 ? targets[0] : undefined
}

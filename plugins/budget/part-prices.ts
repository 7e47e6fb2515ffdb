import type { Denied } from 'gatehouse/plugin-sdk'
import { dearestPrices, type Prices, type Target } from 'gatehouse/plugin-sdk/builtin'
import type { CallSize } from './cost-bound.ts'
import { unpricedPartRefusal } from './refusals.ts'

/** Why a call cannot be priced at a target: it asks for something that the model has no price for; null: it can. */
export function unpricedPart(size: CallSize, { model }: Target, prices: Prices): Denied | null {
  const { audioInput, audioOutput, hostedTools } = size
  const refuse = (field: string, what: string, price: keyof Prices) =>
    unpricedPartRefusal(field, `${what}, for which the model "${model.name}" has no price: set its ${price}`)
  if (audioInput !== null && prices.audioInputNanoUsdPerMillionTokens === undefined) {
    return refuse(audioInput, 'is sound', 'audioInputNanoUsdPerMillionTokens')
  }
  if (audioOutput !== null && prices.audioOutputNanoUsdPerMillionTokens === undefined) {
    return refuse(audioOutput, 'asks for sound', 'audioOutputNanoUsdPerMillionTokens')
  }
  if (hostedTools && !prices.toolCallNanoUsd) {
    return refuse(hostedTools.field, 'asks for a tool that the provider runs', 'toolCallNanoUsd')
  }
  if (size.operation === 'images.generations' && prices.imageNanoUsd === 0 && billsTokens(prices)) {
    return unpricedPartRefusal('model', `"${model.name}" has no price per image`)
  }
  return null
}

function billsTokens(prices: Prices): boolean {
  const dearest = dearestPrices(prices)
  return dearest.inputNanoUsdPerMillionTokens > 0 || dearest.outputNanoUsdPerMillionTokens > 0
}

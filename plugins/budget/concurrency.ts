import { Denied, slot } from 'gatehouse/plugin-sdk'
import type { BuiltinCall, BuiltinHost, CallSlot } from 'gatehouse/plugin-sdk/builtin'

type Eventually<T> = T | Promise<T>

/** The call's place among those of its key, until it ends. */
export const keySlot = slot<CallSlot>('budget.key-slot')

/**
 * Goes on with a call once it has a place among the calls of its key.
 *
 * @throws Denied
 */
export function enter(
  call: BuiltinCall,
  { concurrency }: BuiltinHost,
  goOn: () => Eventually<void>,
): Eventually<void> {
  const limit = call.key?.concurrency
  if (!limit) return goOn()
  const onEntered = (place: CallSlot | undefined) => {
    if (!place) {
      throw new Denied(
        'concurrency_limited',
        `${limit.max} calls of this virtual key are under way, as many as it may have at once`,
        { scope: 'virtual_key', limit: limit.max, retryAfterSeconds: 1 },
      )
    }
    call.set(keySlot, place)
    return goOn()
  }
  const place = concurrency.enter(limit)
  return place instanceof Promise ? place.then(onEntered) : onEntered(place)
}

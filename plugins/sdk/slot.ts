declare const valueType: unique symbol

/** A typed place on a call where one hook leaves a fact for a later one. */
export interface Slot<T> {
  readonly name: string
  readonly [valueType]?: T
}

/** Declares a slot; two slots never share a value, whatever their names. */
export function slot<T>(name: string): Slot<T> {
  return Object.freeze({ name })
}

import { GraphQLError } from 'graphql'

/** A subscriber let an event lie for too long; what it missed is still there. */
export class SubscriberTooSlow extends GraphQLError {
  constructor(waitSeconds: number, lastId: string) {
    super(
      `The stream ended because an event was not taken within ${waitSeconds} seconds. Nothing is lost: subscribe again with after: the id of the last event that you received ("${lastId}" was sent last)`,
      { extensions: { code: 'SUBSCRIBER_TOO_SLOW', lastId } },
    )
  }
}

/** One more stream would take resources from everybody else. */
export class TooManySubscriptions extends GraphQLError {
  constructor(most: number, whose: string) {
    super(`${whose} may hold at most ${most} subscriptions at once: end one that you do not need`, {
      extensions: { code: 'TOO_MANY_SUBSCRIPTIONS', most },
    })
  }
}

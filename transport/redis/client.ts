import { RedisClient as Client } from '@redis/client'

/**
 * Makes a client. All are of one class, which knows every command: the library's `createClient` makes a class for each of
 * them, some thirty milliseconds in which nothing else happens, and a failover opens many.
 */
export const newClient = Client.factory()

export type RedisClient = ReturnType<typeof newClient>

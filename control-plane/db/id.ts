import { monotonicFactory } from 'ulid'

/** What an id's prefix says about the thing it names. */
export type IdPrefix =
  | 'org'
  | 'ws'
  | 'cus'
  | 'bu'
  | 'team'
  | 'usr'
  | 'mb'
  | 'vk'
  | 'pc'
  | 'ap'
  | 'ppc'
  | 'prov'
  | 'mfa'
  | 'tsi'
  | 'pk'
  | 'cred'
  | 'mdl'
  | 'mp'
  | 'bud'
  | 'bcr'
  | 'lim'
  | 'ccf'
  | 'ccc'
  | 'acc'
  | 'plg'
  | 'tok'
  | 'idp'
  | 'jwt'
  | 'uid'
  | 'bga'
  | 'dsr'
  | 'sess'
  | 'role'
  | 'pol'
  | 'ra'
  | 'dp'
  | 'evt'
  | 'app'
  | 'err'
  | 'req'
  | 'call'
  | 'lea'
  | 'rej'
  | 'sess'

const nextUlid = monotonicFactory()

/** A new id, `team_01J…`. Ids of one process sort in the order in which they were made. */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_${nextUlid()}`
}

/** The prefix of an id, whether or not anything has that id. */
export function prefixOf(id: string): string {
  return id.slice(0, Math.max(0, id.indexOf('_')))
}

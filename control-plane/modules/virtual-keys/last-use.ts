import { builder } from '../../graphql/builder.ts'
import type { RequestContext } from '../../graphql/context.ts'
import { transactionOf } from '../../service-context.ts'
import { VirtualKeyType } from './types.ts'

/** When each key was last used, by one look at the end of the index for each. */
async function loadLastUses(
  { services, actor }: RequestContext,
  ids: readonly string[],
): Promise<(Date | null)[]> {
  const rows = await transactionOf(services, actor, (em) =>
    em.execute<{ id: string; at: Date | string }[]>(
      `select key.id, used.at from jsonb_array_elements_text(?::jsonb) key (id)
       cross join lateral (select at from usage_records
         where org_id = ? and virtual_key_id = key.id order by at desc limit 1) used`,
      [JSON.stringify(ids), actor.organizationId],
    ),
  )
  const lastUses = new Map(rows.map(({ id, at }) => [id, new Date(at)]))
  return ids.map((id) => lastUses.get(id) ?? null)
}

builder.objectField(VirtualKeyType, 'lastUsedAt', (t) =>
  t.loadable({
    type: 'DateTime',
    nullable: true,
    permission: 'usage:view',
    description: 'When the last call with it began, served or refused; null: never.',
    load: (ids: string[], context: RequestContext) => loadLastUses(context, ids),
    resolve: ({ id }) => id,
  }),
)

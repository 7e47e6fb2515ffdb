/**
 * What a budget sets aside before a call: the most that it can cost, or what it will hardly exceed. The words of GraphQL,
 * of files and of the database.
 */
export const budgetModes = ['STRICT', 'BALANCED'] as const
export type BudgetMode = (typeof budgetModes)[number]

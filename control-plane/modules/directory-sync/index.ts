export {
  type DirectorySyncRun,
  DirectorySyncRunEntity,
  type DirectorySyncState,
  waitingRun,
} from './entity.ts'
export { filterCondition } from './filter.ts'
export { claimsOf, type FoundPerson, foundColumns, listsOfFound, unknownPeople } from './found-people.ts'

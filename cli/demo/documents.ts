import { graphql } from '../generated/gql.ts'

export const FindDemo = graphql(`
  query FindDemo {
    workspaces(first: 100) { edges { node { id name } } }
    customers(first: 100) { edges { node { id name } } }
    businessUnits(first: 100) { edges { node { id name } } }
    teams(first: 100) { edges { node { id name } } }
    users(first: 100) { edges { node { id name } } }
    providers(first: 100) { edges { node { id name baseUrl } } }
    models(first: 100) { edges { node { id name provider { name } } } }
    virtualKeys(first: 100) { edges { node { id name providerConfigs { provider { id } weight allowedModels providerKeyIds } } } }
  }
`)

export const CreateDemoCustomer = graphql(`
  mutation CreateDemoCustomer($input: CreateCustomerInput!) {
    createCustomer(input: $input) { __typename ... on Customer { id } ... on Refusal { message } }
  }
`)

export const CreateDemoBusinessUnit = graphql(`
  mutation CreateDemoBusinessUnit($input: CreateBusinessUnitInput!) {
    createBusinessUnit(input: $input) { __typename ... on BusinessUnit { id } ... on Refusal { message } }
  }
`)

export const CreateDemoTeam = graphql(`
  mutation CreateDemoTeam($input: CreateTeamInput!) {
    createTeam(input: $input) { __typename ... on Team { id } ... on Refusal { message } }
  }
`)

export const CreateDemoUser = graphql(`
  mutation CreateDemoUser($input: CreateUserInput!) {
    createUser(input: $input) { __typename ... on User { id } ... on Refusal { message } }
  }
`)

export const CreateDemoProvider = graphql(`
  mutation CreateDemoProvider($input: CreateProviderInput!) {
    createProvider(input: $input) { __typename ... on Provider { id } ... on Refusal { message } }
  }
`)

export const MoveDemoProvider = graphql(`
  mutation MoveDemoProvider($input: UpdateProviderInput!) {
    updateProvider(input: $input) { __typename ... on Provider { id } ... on Refusal { message } }
  }
`)

export const AddDemoProviderKey = graphql(`
  mutation AddDemoProviderKey($input: AddProviderKeyInput!) {
    addProviderKey(input: $input) { __typename ... on ProviderKey { id } ... on Refusal { message } }
  }
`)

export const CreateDemoModel = graphql(`
  mutation CreateDemoModel($input: CreateModelInput!) {
    createModel(input: $input) { __typename ... on Model { id } ... on Refusal { message } }
  }
`)

export const IssueDemoKey = graphql(`
  mutation IssueDemoKey($input: IssueVirtualKeyInput!) {
    issueVirtualKey(input: $input) { __typename ... on IssuedVirtualKey { secret virtualKey { id } } ... on Refusal { message } }
  }
`)

export const ReissueDemoKey = graphql(`
  mutation ReissueDemoKey($input: RotateVirtualKeyInput!) {
    rotateVirtualKey(input: $input) { __typename ... on IssuedVirtualKey { secret virtualKey { id } } ... on Refusal { message } }
  }
`)

export const WidenDemoKey = graphql(`
  mutation WidenDemoKey($input: UpdateVirtualKeyInput!) {
    updateVirtualKey(input: $input) { __typename ... on VirtualKey { id } ... on Refusal { message } }
  }
`)

export const SetDemoBudget = graphql(`
  mutation SetDemoBudget($input: SetBudgetInput!) {
    setBudget(input: $input) { __typename ... on Budget { id } ... on Refusal { message } }
  }
`)

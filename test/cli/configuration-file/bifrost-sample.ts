/** A Bifrost `config.json` with what people usually have in one; its provider is the one at this address. */
export function bifrostSample(providerUrl: string) {
  return {
    $schema: 'https://www.getbifrost.ai/schema',
    encryption_key: 'env.BIFROST_ENCRYPTION_KEY',
    client: {
      enforce_auth_on_inference: true,
      allowed_origins: ['https://app.example.com', 'https://internal-dashboard.example.com'],
      allowed_headers: ['Authorization', 'Content-Type', 'X-Bifrost-Virtual-Key', 'X-Request-Id'],
      header_filter_config: {
        allowlist: ['x-bf-eh-anthropic-beta', 'x-bf-eh-x-trace-id'],
        denylist: ['x-bf-eh-cookie', 'x-bf-eh-proxy-authorization', 'x-bf-eh-host'],
      },
      initial_pool_size: 1000,
    },
    providers: {
      openai: {
        keys: [
          {
            name: 'primary',
            value: 'env.SIMULATED_API_KEY',
            models: ['*'],
            weight: 1.0,
            aliases: { 'gpt-4o-mini': 'demo-chat' },
          },
        ],
        network_config: { base_url: providerUrl, allow_private_network: true, max_retries: 3 },
      },
    },
    governance: {
      customers: [{ id: 'customer-acme', name: 'Bifrost Acme', budget_id: 'budget-acme' }],
      teams: [{ id: 'team-ml', name: 'ML', customer_id: 'customer-acme' }],
      budgets: [
        { id: 'budget-acme', max_limit: 2000.0, reset_duration: '1M' },
        { id: 'budget-ml', max_limit: 500.0, reset_duration: '1d', team_id: 'team-ml' },
      ],
      rate_limits: [
        {
          id: 'rl-platform',
          request_max_limit: 5000,
          request_reset_duration: '1h',
          token_max_limit: 5_000_000,
          token_reset_duration: '1h',
        },
      ],
      virtual_keys: [
        {
          id: 'vk-platform',
          name: 'platform-key',
          value: 'env.VK_PLATFORM',
          is_active: true,
          team_id: 'team-ml',
          rate_limit_id: 'rl-platform',
          provider_configs: [{ provider: 'openai', allowed_models: ['*'], allowed_keys: ['*'], weight: 1 }],
        },
        { id: 'vk-alice', name: 'alice', value: 'vk-alice-personal', provider_configs: [] },
      ],
      routing_rules: [{ id: 'r', name: 'all', cel_expression: 'true', targets: [] }],
    },
    config_store: { enabled: true },
  }
}

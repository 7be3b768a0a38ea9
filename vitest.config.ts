import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    typecheck: { enabled: false },
    // For what hangs: a test that starts processes takes many times as long on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default', './test/support/stalled.ts'],
    // A second is short for a process or a thread to start on a busy machine.
    expect: { poll: { timeout: 30_000 } },
  },
})

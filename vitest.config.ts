import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    typecheck: { enabled: false },
    testTimeout: 20_000,
    hookTimeout: 20_000,
    reporters: ['default', './test/support/stalled.ts'],
    // A second is short for a process or a thread to start on a busy machine.
    expect: { poll: { timeout: 10_000 } },
  },
})

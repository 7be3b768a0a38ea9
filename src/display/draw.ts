/** Redraws lines of a terminal. Loaded only when there is one. */

export interface Draw {
  (text: string): void
  /** Removes what is drawn, for example to print a message in its place. */
  clear(): void
  /** Keeps what is drawn and restores the cursor. */
  done(): void
}

export async function drawOn(stream: NodeJS.WriteStream): Promise<Draw> {
  const { createLogUpdate } = await import('log-update')
  return createLogUpdate(stream)
}

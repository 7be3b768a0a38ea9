/**
 * Node's permission model denies fsync and fdatasync, whatever is allowed (seen in 24.21 and 26.10). Everything that was
 * written is with the system all the same, so a sync that is only for more safety may be left out.
 */
export function unlessSyncDenied(error: unknown): undefined {
  if ((error as { readonly code?: unknown } | undefined)?.code !== 'ERR_ACCESS_DENIED') throw error
  return undefined
}

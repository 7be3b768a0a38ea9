/**
 * Node's permission model denies fsync, fdatasync and fchmod, whatever is allowed (seen in 24.21 and 26.10). Everything
 * that was written is with the system all the same, so a sync or a mode that is only for more safety may be left out.
 */
export function unlessDenied(error: unknown): undefined {
  if ((error as { readonly code?: unknown } | undefined)?.code !== 'ERR_ACCESS_DENIED') throw error
  return undefined
}

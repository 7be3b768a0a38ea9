/**
 * Node's permission model denies fsync, fdatasync and fchmod, whatever is allowed (seen in 24.21 and 26.10). The
 * written data has reached the operating system anyway, so a sync or mode that only adds safety may be skipped.
 */
export function unlessDenied(error: unknown): undefined {
  if ((error as { readonly code?: unknown } | undefined)?.code !== 'ERR_ACCESS_DENIED') throw error
  return undefined
}

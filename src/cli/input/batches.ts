/**
 * Flattens batches to single items. An item that is already there is returned without a promise: the engine accepts both,
 * and a promise per item would cost more than the item.
 */
export function flattened<T>(batches: AsyncGenerator<Iterable<T>, void>): AsyncIterator<T, void> {
  let batch: Iterator<T> | undefined
  const next = (): IteratorResult<T, void> | Promise<IteratorResult<T, void>> => {
    const one = batch?.next()
    if (one !== undefined && one.done !== true) return one
    return more()
  }
  const more = async (): Promise<IteratorResult<T, void>> => {
    for (let some = await batches.next(); some.done !== true; some = await batches.next()) {
      batch = some.value[Symbol.iterator]()
      const one = batch.next()
      if (one.done !== true) return one
    }
    batch = undefined
    return { done: true, value: undefined }
  }
  return {
    next: next as AsyncIterator<T, void>['next'],
    async return() {
      await batches.return()
      return { done: true, value: undefined }
    },
  }
}

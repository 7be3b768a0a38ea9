#!/usr/bin/env bash
# cacheable 2.5.0: `wrap()` caches the results of a function under its name and a hash of its arguments. An arrow
# function that is passed directly has no name, so two of them share their entries: the second one gets the result of
# the first for the same argument, and is not called. The README says that the option `key` sets a custom key. wrap()
# does not read that option, and the results are mixed up all the same. `keyPrefix` keeps them apart.
#
# Seen:
#   named functions: "user 1" "order 1"
#   arrow functions: "user 1" "user 1"
#   arrow functions, each with a key: "user 1" "user 1"
#   arrow functions, each with a keyPrefix: "user 1" "order 1"
#   CacheableMemory, each with a key: twice 3 is 6 and the square of 3 is 6
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts cacheable@2.5.0
cat > try.mjs <<'JS'
import { Cacheable, CacheableMemory } from 'cacheable'

async function loadUser(id) {
  return `user ${id}`
}
async function loadOrder(id) {
  return `order ${id}`
}
const ttl = '1h'
const pairs = {
  'named functions': cache => [cache.wrap(loadUser, { ttl }), cache.wrap(loadOrder, { ttl })],
  'arrow functions': cache => [
    cache.wrap(async id => loadUser(id), { ttl }),
    cache.wrap(async id => loadOrder(id), { ttl }),
  ],
  'arrow functions, each with a key': cache => [
    cache.wrap(async id => loadUser(id), { ttl, key: 'user' }),
    cache.wrap(async id => loadOrder(id), { ttl, key: 'order' }),
  ],
  'arrow functions, each with a keyPrefix': cache => [
    cache.wrap(async id => loadUser(id), { ttl, keyPrefix: 'user' }),
    cache.wrap(async id => loadOrder(id), { ttl, keyPrefix: 'order' }),
  ],
}
for (const [name, pair] of Object.entries(pairs)) {
  const [user, order] = pair(new Cacheable())
  console.log(`${name}: ${JSON.stringify(await user(1))} ${JSON.stringify(await order(1))}`)
}
const memory = new CacheableMemory()
const double = memory.wrap(number => number * 2, { ttl, key: 'double' })
const square = memory.wrap(number => number ** 2, { ttl, key: 'square' })
console.log('CacheableMemory, each with a key: twice 3 is', double(3), 'and the square of 3 is', square(3))
JS
node try.mjs | tee out.txt
diff out.txt - <<'OUT'
named functions: "user 1" "order 1"
arrow functions: "user 1" "user 1"
arrow functions, each with a key: "user 1" "user 1"
arrow functions, each with a keyPrefix: "user 1" "order 1"
CacheableMemory, each with a key: twice 3 is 6 and the square of 3 is 6
OUT

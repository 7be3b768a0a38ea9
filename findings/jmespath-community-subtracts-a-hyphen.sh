#!/usr/bin/env bash
# @jmespath-community/jmespath 1.3.0 has arithmetic, so a hyphen in a name without quotes is a minus sign: `total-count`
# is the difference of `total` and `count`, a believable number, and null where one of them is missing. jmespath 0.16.0
# refuses the same expression. The other way round, strings can be compared with < and > in jmespath 0.16.0; here such a
# comparison is null, and a filter made of it selects nothing. Neither says a word.
#
# Seen:
#   community "total-count": 7
#   jmespath  "total-count": 7
#   community total-count: 7
#   jmespath  total-count: refused
#   community items[?day > '2026-02'].day: []
#   jmespath  items[?day > '2026-02'].day: ["2026-03-01"]
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @jmespath-community/jmespath@1.3.0 jmespath@0.16.0
cat > try.mjs <<'JS'
import { search } from '@jmespath-community/jmespath'
import jmespath from 'jmespath'

const answer = { 'total-count': 7, total: 10, count: 3, items: [{ day: '2026-01-01' }, { day: '2026-03-01' }] }
const expressions = ['"total-count"', 'total-count', "items[?day > '2026-02'].day"]
for (const expression of expressions) {
  for (const [name, find] of [['community', search], ['jmespath ', jmespath.search.bind(jmespath)]]) {
    let found
    try {
      found = JSON.stringify(find(answer, expression))
    } catch {
      found = 'refused'
    }
    console.log(`${name} ${expression}: ${found}`)
  }
}
JS
node try.mjs | tee out.txt
diff out.txt - <<'OUT'
community "total-count": 7
jmespath  "total-count": 7
community total-count: 7
jmespath  total-count: refused
community items[?day > '2026-02'].day: []
jmespath  items[?day > '2026-02'].day: ["2026-03-01"]
OUT

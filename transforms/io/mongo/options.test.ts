/** URIs and options: what they mean, what is refused when a pipeline is built, and that nothing secret is kept. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schema, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { addressOf, scrubbed } from './address.ts'
import { mongoFault, mayPass } from './faults.ts'
import { mongo } from './index.ts'
import { type MongoSource, settingsOf } from './options.ts'
import { projectionOf } from './projection.ts'

const Row = schema({ id: t.utf8, at: t.timestamp, n: t.int32, gone: t.bool })

test('a URI is taken apart, and shown without its user and options', () => {
  const a = addressOf('mongodb://me:pa%2Fss@h1:1,h2:2/shop/the/orders?replicaSet=r&tls=true')
  assert.deepEqual(
    [a.database, a.collection, a.shown, a.driverUri],
    [
      'shop',
      'the/orders',
      'mongodb://h1:1,h2:2/shop/the/orders',
      'mongodb://me:pa%2Fss@h1:1,h2:2/shop?replicaSet=r&tls=true',
    ],
  )
  assert.ok(a.given.has('replicaset'))
  assert.equal(scrubbed(a, 'wrong: pa/ss or pa%2Fss'), 'wrong: *** or ***')
  const srv = addressOf('mongodb+srv://cluster.example/shop', 'a b')
  assert.deepEqual([srv.shown, srv.collection], ['mongodb+srv://cluster.example/shop/a b', 'a b'])
})

const REFUSED: readonly (readonly [uri: string, collection: string | undefined, why: RegExp])[] = [
  ['gs://bucket/x', undefined, /no URI of a MongoDB collection/],
  ['mongodb://u:secret@/shop/x', undefined, /no URI of a MongoDB collection/],
  ['mongodb://u:secret/ret@h/shop/x', undefined, /no URI of a MongoDB collection/],
  ['mongodb://u:1/secret@h/shop/x', undefined, /no URI of a MongoDB collection/],
  ['mongodb://h', undefined, /names no database/],
  ['mongodb://h/shop', undefined, /names no collection/],
  ['mongodb://h/shop/x', 'y', /names a collection, and so does/],
  ['mongodb://h/sh%ZZop/x', undefined, /percent-encoded/],
  ['mongodb://h/s$op/x', undefined, /no name of a database/],
  ['mongodb://h/shop/$x', undefined, /no name of a collection/],
  ['mongodb://h/shop/a..b', undefined, /no name of a collection/],
]

test('what is no such URI is refused, without its secrets', () => {
  for (const [uri, collection, why] of REFUSED)
    assert.throws(
      () => addressOf(uri, collection),
      (fault: Fault) =>
        fault.kind === 'pipeline' && why.test(fault.message) && !/secret|ret@/.test(fault.render()),
      uri,
    )
})

const WRONG: readonly (readonly [options: object, why: RegExp])[] = [
  [{ fields: { nn: 'x' } }, /column "nn" does not exist/],
  [{ fields: { n: 'a..b' } }, /no path into a document/],
  [{ fields: { n: '$where' } }, /no path into a document/],
  [{ fields: { n: 'a' }, header: { b: 'n' } }, /given two paths/],
  [{ incremental: { by: 'n' } }, /it is int32, no time/],
  [
    { incremental: { by: 'at', overlap: '10 minutes' } },
    /overlap: expected a span of time.*got "10 minutes"/,
  ],
  [{ incremental: { by: 'at', deleted: 'n' } }, /no bool column/],
  [{ readPreference: 'master' }, /readPreference "master" is not possible/],
  [{ readConcern: 'snapshot' }, /readConcern "snapshot" is not possible/],
  [{ readConcern: 'local', snapshot: true }, /exclude each other/],
  [{ splitBy: '' }, /splitBy: "" is no path/],
  [{ batchBytes: 'much' }, /not a size/],
]

test('options that cannot be are refused when the pipeline is built', () => {
  for (const [options, why] of WRONG)
    assert.throws(
      () => mongo('mongodb://h/shop/x', Row, options as MongoSource<typeof Row.fields>),
      (fault: Fault) => fault.kind === 'pipeline' && why.test(fault.message),
      JSON.stringify(options),
    )
})

test('a fingerprint has what decides the rows, and no secret', () => {
  const of = (uri: string, options: MongoSource<typeof Row.fields> = {}) =>
    mongo(uri, Row, options).fingerprint
  const one = of('mongodb://u:hidden@h/shop/x?authMechanismProperties=AWS_SESSION_TOKEN:hidden')
  assert.equal(one, of('mongodb://other:word@h/shop', { collection: 'x' }))
  assert.doesNotMatch(one, /hidden|AWS/)
  assert.notEqual(one, of('mongodb://h/shop/x', { fields: { n: 'm' } }))
  assert.notEqual(one, of('mongodb://h/shop/y'))
})

test('paths, durations and projections', () => {
  const { paths, overlapMs, splitBy } = settingsOf<typeof Row.fields>(Row, {
    fields: { id: '_id' },
    header: { 'a.b': 'n' },
    incremental: { by: 'at', overlap: '1.5h' },
  })
  assert.deepEqual([paths, overlapMs, splitBy], [['_id', 'at', 'a.b', 'gone'], 5_400_000, 'at'])
  assert.deepEqual(projectionOf(['a.b', 'a.b.c', 'ab', 'lines.0.n', 'lines.1', '_id']), {
    _id: 1,
    'a.b': 1,
    ab: 1,
    lines: 1,
  })
})

test('which answers may pass, and what others mean', () => {
  const error = (name: string, code?: number, message = 'said') =>
    Object.assign(new Error(message), { name, ...(code === undefined ? {} : { code }) })
  for (const code of [6, 43, 89, 91, 189, 237, 10107, 11602, 13435])
    assert.ok(mayPass(error('MongoServerError', code), false), `${code}`)
  for (const code of [13, 18, 26, 239, 2])
    assert.ok(!mayPass(error('MongoServerError', code), true))
  assert.ok(mayPass(error('MongoNetworkTimeoutError'), false))
  assert.deepEqual(
    [true, false].map(started => mayPass(error('MongoServerSelectionError'), started)),
    [true, false],
  )
  const address = addressOf('mongodb://u:hidden@h/shop/x')
  const old = mongoFault(error('MongoServerError', 239, 'gone, hidden'), address, 'read')
  assert.match(
    old.render(),
    /^resource: .*snapshot is no longer kept.*\n.*gone, \*\*\*\n.*minSnapshotHistory/,
  )
  assert.equal(mongoFault(error('MongoServerError', 166), address, 'read').kind, 'pipeline')
  assert.equal(mongoFault(new TypeError('x'), address, 'read').kind, 'engine')
  assert.equal(mongoFault(error('MongoParseError'), address, 'read').kind, 'pipeline')
  assert.ok(mongoFault(old, address, 'read') === old)
  assert.ok(old instanceof Fault)
})
